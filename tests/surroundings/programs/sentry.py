"""Apps with the real sentry-sdk, as ``sentry_sdk.init`` sets it up. Prints what was answered and what Sentry was sent.

In a process of its own, ``python -m tests.surroundings.programs.sentry``: Sentry patches the frameworks for good.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.scrubber import DEFAULT_DENYLIST, EventScrubber

from qstash_integrations import NonRetryable, Receiver
from tests.hosts import Answer, Request, asgi_send, wsgi_send
from tests.sentry import Kept
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
GENUINE, STOPS, FAILS = b'{"order": "genuine"}', b'{"order": "stops"}', b'{"order": "fails"}'


def work(body: bytes) -> dict[str, bool]:
    """What the handler of each app does."""
    order = json.loads(body)["order"]
    if order == "stops":
        raise NonRetryable("no such order")
    if order == "fails":
        raise LookupError("no such order")
    return {"shipped": True}


def starlette_function() -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from qstash_integrations.starlette import verify_qstash

    @verify_qstash(**OPTIONS)
    async def ship(request: Request) -> JSONResponse:
        return JSONResponse(work(await request.body()))

    return asgi_send(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])]))


def starlette_middleware() -> Any:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from qstash_integrations.starlette import QStashMiddleware

    def ship(request: Request) -> JSONResponse:
        return JSONResponse(work(request.state.qstash_delivery.body))

    routes = [Route("/hooks/ship", ship, methods=["POST"])]
    return asgi_send(Starlette(routes=routes, middleware=[Middleware(QStashMiddleware, **OPTIONS)]))


def fastapi() -> Any:
    from fastapi import APIRouter, FastAPI

    from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute

    app, hooks = FastAPI(), APIRouter(route_class=VerifiedRoute.using(**OPTIONS))

    @hooks.post("/hooks/ship")
    async def ship(order: dict[str, str], delivery: DeliveryDep) -> dict[str, bool]:
        return work(delivery.body)

    app.include_router(hooks)
    return asgi_send(app)


def fastapi_dependency() -> Any:
    from typing import Annotated

    from fastapi import Depends, FastAPI

    from qstash_integrations import Delivery
    from qstash_integrations.fastapi import verify_qstash

    app = FastAPI()

    @app.post("/hooks/ship")
    async def ship(
        order: dict[str, str], delivery: Annotated[Delivery, Depends(verify_qstash(**OPTIONS))]
    ) -> dict[str, bool]:
        return work(delivery.body)

    return asgi_send(app)


def flask() -> Any:
    from flask import Flask, g

    from qstash_integrations.flask import verify_qstash

    app = Flask("shop")
    app.post("/hooks/ship")(verify_qstash(**OPTIONS)(lambda: work(g.qstash_delivery.body)))
    return wsgi_send(app)


def django() -> Any:
    from django.http import JsonResponse
    from django.urls import path

    from qstash_integrations.django import verify_qstash
    from tests.django.project import wsgi_app

    ship = verify_qstash(**OPTIONS)(lambda request: JsonResponse(work(request.qstash_delivery.body)))
    return wsgi_send(wsgi_app(path("hooks/ship", ship)))


def aiohttp() -> Any:
    import anyio
    from aiohttp import web

    from qstash_integrations.aiohttp import DELIVERY, verify_qstash
    from tests.contract.aiohttp_apps import aiohttp_exchange

    @verify_qstash(**OPTIONS)
    async def ship(request: web.Request) -> web.Response:
        return web.json_response(work(request[DELIVERY].body))

    def make() -> web.Application:
        app = web.Application()
        app.router.add_post("/hooks/ship", ship)
        return app

    return lambda sent: anyio.run(aiohttp_exchange, make, sent)


APPS: dict[str, Callable[[], Any]] = {
    make.__name__: make
    for make in (starlette_function, starlette_middleware, fastapi, fastapi_dependency, flask, django, aiohttp)
}


def main() -> None:
    kept = Kept()
    sentry_sdk.init(
        dsn="http://key@127.0.0.1/1",
        transport=kept,
        traces_sample_rate=1.0,
        send_default_pii=True,
        event_scrubber=EventScrubber(denylist=[*DEFAULT_DENYLIST, "upstash-signature"]),
    )
    seen: dict[str, Any] = {}
    for name, make in APPS.items():
        send = make()
        kept.events.clear()
        answers = {
            "unsigned": _status(send, GENUINE, unsigned=True),
            "genuine": _status(send, GENUINE),
            "stops": _status(send, STOPS),
            "fails": _status(send, FAILS),
        }
        seen[name] = {"answers": answers, "events": [event for event in kept.events if event]}
    json.dump(seen, sys.stdout, default=repr)


def _status(send: Any, body: bytes, *, unsigned: bool = False) -> int:
    headers = [("Content-Type", "application/json")]
    if not unsigned:
        headers.append(("Upstash-Signature", signed(body)))
    try:
        answer: Answer = send(Request("/hooks/ship", headers, body))
    except LookupError:
        return 500  # as a server answers
    return answer.status


if __name__ == "__main__":
    main()
