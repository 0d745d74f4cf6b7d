"""Starlette: decorated endpoints."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from qstash_integrations.starlette import verify_qstash
from tests.servers.apps import IMPATIENT, METHODS, OPTIONS, RAN, SLOW, handle, ran


async def show(request: Request) -> PlainTextResponse:
    return PlainTextResponse(ran())


async def hook(request: Request) -> PlainTextResponse:
    return PlainTextResponse(handle(await request.body(), request.state.qstash_delivery))


application = Starlette(
    routes=[
        Route(RAN, show),
        Route(SLOW, verify_qstash(**IMPATIENT)(hook), methods=METHODS),
        Route("/{path:path}", verify_qstash(**OPTIONS)(hook), methods=METHODS),
    ]
)
