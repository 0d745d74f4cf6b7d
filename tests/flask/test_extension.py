"""The extension: the publisher on the app, its URLs, and what is said about wrong settings, and when."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, current_app, g
from werkzeug.routing import BuildError

from qstash_integrations import ConfigurationError
from qstash_integrations.flask import Publisher, QStash, protect, qstash, verify_qstash
from tests.core.test_settings import everything_in
from tests.flask.apps import RECEIVER
from tests.hosts import Request, wsgi_send
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, ORIGIN, signed

KEYS = {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT}


def new_app(**config: str) -> Flask:
    app = Flask("shop")
    app.config.from_mapping(config)
    return app


def ship() -> str:
    return g.qstash_delivery.body.decode() or "shipped"


def test_the_publisher_itself_stands_on_the_app() -> None:
    app = new_app()
    QStash(app)
    with app.app_context():
        assert isinstance(app.extensions["qstash"], Publisher)
        assert current_app.qstash is app.extensions["qstash"]  # type: ignore[attr-defined]
        assert qstash == app.extensions["qstash"]


def test_one_extension_serves_several_apps() -> None:
    extension, first, second = QStash(), new_app(), new_app()
    extension.init_app(first)
    extension.init_app(second)
    assert first.extensions["qstash"] is not second.extensions["qstash"]


def test_a_second_registration_is_refused() -> None:
    app = new_app()
    QStash(app)
    with pytest.raises(RuntimeError, match="has a publisher already"):
        QStash(app)


def test_a_token_belongs_to_the_client() -> None:
    with pytest.raises(TypeError, match=r"takes the app; the client that takes a token is qstash_integrations\.QStash"):
        QStash("token")  # type: ignore[arg-type]


class Quart:
    """Quart's app is a class of its own, not one of Flask's."""


@pytest.mark.parametrize("use", [QStash, protect], ids=["QStash", "protect"])
def test_F23_quart_is_told_where_to_go(use: Any) -> None:
    with pytest.raises(TypeError, match=r"use qstash_integrations\.asgi\.QStashMiddleware"):
        use(Quart())


def test_an_app_without_the_extension_is_told_so() -> None:
    with new_app().app_context(), pytest.raises(RuntimeError, match=r"QStash\(app\) was not called"):
        qstash.url_for("ship")


def test_views_are_verified_without_the_extension_too() -> None:
    app = new_app(**KEYS, QSTASH_PUBLIC_URL=ORIGIN)
    app.post("/hooks/ship")(verify_qstash(ship))
    assert wsgi_send(app)(Request("/hooks/ship", [("Upstash-Signature", signed(b"", exp=2**40))])).status == 200


def test_an_app_that_only_receives_needs_no_token_until_it_publishes() -> None:
    app = new_app(**KEYS, QSTASH_PUBLIC_URL=ORIGIN)
    QStash(app)
    with app.app_context(), pytest.raises(ConfigurationError, match="QSTASH_TOKEN is not set"):
        qstash.publish_json(url="https://example.com", body={})


def test_every_app_publishes_with_its_own_configuration() -> None:
    first = new_app(QSTASH_TOKEN="qstash_first", QSTASH_URL="https://first.example")
    second = new_app(QSTASH_TOKEN="qstash_second")
    with outbox() as sent:
        for app in (first, second):
            QStash(app)
            app.get("/order", endpoint="order")(order)
            assert wsgi_send(app)(Request("/order", method="GET")).body == b"msg_1"
    assert [(request.url.partition("/v2")[0], dict(request.headers)["Authorization"]) for request in sent] == [
        ("https://first.example", "Bearer qstash_first"),
        ("https://qstash.upstash.io", "Bearer qstash_second"),
    ]


def order() -> str:
    return qstash.publish_json(url="https://api.example.com/hooks/ship", body={"id": 3}).message_id


MISSING = {
    "the current key": (
        {"QSTASH_NEXT_SIGNING_KEY": NEXT, "QSTASH_PUBLIC_URL": ORIGIN},
        "QSTASH_CURRENT_SIGNING_KEY is not set",
    ),
    "the next key": (
        {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_PUBLIC_URL": ORIGIN},
        "QSTASH_NEXT_SIGNING_KEY is not set",
    ),
    "both keys": ({"QSTASH_PUBLIC_URL": ORIGIN}, "QSTASH_CURRENT_SIGNING_KEY is not set"),
    "the public URL": (KEYS, "QSTASH_PUBLIC_URL is not set"),
    "an empty key": (
        {**KEYS, "QSTASH_CURRENT_SIGNING_KEY": "", "QSTASH_PUBLIC_URL": ORIGIN},
        "QSTASH_CURRENT_SIGNING_KEY is empty",
    ),
    "a path that is no URL": ({**KEYS, "QSTASH_PUBLIC_URL": "api.example.com"}, "QSTASH_PUBLIC_URL has no scheme"),
}


@pytest.mark.parametrize(("config", "message"), MISSING.values(), ids=MISSING)
def test_H63_missing_settings_are_reported_by_init_app_when_there_are_any(config: dict[str, str], message: str) -> None:
    app = new_app(**config)
    with pytest.raises(ConfigurationError, match=message):
        QStash(app)
    assert "qstash" not in app.extensions


INIT_APP: dict[str, Callable[[Flask], object]] = {
    "by init_app": QStash,
    "at the first request": lambda app: wsgi_send(app)(Request("/hooks/ship", [("Upstash-Signature", signed(b""))])),
}


@pytest.mark.parametrize("use", INIT_APP.values(), ids=INIT_APP)
@pytest.mark.parametrize(
    "problem", [{"QSTASH_NEXT_SIGNING_KEY": " "}, {"QSTASH_URL": "nowhere"}, {"QSTASH_PUBLIC_URL": ""}]
)
def test_no_frame_of_ours_holds_a_secret_when_settings_are_wrong(
    problem: dict[str, str], use: Callable[[Flask], object]
) -> None:
    app = new_app(**{**KEYS, "QSTASH_TOKEN": "qstash_TESTONLYtoken", "QSTASH_PUBLIC_URL": ORIGIN, **problem})
    app.testing = True
    app.post("/hooks/ship")(verify_qstash(ship))
    with pytest.raises(ConfigurationError) as caught:
        use(app)
    shown = " ".join(everything_in(caught.value))
    assert [secret for secret in (CURRENT, NEXT, "TESTONLY") if secret in shown] == []


@pytest.mark.parametrize("way", ["view", "blueprint"])
def test_missing_settings_are_reported_by_init_app_when_a_verified_view_is_known(way: str) -> None:
    app = new_app()
    if way == "view":
        app.post("/hooks/ship")(verify_qstash(ship))
    else:
        hooks = protect(Blueprint("hooks", "shop"))
        hooks.post("/hooks/ship")(ship)
        app.register_blueprint(hooks)
    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"):
        QStash(app)


def test_missing_settings_are_reported_at_the_first_request_otherwise() -> None:
    app = new_app()
    app.testing = True
    QStash(app)
    app.post("/hooks/ship")(verify_qstash(ship))
    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"):
        wsgi_send(app)(Request("/hooks/ship", [("Upstash-Signature", signed(b""))]))


def test_a_known_view_with_options_of_its_own_needs_no_settings() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(receiver=RECEIVER, public_url=ORIGIN)(ship))
    QStash(app)
    assert wsgi_send(app)(Request("/hooks/ship", [("Upstash-Signature", signed(b""))])).body == b"shipped"


def test_trusted_hosts_stand_in_for_the_public_url() -> None:
    app = new_app(TRUSTED_HOSTS=["api.example.com"])  # type: ignore[arg-type]
    QStash(app, receiver=RECEIVER)
    app.post("/hooks/ship")(verify_qstash(ship))
    send = wsgi_send(app)
    assert send(Request("/hooks/ship", [("Upstash-Signature", signed(b""))])).status == 200
    evil = signed(b"", "https://evil.example/hooks/ship")
    assert send(Request("/hooks/ship", [("Upstash-Signature", evil)])).status == 401


def test_the_config_of_the_app_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://environment.example")
    app = new_app(**KEYS, QSTASH_PUBLIC_URL=ORIGIN)
    QStash(app)
    app.post("/hooks/ship", endpoint="ship")(ship)
    with app.app_context():
        assert qstash.url_for("ship") == ORIGIN + "/hooks/ship"


URLS = {
    "an origin": (ORIGIN, "/", "https://api.example.com/orders/a%20b?x=1"),
    "the first of several": (f"{ORIGIN},https://b.example", "/", "https://api.example.com/orders/a%20b?x=1"),
    "a mounted app": (ORIGIN, "/shop", "https://api.example.com/shop/orders/a%20b?x=1"),
    "a prefix": (f"{ORIGIN}/public", "/", "https://api.example.com/public/orders/a%20b?x=1"),
    "a prefix and a mounted app": (f"{ORIGIN}/public", "/shop", "https://api.example.com/public/orders/a%20b?x=1"),
}


@pytest.mark.parametrize(("public_url", "root", "expected"), URLS.values(), ids=URLS)
def test_url_for_stands_on_the_public_url(public_url: str, root: str, expected: str) -> None:
    app = new_app(QSTASH_PUBLIC_URL=public_url, APPLICATION_ROOT=root, **KEYS)
    QStash(app)

    @app.post("/orders/<name>")
    def order(name: str) -> str:
        return qstash.url_for("order", name=name, x=1)

    with app.app_context():
        assert qstash.url_for("order", name="a b", x=1) == expected
    mount = "" if root == "/" else root
    host = [("Host", "evil.example")]
    assert wsgi_send(app)(Request(f"{mount}/orders/a%20b", host, root_path=mount)).body.decode() == expected


def test_url_for_knows_relative_endpoints_and_url_defaults() -> None:
    app = new_app(QSTASH_PUBLIC_URL=ORIGIN, **KEYS)
    QStash(app)
    hooks = Blueprint("hooks", "shop", url_prefix="/<lang>")

    @hooks.url_defaults
    def in_german(endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", "de")

    @hooks.get("/ship")
    def ship(lang: str) -> str:
        return qstash.url_for(".ship")

    app.register_blueprint(hooks)
    assert wsgi_send(app)(Request("/en/ship", method="GET")).body == b"https://api.example.com/de/ship"


def test_url_for_names_what_is_missing() -> None:
    app = new_app()
    QStash(app)
    app.post("/hooks/ship", endpoint="ship")(ship)
    with app.app_context():
        with pytest.raises(ConfigurationError, match="QSTASH_PUBLIC_URL is not set"):
            qstash.url_for("ship")
        with pytest.raises(BuildError):
            qstash.url_for("nothing")


def test_url_for_stands_on_the_one_public_host_that_is_trusted() -> None:
    app = new_app(TRUSTED_HOSTS=["api.example.com", "localhost"])  # type: ignore[arg-type]
    QStash(app)
    app.post("/hooks/ship", endpoint="ship")(ship)
    with app.app_context():
        assert qstash.url_for("ship") == "https://api.example.com/hooks/ship"
        app.config["TRUSTED_HOSTS"] = ["api.example.com", "www.example.com"]
        with pytest.raises(ConfigurationError, match=r"not set, and TRUSTED_HOSTS .* does not tell one public host"):
            qstash.url_for("ship")
