"""With a publisher on the app, what a verified endpoint lacks shows when the app starts."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from qstash_integrations.fastapi import VerifiedRoute
from qstash_integrations.starlette import QStash, QStashMiddleware, verify_qstash
from tests.signing import CURRENT, NEXT, ORIGIN

KEYS = {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT}
pytestmark = pytest.mark.anyio


@verify_qstash
async def ship(request: Request) -> Response:
    return Response()


@verify_qstash
class Ship(HTTPEndpoint):
    pass


def included() -> FastAPI:
    router = APIRouter(route_class=VerifiedRoute)
    router.post("/ship")(lambda: "shipped")
    app = FastAPI()
    app.include_router(router, prefix="/hooks")
    return app


APPS: dict[str, Callable[[], Any]] = {
    "a function": lambda: Starlette(routes=[Route("/ship", ship)]),
    "a class": lambda: Starlette(routes=[Route("/ship", Ship)]),
    "a mounted router": lambda: Starlette(routes=[Mount("/hooks", routes=[Route("/ship", ship)])]),
    "a mounted middleware": lambda: Starlette(
        routes=[Mount("/hooks", routes=[Route("/ship", ship)], middleware=[Middleware(QStashMiddleware)])]
    ),
    "an included router of FastAPI": included,
}


async def start(app: Any) -> list[Any]:
    """What the app answers to start-up, and to shutdown after it."""
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    except ValueError:
        assert sent  # the server was told first
    return sent


@pytest.mark.parametrize("new_app", APPS.values(), ids=APPS)
async def test_the_app_does_not_start_without_the_settings(
    new_app: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app()
    QStash(app)
    failed = await start(app)
    assert [message["type"] for message in failed] == ["lifespan.startup.failed"]
    assert "QSTASH_CURRENT_SIGNING_KEY is not set" in failed[0]["message"]
    assert CURRENT not in failed[0]["message"]


@pytest.mark.parametrize("new_app", APPS.values(), ids=APPS)
async def test_the_app_starts_with_them(new_app: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "QSTASH_PUBLIC_URL": ORIGIN}.items():
        monkeypatch.setenv(name, value)
    app = new_app()
    QStash(app)
    assert [message["type"] for message in await start(app)] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_an_app_that_only_publishes_needs_no_keys() -> None:
    app = Starlette(routes=[Route("/orders", lambda request: Response())])
    QStash(app)
    assert (await start(app))[0]["type"] == "lifespan.startup.complete"


def included_at_the_probe() -> FastAPI:
    router = APIRouter(route_class=VerifiedRoute)
    router.post("/probe/ship")(lambda: "shipped")
    app = FastAPI()
    app.include_router(router, prefix="/qstash")
    return app


AT_THE_PROBE: dict[str, Callable[[], Any]] = {
    "a route": lambda: Starlette(routes=[Route("/qstash/probe/ship", ship, methods=["POST"])]),
    "a class of the very path": lambda: Starlette(routes=[Route("/qstash/probe", Ship)]),
    "a mounted router": lambda: Starlette(
        routes=[Mount("/qstash/probe", routes=[Route("/ship", ship, methods=["POST"])])]
    ),
    "an included router of FastAPI": included_at_the_probe,
}


@pytest.mark.parametrize("made", AT_THE_PROBE.values(), ids=AT_THE_PROBE)
async def test_a_route_that_no_post_would_reach_is_named(made: Callable[[], Any]) -> None:
    QStash(app := made(), current_signing_key=CURRENT, next_signing_key=NEXT, public_url=ORIGIN)
    failed, *_ = await start(app)
    assert failed["type"] == "lifespan.startup.failed"
    assert "would get no POST: the doctor's probe is at /qstash/probe" in failed["message"]


async def test_a_route_beside_the_probe_is_the_apps_own() -> None:
    routes = [
        Route("/qstash/probe", ship, methods=["GET"]),
        Route("/qstash/probes", ship, methods=["POST"]),
        Route("/{path:path}", ship, methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    QStash(app, current_signing_key=CURRENT, next_signing_key=NEXT, public_url=ORIGIN)
    assert [message["type"] for message in await start(app)] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
