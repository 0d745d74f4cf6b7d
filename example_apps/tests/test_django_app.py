"""The Django project's own tests, with pytest-django: real signatures, nothing mocked, nothing switched off.

Run with ``--ds example_apps.django_app.settings``. The project is found by itself.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from qstash_integrations.testing import LocalQStash, Outbox

from ..django_app import tasks
from ..django_app.views import shipped

ORIGIN = "https://testserver"
HOOK = f"{ORIGIN}/hooks/ship"


@pytest.fixture(autouse=True)
def public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    shipped.clear()
    tasks.invoices.clear()


def test_an_order_is_published(client: Client, qstash_outbox: Outbox) -> None:
    assert client.post("/orders", {"id": 3}, content_type="application/json").status_code == 202
    qstash_outbox.assert_published(url=HOOK, json={"id": 3})


def test_an_order_ships_however_often_it_fails(client: Client, qstash_local: LocalQStash) -> None:
    client.post("/orders", {"id": 3, "fails": 2}, content_type="application/json")
    qstash_local.run_until_idle()
    assert client.get("/shipped").json() == [3]


def test_an_invoice_is_a_task(client: Client, qstash_outbox: Outbox) -> None:
    assert client.post("/invoices", {"id": 3}, content_type="application/json").status_code == 202
    qstash_outbox.assert_published(task=tasks.invoice.using(callback=tasks.note), order_id=3)


def test_an_invoice_is_written_and_noted(client: Client, qstash_local: LocalQStash) -> None:
    client.post("/invoices", {"id": 3}, content_type="application/json")
    qstash_local.run_until_idle()
    assert client.get("/invoices").json() == ["invoice 3"]


def test_only_qstash_gets_in(client: Client, qstash_sign: Callable[..., dict[str, str]]) -> None:
    for headers, status in (
        (qstash_sign(url=HOOK, body='{"id": 3}'), 200),
        (qstash_sign(url=HOOK, body='{"id": 3}', exp=0), 401),
        ({}, 401),
    ):
        answer = client.post("/hooks/ship", '{"id": 3}', content_type="application/json", headers=headers)
        assert answer.status_code == status
    assert shipped == [3]
