"""Every ASGI framework behind every kind of server and root path, asked for its hook in spellings that none wrote down.

The handler never runs for an unsigned request, however it is spelled. That the spellings do reach it is shown on the
same app without the middleware.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any
from urllib.parse import unquote

import anyio.lowlevel
import pytest
from anyio.from_thread import start_blocking_portal
from django.http import HttpResponse
from django.test import override_settings as django_settings
from django.urls import path as django_path
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Host, Mount, Route, WebSocketRoute

from qstash_integrations.asgi import QStashMiddleware
from tests.asgi.test_other_frameworks import (
    OPTIONS,
    lifespan,
    litestar_app,
    quart_app,
    sanic_app,
)
from tests.django.project import asgi_app
from tests.hosts import Request, scope_of

pytestmark = pytest.mark.system

# What the handlers that ran leave behind; nobody looks at what.
Ran = list[Any]


def starlette_ship(ran: Ran) -> Callable[[Any], Any]:
    async def ship(request: Any) -> Response:
        ran.append(request.scope["path"])
        return Response("shipped")

    return ship


def starlette_routes(ran: Ran) -> list[Any]:
    async def live(websocket: Any) -> None:
        ran.append(websocket.scope["path"])
        await websocket.close()

    return [Route("/ship", starlette_ship(ran), methods=["POST"]), WebSocketRoute("/ship", live)]


def starlette_app(ran: Ran) -> Any:
    return Starlette(routes=[Mount("/hooks", routes=starlette_routes(ran))])


def hosted_app(ran: Ran) -> Any:
    return Starlette(routes=[Host("api.example.com", app=Mount("/api", app=starlette_app(ran)))])


def fastapi_app(ran: Ran) -> Any:
    app = FastAPI()
    app.mount("/hooks", Starlette(routes=starlette_routes(ran)))
    app.mount("/", starlette_app(ran))
    return app


def fastapi_with_a_root_path(ran: Ran) -> Any:
    app = FastAPI()
    app.root_path = "/m"
    app.router.routes.extend(starlette_app(ran).routes)
    return app


def quart_with_a_websocket(ran: Ran) -> Any:
    app = quart_app(ran)

    @app.websocket("/hooks/ship")
    async def live() -> None:  # pyright: ignore[reportUnusedFunction]
        ran.append("live")

    return app


def mounting_litestar(ran: Ran) -> Any:
    from litestar import Litestar, asgi

    mounted = Starlette(routes=[Route("/ship/", starlette_ship(ran), methods=["POST"])])

    async def hooks(scope: Any, receive: Any, send: Any) -> None:
        await mounted(scope, receive, send)

    return Litestar([asgi("/hooks", is_mount=True, copy_scope=True)(hooks)], logging_config=None)


def django_app(ran: Ran) -> Any:
    @csrf_exempt
    def ship(request: Any) -> HttpResponse:
        ran.append(request.path)
        return HttpResponse("shipped")

    return asgi_app(django_path("hooks/ship", ship), re_path(r"(?i)^hooks/ship/?$", ship))


APPS: dict[str, Callable[[Ran], Any]] = {
    "starlette": starlette_app,
    "starlette, a host and a mount": hosted_app,
    "fastapi, mounts": fastapi_app,
    "fastapi, a root path": fastapi_with_a_root_path,
    "quart": quart_with_a_websocket,
    "litestar": litestar_app,
    "litestar, a mount": mounting_litestar,
    "sanic": sanic_app,
    "django": django_app,
    "django, a forced script name": django_app,
}

FRONTS = [
    "/",
    "",
    "//",
    "/./",
    "/x/../",
    "/%2e%2e/",
    "\\",
    "http://h/",
    "//h/",
    "/m",
    "/m/",
    "/x/m",
    "/x/m/",
    "m/",
    "/api/",
]
HOOKS = [
    "hooks",
    "HOOKS",
    "%68ooks",
    "%2568ooks",
    "hook%C5%BF",
    "hooks%0A",
    " hooks",
    "ks",
    "oks",
    "m/hooks",
    "hooks/m",
]
BETWEEN = ["/", "//", "%2F", "%252F", "/./", "/x/../", "\\", "%0A/"]
ENDS = [
    "ship",
    "ship/",
    "SHIP",
    "sh%69p",
    "ship%0A",
    "ship#",
    "ship#/open",
    "ship%23",
    "ship%3Fx",
    "ship;x",
    "ship ",
    "s/../ship",
]
SPELLED = st.tuples(*map(st.sampled_from, (FRONTS, HOOKS, BETWEEN, ENDS))).map("".join)
BARE = st.tuples(st.sampled_from(FRONTS), st.sampled_from(ENDS)).map("".join)
PIECES = st.lists(st.sampled_from([*FRONTS, *HOOKS, *BETWEEN, *ENDS, "..", "%", "%00", "?"]), max_size=7).map("".join)
TARGETS = st.one_of(SPELLED, BARE, PIECES)
# The last ones as a client says them to daphne.
ROOT_PATHS = [
    "",
    "/m",
    "/m/",
    "/hooks",
    "/hooks/",
    "/HOOKS",
    "/hoo",
    "/api",
    "/x/m",
    "m",
    "/",
    "/x",
    "/hooks/ship#",
    "h",
]


def scope_behind(target: str, root_path: str, joined: bool, kind: str) -> dict[str, Any]:
    """As uvicorn tells it, with the root path in front of the path, or as the others do."""
    sent = (root_path if joined else "") + target.partition("?")[0]
    scope = scope_of(Request("/", root_path=root_path))
    scope.update(type=kind, path=unquote(sent), raw_path=sent.encode(), subprotocols=[])
    if kind == "websocket":
        scope["scheme"] = "ws"
        del scope["method"]
    return scope


async def call(app: Any, scope: dict[str, Any]) -> None:
    kind = scope["type"]
    incoming = [{"type": "websocket.connect"}] if kind == "websocket" else [{"type": "http.request", "body": b"hi"}]

    async def receive() -> Any:
        await anyio.lowlevel.checkpoint()
        return incoming.pop(0) if incoming else {"type": f"{kind}.disconnect", "code": 1001}

    async def send(message: Any) -> None:
        await anyio.lowlevel.checkpoint()

    # What is no path at all for a framework is an error of its own.
    with suppress(Exception):
        await app(scope, receive, send)


@contextmanager
def calls_to(name: str, app: Any) -> Generator[Callable[[dict[str, Any]], None]]:
    """Call the app in one event loop for all; Sanic answers nothing before it was started."""
    forced = django_settings(FORCE_SCRIPT_NAME="/m") if name.endswith("script name") else nullcontext()
    with forced, start_blocking_portal() as portal:
        started = portal.wrap_async_context_manager(lifespan(app)) if name == "sanic" else nullcontext()
        with started:
            yield lambda scope: portal.call(call, app, scope)


@pytest.mark.parametrize("prefix", ["/hooks", "/hooks/ship"])
@pytest.mark.parametrize("name", APPS)
def test_S01_S02_no_unsigned_request_runs_what_is_below_the_prefix(name: str, prefix: str) -> None:
    ran: Ran = []
    app = QStashMiddleware(APPS[name](ran), prefix=prefix, **OPTIONS)

    with calls_to(name, app) as call_app:

        @settings(max_examples=150, derandomize=True, database=None)
        @given(TARGETS, st.sampled_from(ROOT_PATHS), st.booleans(), st.sampled_from(["http", "http", "websocket"]))
        def asked(target: str, root_path: str, joined: bool, kind: str) -> None:
            call_app(scope_behind(target, root_path, joined, kind))
            assert ran == []

        asked()


def _reach(name: str, scopes: Sequence[dict[str, Any]], count: int) -> bool:
    """Whether that many of the scopes run the handler."""
    ran: Ran = []
    with calls_to(name, APPS[name](ran)) as call_app:
        for scope in scopes:
            call_app(scope)
            if len(ran) >= count:
                return True
    return False


@pytest.mark.parametrize("name", APPS)
def test_the_spellings_reach_the_handler_where_nothing_is_in_front_of_it(name: str) -> None:
    scopes = [
        scope_behind(front + "hooks/" + end, root_path, joined, "http")
        for front in FRONTS
        for end in ENDS
        for root_path in ("", "/m", "/hooks")
        for joined in (False, True)
    ]
    assert _reach(name, scopes, count=5)
