"""Every framework behind the middleware with a prefix; ``X-App`` says which is meant, and without it all runs are told.

``bare NAME`` is the same app with nothing in front of it.
"""

from contextlib import suppress
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from qstash_integrations.asgi import QStashMiddleware, Receive, Scope, Send
from tests.servers.apps import OPTIONS, start_and_stop

_ran: list[str] = []


def starlette_app() -> Any:
    async def ship(request: Request) -> PlainTextResponse:
        _ran.append(request.scope["path"])
        return PlainTextResponse("shipped")

    async def live(websocket: WebSocket) -> None:
        _ran.append(websocket.scope["path"])
        await websocket.close()

    return Starlette(
        routes=[Mount("/hooks", routes=[Route("/ship", ship, methods=["POST"]), WebSocketRoute("/ship", live)])]
    )


def quart_app() -> Any:
    from quart import Quart

    app = Quart("shop")

    @app.post("/hooks/ship")
    async def ship() -> bytes:  # pyright: ignore[reportUnusedFunction]
        _ran.append("quart")
        return b"shipped"

    @app.websocket("/hooks/ship")
    async def live() -> None:  # pyright: ignore[reportUnusedFunction]
        _ran.append("quart")

    return app


def litestar_app() -> Any:
    from litestar import Litestar, post

    @post("/hooks/ship", status_code=200)
    async def ship() -> None:
        _ran.append("litestar")

    return Litestar([ship], logging_config=None)


def django_app() -> Any:
    from django.http import HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    from tests.django.project import asgi_app

    @csrf_exempt
    def ship(request: Any) -> HttpResponse:
        _ran.append(request.path)
        return HttpResponse("shipped")

    return asgi_app(path("hooks/ship", ship))


APPS = {"starlette": starlette_app, "quart": quart_app, "litestar": litestar_app, "django": django_app}


@cache
def _app(named: str) -> Any:
    name = named.removeprefix("bare ")
    app = APPS[name]()
    return app if named != name else QStashMiddleware(app, prefix="/hooks", **OPTIONS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await start_and_stop(receive, send)
        return
    name = dict(scope["headers"]).get(b"x-app", b"").decode()
    app = _app(name) if name else PlainTextResponse("\n".join(_ran))
    # A websocket, or what is no path at all, can be an error of the framework's own.
    with suppress(Exception):
        await app(scope, receive, send)
