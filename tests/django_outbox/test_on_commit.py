"""QSTASH_OUTBOX: what waits for a commit is a row until then."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings

from qstash_integrations._core.publishing.results.published import PublishResponse
from qstash_integrations.django import aqstash, qstash
from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.tasks import task
from tests.django_outbox.shop import SETTINGS, URL, FakeQStash


class Rollback(Exception):
    pass


@contextmanager
def rolled_back() -> Generator[None]:
    with suppress(Rollback), transaction.atomic():
        yield
        raise Rollback


@pytest.fixture(autouse=True)
def outbox(qstash_api: FakeQStash) -> Generator[None]:
    own = {"HEADERS": {"X-Shop": "of the client"}, "TASKS_URL": "https://shop.example.com/tasks"}
    with override_settings(QSTASH=SETTINGS | own | {"HTTP_CLIENT": qstash_api.client, "OUTBOX": True}):
        yield


@contextmanager
def everything_on_commit(qstash_api: FakeQStash) -> Generator[None]:
    own = {"HEADERS": {"X-Shop": "of the client"}, "OUTBOX": True, "ON_COMMIT": True}
    with override_settings(QSTASH=SETTINGS | own | {"HTTP_CLIENT": qstash_api.client}):
        yield


@task(name="ship")
def ship(order_id: int) -> None: ...


def test_publish_on_commit_writes_a_row(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        receipt = qstash.publish_on_commit(url=URL, body="1", queue="mail")
        stored = StoredMessage.objects.get()
        assert "of the client" not in stored.headers
        assert stored.pk in repr(receipt)
        with pytest.raises(RuntimeError, match=stored.pk):
            receipt.message_id  # noqa: B018
    sent = qstash_api.next()
    assert (sent.destination, sent.queue, sent.body) == (URL, "mail", b"1")
    assert sent.headers["upstash-deduplication-id"] == stored.pk
    assert sent.headers["upstash-forward-x-shop"] == "of the client"
    qstash_api.wait()
    assert receipt == PublishResponse(message_id="msg_1")


def test_what_is_rolled_back_was_never_published(qstash_api: FakeQStash) -> None:
    with rolled_back():
        qstash.publish_on_commit(url=URL, body="1")
    assert not StoredMessage.objects.exists()


def test_outside_of_transactions_it_is_published_at_once(qstash_api: FakeQStash) -> None:
    assert qstash.publish_on_commit(url=URL, body="1").message_id == "msg_1"
    assert not StoredMessage.objects.exists()


def test_an_id_of_the_callers_is_kept(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        qstash.publish_on_commit(url=URL, deduplication_id="mine")
    assert qstash_api.next().headers["upstash-deduplication-id"] == "mine"


def test_calls_of_tasks_are_rows(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        ship.publish_on_commit(order_id=3)
        assert StoredMessage.objects.get().destination.startswith("https://shop.example.com/tasks/ship?")
    assert qstash_api.next().body == b'{"order_id":3}'


def test_another_databases_transaction_is_named(qstash_api: FakeQStash) -> None:
    with pytest.raises(TransactionManagementError, match="using='other'"), transaction.atomic(using="other"):
        qstash.publish_on_commit(url=URL)
    with transaction.atomic(using="other"):
        qstash.publish_on_commit(url=URL, body="1", using="other")
        assert StoredMessage.objects.using("other").exists()
    assert qstash_api.next().body == b"1"


def test_async_code_writes_rows_as_well(qstash_api: FakeQStash) -> None:
    with rolled_back():
        async_to_sync(aqstash.publish_on_commit)(url=URL, body="1")
        assert StoredMessage.objects.count() == 1
    assert not StoredMessage.objects.exists()


def test_all_that_is_published_in_a_transaction_is_rows(qstash_api: FakeQStash) -> None:
    with everything_on_commit(qstash_api), transaction.atomic():
        single = qstash.publish(url=URL, body="1")
        first, second = qstash.batch([{"url": URL, "body": "2"}, {"url": URL, "body": "3", "queue": "mail"}])
        many = list(qstash.publish_many({"url": URL, "body": str(number)} for number in range(4, 7)))
        async_to_sync(aqstash.publish)(url=URL, body="7")
        stored = list(StoredMessage.objects.all())
        assert len(stored) == 7
        assert not any("of the client" in row.headers for row in stored)
        assert all(f'"Upstash-Deduplication-Id","{row.pk}"' in row.headers for row in stored)
    sent = [qstash_api.next() for _ in stored]
    assert {one.body for one in sent} == {b"1", b"2", b"3", b"4", b"5", b"6", b"7"}
    assert {one.headers["upstash-forward-x-shop"] for one in sent} == {"of the client"}
    qstash_api.wait()
    assert len({receipt.message_id for receipt in (single, first, second, *many)}) == 6


def test_a_receipt_says_what_became_of_its_row(qstash_api: FakeQStash) -> None:
    with rolled_back():
        receipt = qstash.publish_on_commit(url=URL)
    with pytest.raises(RuntimeError, match="of the outbox"):
        receipt.message_id  # noqa: B018


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"OUTBOX": "yes"}, "QSTASH_OUTBOX must be True or False, not 'yes'"),
        ({"OUTBOX_KEEP": "long"}, "QSTASH_OUTBOX_KEEP must look like '90s'"),
        ({"OUTBOX_KEEP": -1}, "QSTASH_OUTBOX_KEEP must be between 0 and ten years"),
        ({"OUTBOX_SCHEDULE": 5}, "QSTASH_OUTBOX_SCHEDULE must be a cron expression or False, not 5"),
    ],
)
def test_a_setting_that_is_wrong_is_an_error_of_the_checks(given: dict[str, Any], message: str) -> None:
    from qstash_integrations.django.checks import check_settings

    with override_settings(QSTASH=SETTINGS | given):
        (found,) = check_settings()
    assert (found.id, message in found.msg) == ("qstash.E003", True)
