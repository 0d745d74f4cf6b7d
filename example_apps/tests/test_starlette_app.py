"""The Starlette app's own tests, in async code: real signatures, nothing mocked, nothing switched off."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from qstash_integrations.testing import LocalQStash, Outbox

from ..starlette_app import app, invoices, shipped

pytestmark = pytest.mark.anyio
HOOK = "https://testserver/hooks/ship"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def qstash_app() -> object:
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    shipped.clear()
    invoices.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://testserver") as client:
        yield client


async def test_an_order_is_published(client: httpx.AsyncClient, qstash_outbox: Outbox) -> None:
    assert (await client.post("/orders", json={"id": 3})).status_code == 202
    qstash_outbox.assert_published(url=HOOK, json={"id": 3})


async def test_an_order_ships_once_it_is_delivered(client: httpx.AsyncClient, qstash_local: LocalQStash) -> None:
    await client.post("/orders", json={"id": 3, "fails": 1})
    assert [attempt.status for attempt in await qstash_local.arun_until_idle()] == [503, 200]
    assert (await client.get("/shipped")).json() == [3]


async def test_a_schedule_ships_every_day(client: httpx.AsyncClient, qstash_local: LocalQStash) -> None:
    await app.state.qstash.schedule.create_json(destination=HOOK, cron="0 7 * * *", body={"id": 3})
    await qstash_local.aadvance(days=7)
    assert shipped == [3] * 7


async def test_an_invoice_is_written_and_noted(client: httpx.AsyncClient, qstash_local: LocalQStash) -> None:
    await client.post("/invoices", json={"id": 3})
    await qstash_local.arun_until_idle()
    assert (await client.get("/invoices")).json() == ["invoice 3"]


async def test_only_qstash_gets_in(client: httpx.AsyncClient, qstash_sign: Callable[..., dict[str, str]]) -> None:
    body = '{"id": 3}'
    genuine = qstash_sign(url=HOOK, body=body)
    assert (await client.post("/hooks/ship", content=body, headers=genuine)).status_code == 200
    for forged in (qstash_sign(url=HOOK, body=body, exp=0), qstash_sign(url=HOOK, body="other"), {}):
        assert (await client.post("/hooks/ship", content=body, headers=forged)).status_code == 401
    assert shipped == [3]
