"""What ``verify_qstash`` and ``protect`` do to Flask's views and blueprints."""

import functools
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, g, request, stream_with_context
from flask.views import MethodView

from qstash_integrations import ConfigurationError
from qstash_integrations.flask import QStash, protect, verify_qstash
from tests.flask.apps import RECEIVER, REJECTED, URL, Shop, new_app, send, ship, ship_async
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, ORIGIN, signed


@pytest.mark.parametrize("view", [ship, ship_async], ids=["sync", "async"])
@pytest.mark.parametrize(
    "decorator", [verify_qstash, verify_qstash(), verify_qstash(max_body_size=9)], ids=["bare", "called", "options"]
)
def test_F01_F02_views_of_both_kinds_are_verified(view: Callable[[], Any], decorator: Callable[[Any], Any]) -> None:
    app = new_app()
    app.post("/hooks/ship")(decorator(view))
    answer = send(app)
    assert (answer.status, answer.body) == (200, URL.encode())
    assert send(app, token="") == REJECTED


def test_H02_the_next_key_passes_and_a_strangers_does_not() -> None:
    shop = Shop()
    assert shop.send(token=signed(b"hi", key=NEXT)).status == 200
    assert shop.send(token=signed(b"hi", key=ATTACKER)) == REJECTED
    assert [delivery.claims.key for delivery in shop.ran] == ["next"]


def test_H22_head_is_verified_and_answered_without_a_body() -> None:
    shop = Shop()
    assert shop.send(b"", method="HEAD").status == 200
    assert shop.send(b"", token="", method="HEAD") == REJECTED._replace(body=b"")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_H20_H24_every_method_is_verified(method: str) -> None:
    shop = Shop()
    assert shop.send(b"", method=method).status == 200
    assert shop.send(b"", method=method, token="") == REJECTED
    assert len(shop.ran) == 1


def logged(view: Any) -> Any:
    return functools.wraps(view)(lambda: view())


def above(app: Any) -> None:
    @verify_qstash
    @app.post("/hooks/ship")
    def ship() -> str:
        return "open"


def above_with_options(app: Any) -> None:
    @verify_qstash(max_body_size=1)
    @app.post("/hooks/ship")
    async def ship() -> str:
        return "open"


def above_another_decorator(app: Any) -> None:
    @verify_qstash
    @logged
    @app.post("/hooks/ship")
    @logged
    def ship() -> str:
        return "open"


def between_two_routes(app: Any) -> None:
    @app.post("/verified", endpoint="verified")
    @verify_qstash
    @app.post("/hooks/ship")
    def ship() -> str:
        return "open"


def in_a_decorator_of_the_apps_own(app: Any) -> None:
    def hook(view: Any) -> Any:
        return verify_qstash(max_body_size=1)(view)

    @hook
    @app.post("/hooks/ship")
    def ship() -> str:
        return "open"


MISTAKES = [above, above_with_options, above_another_decorator, between_two_routes, in_a_decorator_of_the_apps_own]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
@pytest.mark.parametrize("on_blueprint", [False, True], ids=["app", "blueprint"])
def test_F03_a_decorator_above_the_route_is_found_at_the_first_request(mistake: Any, on_blueprint: bool) -> None:
    app = new_app()
    app.testing = True
    app.get("/other")(lambda: "other")
    if on_blueprint:
        mistake(hooks := Blueprint("hooks", "shop"))
        app.register_blueprint(hooks)
    else:
        mistake(app)
    for target in ("/hooks/ship", "/other", "/hooks/ship"):
        with pytest.raises(RuntimeError, match=r"ship would be open to everybody: .* stands below @app\.route$"):
            send(app, target, token="")
    app.testing = False
    assert send(app, token="").status == 500


def test_F03_and_where_the_extension_comes_after_it() -> None:
    app = Flask("shop")
    above(app)
    with pytest.raises(RuntimeError, match="would be open to everybody"):
        QStash(app, receiver=RECEIVER, public_url=ORIGIN)


def test_F03_a_view_that_is_verified_by_a_call_may_be_open_elsewhere() -> None:
    def plain() -> str:
        return "open"

    app = new_app()
    app.post("/open", endpoint="open")(plain)
    app.post("/hooks/ship")(verify_qstash(plain))
    assert send(app, "/open", token="").body == b"open"
    assert send(app, token="") == REJECTED


def test_F03_a_protected_blueprint_protects_whatever_it_has() -> None:
    app = new_app()
    hooks = protect(Blueprint("hooks", "shop", url_prefix="/hooks"))
    hooks.post("/ship")(ship)
    app.register_blueprint(hooks)
    assert send(app, token="") == REJECTED
    assert send(app).body == URL.encode()


