"""FastAPI: routers whose routes verify."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse

from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute
from tests.servers.apps import IMPATIENT, METHODS, OPTIONS, RAN, SLOW, handle, ran


def show() -> PlainTextResponse:
    return PlainTextResponse(ran())


async def hook(request: Request, delivery: DeliveryDep) -> PlainTextResponse:
    return PlainTextResponse(handle(await request.body(), delivery))


application = FastAPI(openapi_url=None)
application.add_api_route(RAN, show)
for path, options in ((SLOW, IMPATIENT), ("/{path:path}", OPTIONS)):
    router = APIRouter(route_class=VerifiedRoute.using(**options))
    router.add_api_route(path, hook, methods=list(METHODS))
    application.include_router(router)
