"""Middleware that apps put around everything: compression, CORS, metrics, request ids, traces, rate limits."""

from collections.abc import Callable
from typing import Any

import pytest
from asgi_correlation_id import CorrelationIdMiddleware
from brotli_asgi import BrotliMiddleware
from fastapi import APIRouter, FastAPI
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from prometheus_fastapi_instrumentator import Instrumentator
from slowapi import Limiter
from slowapi.middleware import SlowAPIASGIMiddleware, SlowAPIMiddleware
from slowapi.util import get_remote_address
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from qstash_integrations import NonRetryable, Receiver
from qstash_integrations.fastapi import DeliveryDep, QStashMiddleware, VerifiedRoute
from qstash_integrations.once import MemoryStore
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
HEADERS = [("Origin", "https://shop.example"), ("Accept-Encoding", "gzip, br"), ("X-Request-ID", "a" * 32)]
MESSAGE = ("Upstash-Message-Id", "msg_1")
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi")), MESSAGE, *HEADERS], b"hi")
UNSIGNED = Sent("/hooks/ship", HEADERS, b"hi")


def routed(**options: Any) -> FastAPI:
    app, hooks = FastAPI(), APIRouter(route_class=VerifiedRoute.using(**OPTIONS, **options))
    app.state.limiter = Limiter(key_func=get_remote_address, default_limits=["1000/minute"])

    @hooks.post("/hooks/{order}")
    async def ship(order: str, delivery: DeliveryDep) -> dict[str, str]:
        if order == "none":
            raise NonRetryable("no such order")
        return {"shipped": "yes" * 1000}

    app.include_router(hooks)
    return app


def behind(middleware: Any, **given: Any) -> Callable[..., Any]:
    def make(**options: Any) -> FastAPI:
        app = routed(**options)
        app.add_middleware(middleware, **given)
        return app

    return make


def instrumented(**options: Any) -> FastAPI:
    app = routed(**options)
    Instrumentator().instrument(app).expose(app)
    return app


def traced(**options: Any) -> Any:
    return OpenTelemetryMiddleware(routed(**options))


APPS: dict[str, Callable[..., Any]] = {
    "GZip": behind(GZipMiddleware, minimum_size=1),
    "Brotli": behind(BrotliMiddleware, minimum_size=1),
    "CORS": behind(CORSMiddleware, allow_origins=["*"]),
    "trusted hosts": behind(TrustedHostMiddleware, allowed_hosts=["api.example.com"]),
    "correlation ids": behind(CorrelationIdMiddleware),
    "slowapi": behind(SlowAPIMiddleware),
    "slowapi, pure ASGI": behind(SlowAPIASGIMiddleware),
    "Prometheus": instrumented,
    "OpenTelemetry": traced,
    "a second verification": behind(QStashMiddleware, **OPTIONS),
}


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_a_verified_route_works_behind_it(make: Callable[..., Any]) -> None:
    app = make(once=MemoryStore())
    assert (await asgi_exchange(app, UNSIGNED)).status == 401
    never = Sent("/hooks/none", [("Upstash-Signature", signed(b"hi", ORIGIN + "/hooks/none", jti="other"))], b"hi")
    assert (await asgi_exchange(app, never)).status == 489
    assert (await asgi_exchange(app, SIGNED)).status == 200
    again = signed(b"hi", jti="another")
    duplicate = await asgi_exchange(app, SIGNED._replace(headers=[("Upstash-Signature", again), MESSAGE]))
    assert (duplicate.status, duplicate.body) == (200, b'{"duplicate":true}')


async def test_a_redirect_to_https_is_told_of_the_proxy() -> None:
    """QStash follows none: uvicorn's ``--proxy-headers`` makes the scheme right."""
    app = behind(HTTPSRedirectMiddleware)()
    assert (await asgi_exchange(app, SIGNED)).status == 307
