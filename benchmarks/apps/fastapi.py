import qstash.errors
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from qstash_integrations.fastapi import VerifiedRoute

from .. import tokens
from ..verify import hash_and_parse

receiver = tokens.official()
apart, checked, hashing = APIRouter(), APIRouter(), APIRouter()
verified = APIRouter(route_class=VerifiedRoute.using(receiver=tokens.ours(), public_url=tokens.ORIGIN))


@apart.post("/bare")
async def hook(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@verified.post("/ours")
async def hook_with_ours(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@checked.post("/official")
async def hook_with_official(request: Request) -> Response:
    body = await request.body()
    try:
        receiver.verify(
            body=body.decode(), signature=request.headers["upstash-signature"], url=f"{tokens.ORIGIN}/official"
        )
    except qstash.errors.SignatureError:
        return Response(status_code=401)
    return PlainTextResponse(str(len(body)))


@hashing.post("/floor")
async def hook_with_floor(request: Request) -> Response:
    body = await request.body()
    hash_and_parse(request.headers["upstash-signature"], body, [tokens.CURRENT])
    return PlainTextResponse(str(len(body)))


bare, ours, official, floor = FastAPI(), FastAPI(), FastAPI(), FastAPI()
bare.include_router(apart)
ours.include_router(verified)
official.include_router(checked)
floor.include_router(hashing)
