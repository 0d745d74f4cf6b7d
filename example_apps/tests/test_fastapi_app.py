"""The FastAPI app's own tests: real signatures, nothing mocked, nothing switched off."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from qstash_integrations.testing import LocalQStash, Outbox

from ..fastapi_app import app, invoice, invoices, mailed, note, shipped

HOOK = "https://testserver/hooks/ship"


@pytest.fixture
def client() -> Iterator[TestClient]:
    shipped.clear()
    invoices.clear()
    mailed.clear()
    with TestClient(app) as client:
        yield client


@pytest.fixture
def qstash_app(client: TestClient) -> TestClient:
    return client


def test_an_order_is_published(client: TestClient, qstash_outbox: Outbox) -> None:
    assert client.post("/orders", json={"id": 3}).status_code == 202
    qstash_outbox.assert_published(url=HOOK, json={"id": 3, "fails": 0})
    assert shipped == []


def test_an_order_ships_once_it_is_delivered(client: TestClient, qstash_local: LocalQStash) -> None:
    client.post("/orders", json={"id": 3})
    qstash_local.deliver_due()
    assert client.get("/shipped").json() == [3]


def test_an_order_that_fails_ships_later(client: TestClient, qstash_local: LocalQStash) -> None:
    client.post("/orders", json={"id": 3, "fails": 2})
    assert [attempt.status for attempt in qstash_local.run_until_idle()] == [503, 503, 200]
    assert shipped == [3]


def test_an_outage_delays_an_order(client: TestClient, qstash_local: LocalQStash) -> None:
    qstash_local.fail_next(status=503)
    client.post("/orders", json={"id": 3})
    qstash_local.deliver_due()
    assert shipped == []
    qstash_local.advance(minutes=1)
    assert shipped == [3]


def test_an_order_that_is_none_is_given_up(client: TestClient, qstash_local: LocalQStash) -> None:
    client.post("/orders", json={"id": 0})
    qstash_local.run_until_idle()
    assert [(letter.json()["id"], letter.status) for letter in qstash_local.dead_letters] == [(0, 489)]


def test_an_invoice_is_a_task(client: TestClient, qstash_outbox: Outbox) -> None:
    assert client.post("/invoices", json={"id": 3}).status_code == 202
    qstash_outbox.assert_published(task=invoice.using(callback=note), order_id=3)


def test_an_invoice_is_written_noted_and_mailed(client: TestClient, qstash_local: LocalQStash) -> None:
    client.post("/invoices", json={"id": 3})
    qstash_local.run_until_idle()
    assert client.get("/invoices").json() == ["invoice 3"]
    assert mailed == [("ada@example.com", "invoice 3")]


def test_an_outage_delays_an_invoice_and_its_mail(client: TestClient, qstash_local: LocalQStash) -> None:
    qstash_local.fail_next(times=2)
    client.post("/invoices", json={"id": 3})
    qstash_local.run_until_idle()
    assert (invoices, mailed) == (["invoice 3"], [("ada@example.com", "invoice 3")])
