"""A handler as a verified endpoint of each ASGI framework; it answers on every path."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import anyio
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from fastapi import APIRouter, FastAPI
from fastapi import Request as FastAPIRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import qstash_integrations.django
import qstash_integrations.starlette
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute
from tests.contract.calls import ALONE, METHODS, Around, Call, Handler, Reading, Reply
from tests.contract.wsgi_apps import read_by_django, shown_by_django
from tests.django.project import asgi_app


def middleware(**options: Any) -> Callable[[Any], Any]:
    return lambda app: QStashMiddleware(app, **options)


def bare(
    handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE, verify: Any = middleware
) -> Any:
    """No framework: the app itself reads the body, as far as it wants to."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        shown: dict[str, Any] = {}
        if readings:
            body, more = b"", True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            shown["body"] = body
        reply = handler(Call(scope["state"]["qstash_delivery"], scope["method"], shown))
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for part in reply.parts or (reply.body,):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})

    return around.verified(verify, options, app)


def starlette(
    handler: Handler,
    readings: Sequence[Reading],
    options: Any,
    around: Around = ALONE,
    verify: Any = qstash_integrations.starlette.verify_qstash,
) -> Any:
    async def endpoint(request: Request) -> Response:
        delivery = request.state.qstash_delivery
        return _response(handler(Call(delivery, request.method, await _shown(request, readings))))

    verified: Any = verify(**options)(endpoint)

    async def ahead(request: Request) -> Response:
        match around.ahead:
            case "reads":
                await request.body()
            case "takes":
                [_ async for _ in request.stream()]
        response: Response = await verified(request)
        return Response(status_code=500) if around.ahead == "drops" else response

    app = Starlette(routes=[Route("/{path:path}", ahead if around.ahead else verified, methods=METHODS)])
    return app if around.outer is None else QStashMiddleware(app, **around.outer)


def fastapi(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    router = APIRouter(route_class=VerifiedRoute.using(**options))

    @router.api_route("/{path:path}", methods=[*METHODS])
    async def endpoint(delivery: DeliveryDep, request: FastAPIRequest) -> Response:
        return _response(handler(Call(delivery, request.method, await _shown(request, readings))))

    app = FastAPI()
    app.include_router(router)
    return app if around.outer is None else QStashMiddleware(app, **around.outer)


def _django_view(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    async def view(request: Any) -> Any:
        reply = handler(Call(request.qstash_delivery, request.method, shown_by_django(request, readings)))
        if reply.parts:
            return StreamingHttpResponse(_aiter(reply.parts), status=reply.status, headers=reply.headers)
        return HttpResponse(reply.body, status=reply.status, headers=reply.headers)

    verified = around.verified(qstash_integrations.django.verify_qstash, options, view)

    @csrf_exempt
    async def ahead(request: Any) -> Any:
        read_by_django(request, around)
        return await verified(request)

    return ahead if around.ahead else verified


def django(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    return asgi_app(re_path("", _django_view(handler, readings, options, around)))


def start(app: Any) -> None:
    """As a server does that knows the lifespan protocol."""
    anyio.run(_live, app)


def start_with_publisher(app: Any) -> None:
    qstash_integrations.starlette.QStash(app)
    start(app)


async def _live(app: Any) -> None:
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        """Nobody listens."""

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)


async def _shown(request: Request, readings: Sequence[Reading]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for reading in readings:
        match reading:
            case "body":
                shown[reading] = await request.body()
            case "json":
                shown[reading] = await request.json()
            case "form":
                async with request.form() as form:
                    shown[reading] = {
                        name: value if isinstance(value, str) else (await value.read()).decode()
                        for name, value in form.items()
                    }
    return shown


def _response(reply: Reply) -> Response:
    if reply.parts:
        return StreamingResponse(_aiter(reply.parts), reply.status, reply.headers)
    return Response(reply.body, reply.status, reply.headers)


async def _aiter(parts: Sequence[bytes]) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part
