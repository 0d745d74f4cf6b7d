"""An app whose handlers run until they are told to end: ``wsgi`` for gunicorn, ``asgi`` for uvicorn.

In the directory PLACE a handler puts a file named after its process, and ends when ``end-`` and its name is there, with
the status that stands in it. STORE is the path of a file, or a URL of Redis and a prefix.
"""

import logging
import os
import time
from pathlib import Path

import anyio
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qstash_integrations.flask import verify_qstash as verify_view
from qstash_integrations.once import RedisStore, SQLiteStore
from qstash_integrations.starlette import verify_qstash as verify_endpoint
from tests.once.attempts import OPTIONS

logging.basicConfig(format="%(message)s")

PLACE = Path(os.environ["PLACE"])
ADDRESS, _, PREFIX = os.environ["STORE"].partition(" ")
store = RedisStore(ADDRESS, prefix=PREFIX, lease=2) if PREFIX else SQLiteStore(ADDRESS, lease=2)

wsgi = Flask("site")


def _started() -> Path:
    (PLACE / str(os.getpid())).touch()
    return PLACE / f"end-{os.getpid()}"


@wsgi.post("/hooks/ship")
@verify_view(**OPTIONS, once=store)
def ship() -> tuple[str, int]:
    end = _started()
    while not end.exists():
        time.sleep(0.02)
    return "shipped", int(end.read_text())


@verify_endpoint(**OPTIONS, once=store)
async def ship_async(request: Request) -> Response:
    end = _started()
    while not end.exists():  # noqa: ASYNC110 - another process tells
        await anyio.sleep(0.02)
    return PlainTextResponse("shipped", int(end.read_text()))


asgi = Starlette(routes=[Route("/hooks/ship", ship_async, methods=["POST"])])
