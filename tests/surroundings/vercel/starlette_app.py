"""What a project on Vercel has as its entry point, with Starlette."""

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qstash_integrations import Receiver, current_delivery
from qstash_integrations.starlette import QStash, verify_qstash
from tests.signing import CURRENT, NEXT, NOW, ORIGIN


@verify_qstash
async def hook(request: Request) -> Response:
    return PlainTextResponse(current_delivery().claims.sub)


app = Starlette(routes=[Route("/{path:path}", hook, methods=["POST"])])
options: Any = {"public_url": ORIGIN, "url_match": os.environ["URL_MATCH"]}
QStash(app, receiver=Receiver(CURRENT, NEXT, now=lambda: NOW), **options)
