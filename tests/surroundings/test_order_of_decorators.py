"""``@verify_qstash`` above what registers a handler: its route would be open, so the app does not start."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from aiohttp import web
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

import qstash_integrations.aiohttp
import qstash_integrations.starlette
from qstash_integrations import Receiver
from qstash_integrations.fastapi import QStash
from tests.signing import CURRENT, NEXT, ORIGIN

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT), "public_url": ORIGIN}


def fastapi_app() -> None:
    app = FastAPI()

    @qstash_integrations.starlette.verify_qstash(**OPTIONS)
    @app.post("/hooks/ship")
    async def ship(request: Request) -> None: ...

    start(app)


def fastapi_router() -> None:
    app, router = FastAPI(), APIRouter()

    @qstash_integrations.starlette.verify_qstash
    @router.post("/hooks/ship")
    async def ship(request: Request) -> None: ...

    app.include_router(router, prefix="/v1")
    start(app)


def starlette_table() -> None:
    routes: list[Route] = []

    def route(endpoint: Any) -> Any:
        routes.append(Route("/hooks/ship", endpoint))
        return endpoint

    @qstash_integrations.starlette.verify_qstash(**OPTIONS)
    @route
    async def ship(request: Request) -> Response:
        return Response()

    start(FastAPI(routes=routes))


def aiohttp_table() -> None:
    app, routes = web.Application(), web.RouteTableDef()

    @qstash_integrations.aiohttp.verify_qstash
    @routes.post("/hooks/ship")
    async def ship(request: web.Request) -> web.Response:
        return web.Response()

    app.add_routes(routes)
    anyio.run(qstash_integrations.aiohttp.check_qstash, app)


def start(app: FastAPI) -> None:
    QStash(app)
    with TestClient(app):
        pass


@pytest.mark.parametrize(
    "start", [fastapi_app, fastapi_router, starlette_table, aiohttp_table], ids=lambda start: start.__name__
)
def test_an_app_whose_decorator_came_too_late_does_not_start(start: Callable[[], None]) -> None:
    with pytest.raises(RuntimeError, match=r"ship would be open to everybody: .* stands below"):
        start()
