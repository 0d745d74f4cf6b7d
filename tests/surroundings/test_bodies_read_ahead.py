"""Somebody ahead on the same request has read the body: what was kept is verified, what is gone is refused at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from io import BytesIO
from typing import Any

import pytest
import trio
from django.http import HttpResponse
from django.urls import path
from fastapi import APIRouter, FastAPI
from flask import Flask, request
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from trio.testing import MockClock

from qstash_integrations import Receiver
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.django import verify_qstash as verify_django
from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute
from qstash_integrations.flask import verify_qstash as verify_flask
from qstash_integrations.starlette import verify_qstash
from tests.django.project import wsgi_app
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange, scope_of, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
BODY = b'{"order": 3}'
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(BODY)), ("Content-Type", "application/json")], BODY)
FORM = Sent(
    "/hooks/ship",
    [("Upstash-Signature", signed(b"id=3")), ("Content-Type", "application/x-www-form-urlencoded")],
    b"id=3",
)
Run = Callable[[Any, Any, Any], Awaitable[None]]


async def ship(request: Request) -> Response:
    return PlainTextResponse(await request.body())


def around_an_app() -> Any:
    return QStashMiddleware(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])]), **OPTIONS)


def starlette_function() -> Any:
    return Starlette(routes=[Route("/hooks/ship", verify_qstash(**OPTIONS)(ship), methods=["POST"])])


def starlette_class() -> Any:
    @verify_qstash(**OPTIONS)
    class Ship(HTTPEndpoint):
        async def post(self, request: Request) -> Response:
            return await ship(request)

    return Starlette(routes=[Route("/hooks/ship", Ship)])


def fastapi_route() -> Any:
    app, hooks = FastAPI(), APIRouter(route_class=VerifiedRoute.using(**OPTIONS))

    @hooks.post("/hooks/ship")
    async def shipped(delivery: DeliveryDep) -> Response:
        return PlainTextResponse(delivery.body)

    app.include_router(hooks)
    return app


async def read(request: Request, call_next: Any) -> Any:
    await request.body()
    return await call_next(request)


async def stream(request: Request, call_next: Any) -> Any:
    [part async for part in request.stream()]
    return await call_next(request)


def replays(app: Run) -> Run:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()

        async def again() -> Any:
            return message

        await app(scope, again, send)

    return middleware


def consumes(app: Run) -> Run:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        await app(scope, receive, send)

    return middleware


ADAPTERS = [around_an_app, starlette_function, starlette_class, fastapi_route]
AHEAD: dict[str, tuple[Callable[[Run], Any], bool, int]] = {
    "Starlette's middleware reads and replays": (lambda app: BaseHTTPMiddleware(app, read), True, 0),
    "Starlette's middleware streams": (lambda app: BaseHTTPMiddleware(app, stream), False, 0),
    "ASGI middleware replays": (replays, True, 0),
    # A sender that stalls looks the same, for as long as it takes to tell.
    "ASGI middleware consumes": (consumes, False, 2),
}


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
@pytest.mark.parametrize(("ahead", "is_kept", "seconds"), AHEAD.values(), ids=AHEAD)
def test_middleware_has_read_the_body(
    adapter: Callable[[], Run],
    ahead: Callable[[Run], Run],
    is_kept: bool,
    seconds: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = MockClock(autojump_threshold=0)
    begun = clock.current_time()
    answer = trio.run(asgi_exchange, ahead(adapter()), SIGNED, clock=clock)
    assert (answer.status, answer.body) == ((200, BODY) if is_kept else (401, b'{"error":"invalid signature"}'))
    assert ("reason=body_taken" in caplog.text) is not is_kept
    assert round(clock.current_time() - begun, 3) == seconds


def test_a_sender_that_takes_its_time_is_waited_for_after_the_first_part() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for byte in BODY:
            await trio.sleep(1.5)
            yield bytes([byte])

    async def exchange() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            async for part in parts:
                return {"type": "http.request", "body": part, "more_body": True}
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await PlainTextResponse(scope["state"]["qstash_delivery"].body)(scope, receive, send)

        async with aclosing(slowly()) as parts:
            await QStashMiddleware(app, **OPTIONS)(scope_of(SIGNED), receive, send)
        return sent

    assert trio.run(exchange, clock=MockClock(autojump_threshold=0))[0]["status"] == 200


async def _json(request: Request) -> None:
    await request.json()


async def _form(request: Request) -> None:
    await request.form()


async def _stream(request: Request) -> None:
    [part async for part in request.stream()]


async def _part(request: Request) -> None:
    async with aclosing(request.stream()) as parts:
        await anext(parts)


async def _part_then_body(request: Request) -> None:
    await _part(request)
    await request.body()


DECORATORS: dict[str, tuple[Callable[[Request], Awaitable[None]], Sent, int]] = {
    "body": (Request.body, SIGNED, 200),
    "json": (_json, SIGNED, 200),
    "form": (_form, FORM, 401),
    "form of JSON": (_form, SIGNED, 200),
    "stream": (_stream, SIGNED, 401),
    "a part of the stream": (_part, SIGNED._replace(body=[BODY[:5], BODY[5:]]), 401),
    "a part, then body": (_part_then_body, SIGNED._replace(body=[BODY[:5], BODY[5:]]), 401),
}


@pytest.mark.parametrize(("reads", "sent", "status"), DECORATORS.values(), ids=DECORATORS)
def test_a_decorator_has_read_the_body(
    reads: Callable[[Request], Awaitable[None]], sent: Sent, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    verified = verify_qstash(**OPTIONS)(ship)

    async def logged(request: Request) -> Response:
        await reads(request)
        return await verified(request)

    app = Starlette(routes=[Route("/hooks/ship", logged, methods=["POST"])])
    clock = MockClock(autojump_threshold=0)
    assert trio.run(asgi_exchange, app, sent, clock=clock).status == status
    assert ("reason=body_taken" in caplog.text) is (status == 401)


HOOKS: dict[str, tuple[Callable[[], Any], bool]] = {
    "get_data": (lambda: request.get_data(), True),
    "get_data(as_text=True)": (lambda: request.get_data(as_text=True), True),
    "json": (lambda: request.json, True),
    "get_json(cache=False)": (lambda: request.get_json(cache=False), False),
    "data": (lambda: request.data, True),
    "stream": (lambda: request.stream.read(), False),
    "wsgi.input": (lambda: request.environ["wsgi.input"].read(), False),
}


@pytest.mark.parametrize(("reads", "is_kept"), HOOKS.values(), ids=HOOKS)
def test_a_hook_of_flask_has_read_the_body(
    reads: Callable[[], Any], is_kept: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = flask_app()
    app.before_request(lambda: reads() and None)
    answer = wsgi_send(app)(SIGNED)
    assert (answer.status, answer.body) == ((200, BODY) if is_kept else (401, b'{"error":"invalid signature"}'))
    assert ("reason=body_taken" in caplog.text) is not is_kept


def flask_app() -> Any:
    app = Flask("shop")
    app.post("/hooks/ship")(verify_flask(**OPTIONS)(lambda: request.get_data()))
    return app


def django_app() -> Any:
    return wsgi_app(path("hooks/ship", verify_django(**OPTIONS)(lambda request: HttpResponse(request.body))))


@pytest.mark.parametrize("adapter", [flask_app, django_app], ids=lambda adapter: adapter.__name__)
@pytest.mark.parametrize("is_kept", [True, False], ids=["and put it back", "and kept it"])
def test_wsgi_middleware_has_read_the_body(
    adapter: Callable[[], Any], is_kept: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = adapter()

    def middleware(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        if is_kept:
            environ["wsgi.input"] = BytesIO(body)
        return app(environ, start_response)

    answer = wsgi_send(middleware)(SIGNED)
    assert (answer.status, answer.body) == ((200, BODY) if is_kept else (401, b'{"error":"invalid signature"}'))
    assert ("reason=body_taken" in caplog.text) is not is_kept
