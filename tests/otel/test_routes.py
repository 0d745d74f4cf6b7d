"""What the span of a delivery is called: by the route that the framework has found, or by the task."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from fastapi import APIRouter, Depends, FastAPI
from flask import Blueprint, Flask
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from qstash_integrations import QStash, aiohttp, asgi, fastapi, flask, starlette
from qstash_integrations.testing import LocalQStash

from .sdk import Told

URL = "https://testserver/hooks/ship/3"
Build = Callable[[], Any]


def of_starlette() -> Any:
    @starlette.verify_qstash
    async def ship(request: Request) -> Response:
        return Response(status_code=503)

    return Starlette(routes=[Mount("/hooks", routes=[Route("/ship/{order}", ship, methods=["POST"])])])


def of_starlette_behind_middleware() -> Any:
    """Which does not know yet which route it will be."""

    async def ship(request: Request) -> Response:
        return Response(status_code=503)

    return asgi.QStashMiddleware(Starlette(routes=[Route("/hooks/ship/{order}", ship, methods=["POST"])]))


def of_fastapi() -> Any:
    app, hooks = FastAPI(), APIRouter(route_class=fastapi.VerifiedRoute)

    @hooks.post("/ship/{order}", status_code=503)
    def ship(order: int) -> None: ...

    app.include_router(hooks, prefix="/hooks")
    return app


def of_fastapi_dependency() -> Any:
    app = FastAPI()

    @app.post("/hooks/ship/{order}", dependencies=[Depends(fastapi.verify_qstash)])
    def ship(order: int) -> None:
        raise LookupError(order)

    return app


def of_flask() -> Any:
    app = Flask("shop")

    @app.post("/hooks/ship/<int:order>")
    @flask.verify_qstash
    def ship(order: int) -> Any:
        return "later", 503

    return app


def of_flask_blueprint() -> Any:
    app, hooks = Flask("shop"), Blueprint("hooks", "shop", url_prefix="/hooks")

    @hooks.post("/ship/<int:order>")
    def ship(order: int) -> Any:
        return "later", 503

    app.register_blueprint(flask.protect(hooks))
    return app


def of_aiohttp() -> Any:
    app, hooks = web.Application(), web.Application()

    @aiohttp.verify_qstash
    async def ship(request: web.Request) -> web.Response:
        raise web.HTTPServiceUnavailable

    hooks.router.add_post("/ship/{order}", ship)
    app.add_subapp("/hooks", hooks)
    return app


NAMES: dict[str, tuple[Build, str, str]] = {
    "starlette": (of_starlette, "/hooks/ship/{order}", "503"),
    "middleware": (of_starlette_behind_middleware, "testserver", "503"),
    "fastapi": (of_fastapi, "/hooks/ship/{order}", "503"),
    "dependency": (of_fastapi_dependency, "/hooks/ship/{order}", "LookupError"),
    "flask": (of_flask, "/hooks/ship/<int:order>", "503"),
    "blueprint": (of_flask_blueprint, "/hooks/ship/<int:order>", "503"),
    "aiohttp": (of_aiohttp, "/hooks/ship/{order}", "503"),
}


@pytest.mark.parametrize(("build", "name", "error"), NAMES.values(), ids=NAMES)
def test_a_delivery_is_called_by_its_route(told: Told, build: Build, name: str, error: str) -> None:
    with LocalQStash(build()) as local:
        QStash("a-token").publish(url=URL, retries=0)
        local.deliver_due()
    (work,) = [span for span in told.ours() if span.kind is SpanKind.CONSUMER]
    assert work.name == f"process {name}"
    assert work.status.status_code is StatusCode.ERROR
    assert (work.attributes or {})["error.type"] == error


TWICE: dict[str, tuple[Build, str]] = {
    "middleware": (lambda: asgi.QStashMiddleware(of_fastapi()), "testserver"),
    "flask": (lambda: flask.protect(of_flask()), "/hooks/ship/<int:order>"),
    "blueprint": (lambda: flask.protect(of_flask_blueprint()), "/hooks/ship/<int:order>"),
}


@pytest.mark.parametrize(("build", "name"), TWICE.values(), ids=TWICE)
def test_verified_twice_it_is_one_delivery(told: Told, build: Build, name: str) -> None:
    with LocalQStash(build()) as local:
        QStash("a-token").publish(url=URL, retries=0)
        local.deliver_due()
    assert told.names() == ["send testserver", f"process {name}"]
    (point,) = told.points("messaging.process.duration")
    assert point.count == 1
    assert not get_current_span().get_span_context().is_valid