class Ship(MethodView):
    decorators = [verify_qstash]  # noqa: RUF012

    def get(self) -> str:
        return "got"

    async def post(self) -> str:
        return "posted"


def test_F04_a_method_view_is_protected_whole() -> None:
    app = new_app()
    app.add_url_rule("/hooks/ship", view_func=Ship.as_view("ship"))
    assert [send(app, method=method).body for method in ("GET", "POST")] == [b"got", b"posted"]
    assert [send(app, method=method, token="") for method in ("GET", "POST")] == [REJECTED, REJECTED]


def test_H23_automatic_options_stay_open_in_a_view_and_closed_in_a_protected_blueprint() -> None:
    app = new_app()
    app.post("/open")(verify_qstash(ship))
    hooks = protect(Blueprint("hooks", "shop"))
    hooks.post("/closed")(ship)
    app.register_blueprint(hooks)
    assert send(app, "/open", token="", method="OPTIONS").status == 200
    assert send(app, "/closed", token="", method="OPTIONS") == REJECTED


def test_F17_routes_that_are_not_there_are_flasks_own_answer_unless_the_app_is_protected() -> None:
    half, whole = new_app(), protect(new_app())
    for app in (half, whole):
        app.post("/hooks/ship")(verify_qstash(ship))
    assert send(half, "/nowhere", token="").status == 404
    assert send(half, token="", method="GET").status == 405
    assert send(whole, "/nowhere", token="") == REJECTED
    assert send(whole, token="", method="GET") == REJECTED
    assert send(whole, "/nowhere").status == 404


def test_F20_blueprints_inside_a_protected_one_and_app_contexts_outside_are_fine() -> None:
    app = new_app()
    outer = protect(Blueprint("outer", "shop", url_prefix="/hooks"))
    inner = Blueprint("inner", "shop")
    inner.post("/ship")(verify_qstash(ship))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    with app.app_context():
        assert send(app).body == URL.encode()
        assert send(app, token="") == REJECTED
        assert "qstash_delivery" not in g


def test_F18_an_error_handler_for_401_leaves_the_answer_alone() -> None:
    shop = Shop()
    shop.app.register_error_handler(401, lambda error: ("restyled", 200))
    assert shop.send(token="") == REJECTED


@pytest.mark.parametrize("name", ["TESTING", "PROPAGATE_EXCEPTIONS"])
def test_F19_a_rejection_is_an_answer_and_no_exception(name: str) -> None:
    shop = Shop()
    shop.app.config[name] = True
    assert shop.send(token="") == REJECTED


def test_F21_a_streaming_answer_arrives_whole() -> None:
    def view() -> Response:
        def parts() -> Iterator[str]:
            yield from (f"{number}{request.path}" for number in range(5))

        return Response(stream_with_context(parts()))

    assert Shop(view).send().body == b"0/hooks/ship1/hooks/ship2/hooks/ship3/hooks/ship4/hooks/ship"


def test_F22_H70_threads_see_their_own_delivery_only() -> None:
    shop = Shop(lambda: g.qstash_delivery.body)

    def answer(number: int) -> bytes:
        body = b"%d" % number
        return shop.send(body, token="forged" if number % 2 else None).body

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(answer, range(200)))
    assert answers == [b'{"error":"invalid signature"}' if n % 2 else b"%d" % n for n in range(200)]


def test_the_record_of_a_rejection_names_the_reason_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    token = signed(b"secret body", "https://other.example/hooks/ship")
    with caplog.at_level(logging.DEBUG):
        assert Shop().send(b"secret body", token=token) == REJECTED
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "reason=url_mismatch" in caplog.text
    assert not any(secret in caplog.text for secret in (token, CURRENT, NEXT, "secret body"))


@pytest.mark.parametrize("decorate", [verify_qstash, protect], ids=["verify_qstash", "protect"])
def test_a_wrong_option_is_reported_where_it_is_written(decorate: Any) -> None:
    with pytest.raises(TypeError, match="unknown option 'max_body'; did you mean 'max_body_size'"):
        verify_qstash(max_body=1)  # type: ignore[call-overload]
    with pytest.raises(ConfigurationError, match="max_body_size must be a number of bytes"):
        verify_qstash(max_body_size=-1)
    with pytest.raises(TypeError):
        decorate(Ship)


def test_a_views_own_options_come_before_those_of_the_app() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(public_url="https://other.example")(ship))
    assert send(app) == REJECTED
    assert send(app, token=signed(b"", "https://other.example/hooks/ship", exp=NOW + 9)).status == 200
