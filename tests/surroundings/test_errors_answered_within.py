"""Around a whole app of Starlette's, which answers every exception itself before it raises it again."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from qstash_integrations import NonRetryable, Receiver, RetryAfter
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.once import MemoryStore
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange, scope_of
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")


def raising(error: Exception) -> Any:
    async def ship(request: Any) -> None:
        raise error

    return ship


def around(error: Exception) -> Any:
    return QStashMiddleware(Starlette(routes=[Route("/hooks/ship", raising(error), methods=["POST"])]), **OPTIONS)


def around_with_a_debug_page(error: Exception) -> Any:
    routes = [Route("/hooks/ship", raising(error), methods=["POST"])]
    return QStashMiddleware(Starlette(debug=True, routes=routes), **OPTIONS, once=MemoryStore())


def around_with_a_handler(error: Exception) -> Any:
    return QStashMiddleware(
        Starlette(
            routes=[Route("/hooks/ship", raising(error), methods=["POST"])],
            exception_handlers={Exception: lambda request, error: PlainTextResponse("oops", 502)},
        ),
        **OPTIONS,
    )


def around_fastapi(error: Exception) -> Any:
    app = FastAPI()

    @app.post("/hooks/ship")
    async def ship() -> None:
        raise error

    return QStashMiddleware(app, **OPTIONS)


def mounted(error: Exception) -> Any:
    sub = Starlette(routes=[Route("/ship", raising(error), methods=["POST"])])
    return Starlette(routes=[Mount("/hooks", QStashMiddleware(sub, **OPTIONS))])


APPS = [around, around_with_a_debug_page, around_with_a_handler, around_fastapi, mounted]
each_app = pytest.mark.parametrize("make", APPS, ids=lambda make: make.__name__)


@each_app
async def test_a_handler_may_steer_qstash(make: Callable[[Exception], Any]) -> None:
    never = await asgi_exchange(make(NonRetryable("no such order")), SIGNED)
    later = await asgi_exchange(make(RetryAfter(60)), SIGNED)
    assert (never.status, never.body) == (489, b'{"error":"no such order"}')
    assert (later.status, later.headers["retry-after"]) == (503, "60")


@each_app
async def test_the_apps_own_answer_to_an_error_is_sent(make: Callable[[Exception], Any]) -> None:
    incoming: list[Any] = [{"type": "http.request", "body": b"hi"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(LookupError):
        await make(LookupError("no such order"))(scope_of(SIGNED), receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == (502 if make is around_with_a_handler else 500)


async def test_an_error_that_the_app_answers_with_is_sent() -> None:
    async def ship(request: Any) -> PlainTextResponse:
        return PlainTextResponse("busy", 503)

    app = QStashMiddleware(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])]), **OPTIONS)
    assert (await asgi_exchange(app, SIGNED)).body == b"busy"
