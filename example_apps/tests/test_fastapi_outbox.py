"""The outbox's own tests: what is rolled back is not published, and what comes twice ships once."""

import os
from collections.abc import Generator

import pytest
from fastapi.testclient import TestClient

from qstash_integrations.testing import LocalQStash, Outbox

ORIGIN = "https://testserver"
HOOK = f"{ORIGIN}/hooks/ship"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('orders') / 'orders.sqlite3'}"


@pytest.fixture
def qstash_app(database: None, monkeypatch: pytest.MonkeyPatch) -> Generator[TestClient]:
    from ..fastapi_outbox import app

    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    with TestClient(app, base_url=ORIGIN) as client:
        yield client


def order(client: TestClient, number: int) -> int:
    return client.post("/orders", json={"number": number}).status_code


def test_a_commit_publishes(qstash_app: TestClient, qstash_outbox: Outbox) -> None:
    assert order(qstash_app, 3) == 202
    qstash_outbox.assert_written(url=HOOK, json={"number": 3})
    qstash_outbox.assert_published(url=HOOK, json={"number": 3})


def test_an_order_that_fails_takes_its_message_back(qstash_app: TestClient, qstash_outbox: Outbox) -> None:
    assert (order(qstash_app, 4), order(qstash_app, 4)) == (202, 409)
    assert len(qstash_outbox.written) == len(qstash_outbox.messages) == 1


def test_a_message_that_comes_twice_ships_once(qstash_app: TestClient, qstash_local: LocalQStash) -> None:
    qstash_local.deliver_twice()
    order(qstash_app, 5)
    assert [attempt.status for attempt in qstash_local.run_until_idle()] == [200, 200]
    assert qstash_app.get("/parcels").json()["5"] == 1
