"""Duplicate protection in Flask, as far as it is not that of every adapter (``contract``)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Any, NoReturn

import pytest
from flask import Blueprint, Flask, Response, copy_current_request_context, g, request, send_file, stream_with_context
from flask.views import MethodView
from werkzeug.exceptions import BadRequest

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.flask import QStash, protect, verify_qstash
from qstash_integrations.once import MemoryStore
from tests.hosts import Request, environ_of, wsgi_send
from tests.once.attempts import DUPLICATE, OPTIONS, attempt
from tests.signing import signed


class Shop:
    """An app with one verified view, in one of the ways there are to verify it."""

    def __init__(
        self, view: Callable[[], Any] = lambda: "shipped", verify: str = "view", once: MemoryStore | None = None
    ) -> None:
        self.app = Flask("shop")
        self.ran = 0
        self.view = view
        options: Any = {**OPTIONS, "once": MemoryStore() if once is None else once}

        def ship() -> Any:
            self.ran += 1
            return self.view()

        hooks = Blueprint("hooks", __name__)
        match verify:
            case "view":
                hooks.add_url_rule("/hooks/ship", view_func=verify_qstash(**options)(ship), methods=["POST"])
            case "extension":
                QStash(self.app, **options)
                hooks.add_url_rule("/hooks/ship", view_func=verify_qstash(ship), methods=["POST"])
            case "both":
                hooks.add_url_rule("/hooks/ship", view_func=verify_qstash(**options)(ship), methods=["POST"])
                protect(hooks, **options)
            case _:
                hooks.add_url_rule("/hooks/ship", view_func=ship, methods=["POST"])
                scope: Any = hooks if verify == "blueprint" else self.app
                protect(scope, **options)
        self.app.register_blueprint(hooks)

    def send(self) -> bytes:
        return wsgi_send(self.app)(attempt()).body

    def send_twice(self) -> int:
        """How often two attempts ran the view."""
        for _ in range(2):
            with suppress(LookupError):
                self.send()
        return self.ran


WAYS = ["view", "extension", "blueprint", "app", "both"]
# The others are made of these.
each_hook = pytest.mark.parametrize("verify", ["view", "blueprint"])


def raising(error: Exception) -> Callable[[], NoReturn]:
    def view() -> NoReturn:
        raise error

    return view


@pytest.mark.parametrize("verify", WAYS)
def test_a_duplicate_is_answered(verify: str) -> None:
    shop = Shop(verify=verify)
    assert [shop.send(), shop.send()] == [b"shipped", DUPLICATE]


OUTCOMES: dict[str, tuple[Callable[[], Any], int]] = {
    "not retryable": (raising(NonRetryable()), 1),
    "later": (raising(RetryAfter(60)), 2),
    "an error": (raising(LookupError("no such order")), 2),
    "500": (lambda: ("broken", 500), 2),
}


@pytest.mark.parametrize(("view", "times"), OUTCOMES.values(), ids=OUTCOMES)
def test_only_2xx_and_489_of_a_protected_blueprint_are_done(view: Callable[[], Any], times: int) -> None:
    assert Shop(view, "blueprint").send_twice() == times


@each_hook
@pytest.mark.parametrize("propagate", [True, False])
def test_an_error_is_not_done_whoever_makes_a_page_of_it(verify: str, propagate: bool) -> None:
    shop = Shop(raising(LookupError("no such order")), verify)
    shop.app.config["PROPAGATE_EXCEPTIONS"] = propagate
    assert shop.send_twice() == 2


@each_hook
def test_a_hook_that_fails_afterwards_is_not_done(verify: str) -> None:
    shop = Shop(verify=verify)

    @shop.app.after_request
    def commit(response: Response) -> Response:
        if response.status_code == 200:
            raise LookupError("could not commit")
        return response

    assert shop.send_twice() == 2


@each_hook
def test_a_copy_of_the_context_in_a_thread_ends_nothing(verify: str) -> None:
    shop = Shop(verify=verify)
    during: list[int] = []

    def view() -> str:
        thread = Thread(target=copy_current_request_context(lambda: None))
        thread.start()
        thread.join()
        if not during:
            during.append(wsgi_send(shop.app)(attempt()).status)
        return "shipped"

    shop.view = view
    assert [shop.send(), shop.send()] == [b"shipped", DUPLICATE]
    assert during == [409]


@each_hook
def test_what_an_app_within_answers_is_not_what_is_sent(verify: str) -> None:
    within = Flask("within")
    within.add_url_rule("/hooks/ship", view_func=lambda: "done in here", methods=["POST"])

    def view() -> tuple[str, int]:
        assert Response.from_app(within, request.environ).status_code == 200
        return "but not out here", 500

    assert Shop(view, verify).send_twice() == 2


def replacing(make: Callable[..., Any], *arguments: Any) -> Callable[[Response], Any]:
    def replace(response: Response) -> Any:
        return make(*arguments)

    return replace


def failing(response: Response) -> NoReturn:
    raise LookupError("could not commit")


REPLACED: dict[str, tuple[Callable[[Response], Any], bytes]] = {
    "another 200": (replacing(Response, "wrapped"), DUPLICATE),
    "a stream": (replacing(lambda: Response(iter(["wrap", "ped"]))), DUPLICATE),
    "another 500": (replacing(Response, "no", 500), b"shipped"),
    "no response of Flask's": (replacing(BadRequest), b"shipped"),
    "a failure, also of the error page": (failing, b"shipped"),
}


@each_hook
@pytest.mark.parametrize(("hook", "answer"), REPLACED.values(), ids=REPLACED)
def test_what_is_sent_counts_at_once_and_in_other_processes(
    verify: str, hook: Callable[[Response], Any], answer: bytes
) -> None:
    # Two that share a store and nothing else.
    store = MemoryStore()
    shop, elsewhere = (Shop(verify=verify, once=store) for _ in range(2))
    shop.app.after_request(hook)
    shop.send()
    assert elsewhere.send() == answer


def test_one_response_object_may_answer_many_requests() -> None:
    answer = Response("shipped")
    shop = Shop(lambda: answer)
    other = Request("/hooks/ship", [("Upstash-Signature", signed(b"hi")), ("Upstash-Message-Id", "msg_2")], b"hi")
    # The first is not sent before the second is made.
    app: Any = shop.app
    first = app(environ_of(attempt()), ignore)
    assert wsgi_send(app)(other).body == b"shipped"
    assert list(first) == [b"shipped"]
    assert [shop.send(), shop.ran] == [DUPLICATE, 2]


def test_a_view_that_is_called_without_a_server_keeps_no_claim() -> None:
    store = MemoryStore()
    shop, elsewhere = (Shop(once=store) for _ in range(2))
    with shop.app.request_context(environ_of(attempt())):
        assert shop.app.view_functions["hooks.ship"]() == "shipped"
    assert elsewhere.send() == b"shipped"


def test_the_status_counts_that_a_hook_has_set() -> None:
    shop = Shop()

    @shop.app.after_request
    def change(response: Response) -> Response:
        response.status_code = 500
        return response

    assert shop.send_twice() == 2


def test_a_hook_may_read_the_response() -> None:
    shop = Shop()

    @shop.app.after_request
    def measure(response: Response) -> Response:
        response.headers["x-size"] = str(len(response.get_data()))
        return response

    answer = wsgi_send(shop.app)(attempt())
    assert (answer.headers["x-size"], answer.headers["content-length"]) == ("7", "7")
    assert shop.send() == DUPLICATE


def ignore(status: str, headers: object, exc_info: object = None) -> None:
    """A server that looks at the body only."""


def test_a_stream_is_done_with_its_last_part_only() -> None:
    def parts() -> Iterator[bytes]:
        yield b"one "
        yield g.qstash_delivery.body

    shop = Shop(lambda: Response(stream_with_context(parts())))
    app: Any = shop.app
    answer = app(environ_of(attempt()), ignore)
    next(iter(answer))
    answer.close()  # the client has left
    assert shop.send() == b"one hi"
    assert shop.send() == DUPLICATE
    assert shop.ran == 2


def test_a_file_is_done() -> None:
    shop = Shop(lambda: send_file(__file__))
    assert shop.send().startswith(b'"""Duplicate protection in Flask')
    assert shop.send() == DUPLICATE


def test_flasks_test_client_sees_the_same() -> None:
    client = Shop().app.test_client()
    headers = dict(attempt().headers)
    assert client.post("/hooks/ship", data=b"hi", headers=headers).data == b"shipped"
    again = {**headers, "Upstash-Signature": signed(b"hi", jti="jwt_TESTONLY2")}
    assert client.post("/hooks/ship", data=b"hi", headers=again).data == DUPLICATE


def test_a_method_view_is_protected() -> None:
    class Ship(MethodView):
        decorators = [verify_qstash(**OPTIONS, once=MemoryStore())]  # noqa: RUF012

        def post(self) -> str:
            return "shipped"

    app = Flask("shop")
    app.add_url_rule("/hooks/ship", view_func=Ship.as_view("ship"))
    send = wsgi_send(app)
    assert [send(attempt()).body, send(attempt()).body] == [b"shipped", DUPLICATE]
