import qstash.errors
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qstash_integrations.starlette import QStashMiddleware

from .. import tokens
from ..verify import hash_and_parse


async def hook(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def hook_with_official(request: Request) -> Response:
    body = await request.body()
    try:
        receiver.verify(
            body=body.decode(), signature=request.headers["upstash-signature"], url=f"{tokens.ORIGIN}/official"
        )
    except qstash.errors.SignatureError:
        return Response(status_code=401)
    return PlainTextResponse(str(len(body)))


async def hook_with_floor(request: Request) -> Response:
    body = await request.body()
    hash_and_parse(request.headers["upstash-signature"], body, [tokens.CURRENT])
    return PlainTextResponse(str(len(body)))


receiver = tokens.official()
bare = Starlette(routes=[Route("/bare", hook, methods=["POST"])])
floor = Starlette(routes=[Route("/floor", hook_with_floor, methods=["POST"])])
official = Starlette(routes=[Route("/official", hook_with_official, methods=["POST"])])
ours = Starlette(routes=[Route("/ours", hook, methods=["POST"])])
ours.add_middleware(QStashMiddleware, receiver=tokens.ours(), public_url=tokens.ORIGIN)
