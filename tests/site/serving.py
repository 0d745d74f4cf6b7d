"""The app of a block, behind a way to send it requests."""

from typing import Any

import anyio
from aiohttp import web

from tests.contract.aiohttp_apps import aiohttp_exchange
from tests.django.project import wsgi_app
from tests.hosts import Send, asgi_send, wsgi_send


def run(code: str) -> dict[str, Any]:
    """What is defined when the block has run as a module ``app``."""
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(code, "a block", "exec"), names)
    return names


def serve(code: str) -> Send:
    names = run(code)
    if "urlpatterns" in names:
        return wsgi_send(wsgi_app(*names["urlpatterns"]))
    app = names["app"]
    if isinstance(app, web.Application):  # each event loop has an app of its own
        return lambda request: anyio.run(aiohttp_exchange, lambda: run(code)["app"], request)
    return wsgi_send(app) if hasattr(app, "wsgi_app") else asgi_send(app)
