"""How far ``VerifiedRoute`` reaches, what covers the rest, and what cannot be used by mistake."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from qstash_integrations import Receiver
from qstash_integrations.fastapi import DeliveryDep, QStashMiddleware, VerifiedRoute
from qstash_integrations.starlette import verify_qstash
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
ROUTE = VerifiedRoute.using(**OPTIONS)


def genuine(path: str) -> Sent:
    return Sent(path, [("Upstash-Signature", signed(b"hi", ORIGIN + path))], b"hi")


async def status(app: Any, request: Sent) -> int:
    return (await asgi_exchange(app, request)).status


def app_with(*routers: APIRouter) -> FastAPI:
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    return app


async def test_a_verified_router_is_verified_wherever_it_is_included() -> None:
    hooks = APIRouter(prefix="/hooks", route_class=ROUTE)
    hooks.post("/ship")(lambda: "shipped")
    v1, v2 = APIRouter(prefix="/v1"), APIRouter(prefix="/v2")
    v2.include_router(hooks)
    v1.include_router(v2)
    app = app_with(v1, hooks)
    for path in ("/v1/v2/hooks/ship", "/hooks/ship"):
        assert await status(app, Sent(path)) == 401
        assert await status(app, genuine(path)) == 200


async def test_a_whole_app_takes_the_route_class() -> None:
    app = FastAPI()
    app.router.route_class = ROUTE
    app.post("/hooks/ship")(lambda: "shipped")
    assert await status(app, Sent("/hooks/ship")) == 401
    assert await status(app, genuine("/hooks/ship")) == 200


async def test_a_child_router_keeps_its_own_route_class() -> None:
    child = APIRouter()
    child.post("/open")(lambda: "open")
    hooks = APIRouter(prefix="/hooks", route_class=ROUTE)
    hooks.include_router(child)
    app = app_with(hooks)
    assert await status(app, Sent("/hooks/open")) == 200


async def test_its_siblings_stay_open() -> None:
    hooks = APIRouter(prefix="/hooks", route_class=ROUTE)
    hooks.post("/ship")(lambda: "shipped")
    app = app_with(hooks)
    app.post("/open")(lambda: "open")
    assert await status(app, Sent("/open")) == 200


async def test_a_websocket_route_has_no_route_class() -> None:
    assert (await connect(app_with(live_router())))[0]["type"] == "websocket.accept"


async def test_the_middleware_covers_the_children_and_the_websockets() -> None:
    child = APIRouter()
    child.post("/open")(lambda: "open")
    hooks = live_router()
    hooks.include_router(child)
    app = app_with(hooks)
    app.add_middleware(QStashMiddleware, prefix="/hooks", **OPTIONS)
    assert await status(app, Sent("/hooks/open")) == 401
    assert await status(app, genuine("/hooks/open")) == 200
    assert await connect(app) == [{"type": "websocket.close", "code": 1008}]


async def test_one_line_protects_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    app = FastAPI()

    @app.post("/hooks/ship")
    async def ship(delivery: DeliveryDep) -> int:
        return len(delivery.body)

    app.add_middleware(QStashMiddleware)
    lasting = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", exp=10**11))], b"hi")
    assert (await asgi_exchange(app, lasting)).body == b"2"
    assert [await status(app, Sent(path)) for path in ("/hooks/ship", "/docs", "/openapi.json")] == [401, 401, 401]


async def test_one_line_protects_everything_below_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    app = FastAPI()
    app.post("/hooks/ship")(lambda: "shipped")
    app.add_middleware(QStashMiddleware, prefix="/hooks")
    assert await status(app, Sent("/hooks/ship")) == 401
    assert await status(app, Sent("/openapi.json", method="GET")) == 200


async def test_a_delivery_of_an_unverified_route_is_the_programmers_mistake() -> None:
    app = FastAPI()

    @app.post("/hooks/ship")
    async def ship(delivery: DeliveryDep) -> int:
        return len(delivery.body)

    with pytest.raises(RuntimeError, match=r"^/hooks/ship is not verified: put its route on APIRouter\(route_class="):
        await asgi_exchange(app, genuine("/hooks/ship"))


class Order(BaseModel):
    id: int


def with_a_model(order: Order) -> None: ...


async def with_a_model_and_a_request(request: Request, order: Order) -> None: ...


async def with_a_request(request: Request) -> None: ...


async def with_a_delivery(delivery: DeliveryDep) -> None: ...


def with_nothing() -> None: ...


@pytest.mark.parametrize(
    "endpoint", [with_a_model, with_a_model_and_a_request, with_a_request, with_a_delivery, with_nothing]
)
def test_verify_qstash_on_a_fastapi_endpoint_fails_at_once(endpoint: Any) -> None:
    app = FastAPI()
    with pytest.raises(TypeError, match=r"route_class=qstash_integrations\.fastapi\.VerifiedRoute"):
        app.post("/hooks/ship")(verify_qstash(**OPTIONS)(endpoint))


async def test_a_starlette_route_of_a_fastapi_app_takes_verify_qstash() -> None:
    @verify_qstash(**OPTIONS)
    async def ship(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    app = FastAPI()
    app.add_route("/hooks/ship", ship, methods=["POST"])
    assert await status(app, Sent("/hooks/ship")) == 401
    assert (await asgi_exchange(app, genuine("/hooks/ship"))).body == b"hi"


def live_router() -> APIRouter:
    router = APIRouter(prefix="/hooks", route_class=ROUTE)

    @router.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    return router


async def connect(app: Any) -> list[Any]:
    """What a WebSocket client of /hooks/live is sent."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/hooks/live",
        "headers": [],
        "query_string": b"",
        "root_path": "",
    }
    await app(scope, receive, send)
    return sent
