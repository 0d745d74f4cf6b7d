"""``QStash(app)`` on a FastAPI app, and the publisher as a parameter of its endpoints."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request

from qstash_integrations import Receiver
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations.fastapi import QStash, QStashDep, SyncQStashDep, VerifiedRoute
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange, on_both_loops
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed
from tests.starlette.test_publisher import live

pytestmark = pytest.mark.anyio

ROUTE = VerifiedRoute.using(receiver=Receiver(CURRENT, NEXT, now=lambda: NOW), public_url=ORIGIN)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Generator[list[APIRequest]]:
    """What would have been sent to QStash, by whom it is configured."""
    monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-token-0000000000000000")
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    with outbox() as sent:
        yield sent


def shop(app: FastAPI) -> FastAPI:
    """With endpoints that publish, and one that is published to."""
    hooks = APIRouter(prefix="/hooks", route_class=ROUTE)
    api = APIRouter(prefix="/v1")

    @hooks.post("/ship/{order}")
    async def ship(order: str, qstash: QStashDep) -> str:
        return (await qstash.publish(url=qstash.url_for("ship", order="next"))).message_id

    @app.post("/order")
    async def order(qstash: QStashDep) -> str:
        return (await qstash.publish_json(url=qstash.url_for("ship", order="50 %"), body={})).message_id

    @app.post("/plain")
    def plain(qstash: SyncQStashDep) -> str:
        return qstash.publish_json(url="https://shop.example/plain", body={}).message_id

    @app.post("/state")
    async def state(request: Request) -> str:
        return str((await request.app.state.qstash.publish(url="https://shop.example/state")).message_id)

    api.include_router(hooks)
    app.include_router(api)
    return app


PUBLISHED = {
    "/order": "https://api.example.com/v1/hooks/ship/50%20%25",
    "/plain": "https://shop.example/plain",
    "/state": "https://shop.example/state",
}


@on_both_loops
@pytest.mark.parametrize(("path", "destination"), PUBLISHED.items(), ids=PUBLISHED)
async def test_an_endpoint_publishes(calls: list[APIRequest], path: str, destination: str) -> None:
    app = shop(FastAPI())
    QStash(app)
    assert (await asgi_exchange(app, Sent(path))).body == b'"msg_1"'
    assert [call.url for call in calls] == [f"https://qstash.upstash.io/v2/publish/{destination}"]


async def test_a_verified_endpoint_publishes_too(calls: list[APIRequest]) -> None:
    app = shop(FastAPI())
    QStash(app)
    token = signed(b"", ORIGIN + "/v1/hooks/ship/3")
    assert (await asgi_exchange(app, Sent("/v1/hooks/ship/3", [("Upstash-Signature", token)]))).body == b'"msg_1"'
    assert len(calls) == 1


@pytest.mark.parametrize("path", ["/order", "/plain"])
async def test_without_a_publisher_the_programmer_is_told(path: str) -> None:
    with pytest.raises(
        RuntimeError, match=r"^this app has no publisher: call qstash_integrations\.fastapi\.QStash\(app"
    ):
        await asgi_exchange(shop(FastAPI()), Sent(path))


async def test_the_apps_and_its_routers_lifespans_still_run() -> None:
    log: list[str] = []

    def logged(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncGenerator[dict[str, bool]]:
            log.append(f"start {name}")
            yield {name: True}
            log.append(f"stop {name}")

        return lifespan

    app = FastAPI(lifespan=logged("app"))
    QStash(app)
    app.include_router(APIRouter(lifespan=logged("router")))
    state = await live(app)
    assert sorted(log) == ["start app", "start router", "stop app", "stop router"]
    assert state == {"app": True, "router": True}


async def test_no_publisher_is_a_parameter_of_the_documented_api() -> None:
    paths = shop(FastAPI()).openapi()["paths"]
    assert [paths[path]["post"].get("parameters") for path in ("/order", "/plain")] == [None, None]
