"""The outbox's own tests, with pytest-django: what is rolled back is not published, and what comes twice ships once.

Run with ``--ds example_apps.django_outbox.settings``.
"""

import pytest
from django.test import Client

from qstash_integrations.testing import LocalQStash, Outbox

ORIGIN = "https://testserver"
HOOK = f"{ORIGIN}/hooks/ship"


@pytest.fixture(autouse=True)
def public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)


def order(client: Client, number: int) -> int:
    return client.post("/orders", {"number": number}, content_type="application/json").status_code


@pytest.mark.django_db
def test_a_message_is_written_with_its_order(client: Client, qstash_outbox: Outbox) -> None:
    assert order(client, 3) == 202
    qstash_outbox.assert_written(url=HOOK, json={"number": 3})
    # The transaction of a test never commits.
    assert qstash_outbox.messages == []


@pytest.mark.django_db
def test_an_order_that_fails_takes_its_message_back(client: Client, qstash_outbox: Outbox) -> None:
    assert (order(client, 3), order(client, 3)) == (202, 409)
    assert len(qstash_outbox.written) == 1


@pytest.mark.django_db(transaction=True)
def test_a_commit_publishes(client: Client, qstash_outbox: Outbox) -> None:
    order(client, 3)
    qstash_outbox.assert_published(url=HOOK, json={"number": 3})


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_twice_ships_once(client: Client, qstash_local: LocalQStash) -> None:
    qstash_local.deliver_twice()
    order(client, 3)
    assert [attempt.status for attempt in qstash_local.run_until_idle()] == [200, 200]
    assert client.get("/parcels").json() == {"3": 1}
