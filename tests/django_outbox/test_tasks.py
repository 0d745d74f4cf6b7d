"""``OPTIONS = {"ENQUEUE": "outbox"}`` of the backend for ``django.tasks``: a task and its message are one."""

from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import Error
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import modify_settings, override_settings
from django.utils import timezone

from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.django.tasks.api import task_backends, task_enqueued
from qstash_integrations.django.tasks.models import StoredTask
from qstash_integrations.django.tasks.operations import left_behind
from tests.django_outbox.shop import FakeQStash
from tests.django_tasks import shop
from tests.django_tasks.calls import SETTINGS, send
from tests.django_tasks.shop import BACKEND, ship


class Rollback(Exception):
    pass


def backend(**options: Any) -> override_settings:
    return override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"ENQUEUE": "outbox", **options}}})


@pytest.fixture(autouse=True)
def project(database: None, qstash_api: FakeQStash) -> Generator[None]:
    shop.ran.clear()
    with connection.schema_editor() as editor:
        editor.create_model(StoredTask)
    client = {"HTTP_CLIENT": qstash_api.client}
    urls = "tests.django_tasks.urls"
    with override_settings(ROOT_URLCONF=urls, QSTASH=SETTINGS | client, ALLOWED_HOSTS=["*"]), backend():
        yield


@pytest.fixture
def enqueued() -> Generator[list[str]]:
    told: list[str] = []

    def tell(task_result: Any, **_: object) -> None:
        told.append(task_result.id)

    task_enqueued.connect(tell)
    yield told
    task_enqueued.disconnect(tell)


def test_a_task_and_its_message_are_committed_as_one(qstash_api: FakeQStash, enqueued: list[str]) -> None:
    with transaction.atomic():
        result = ship.enqueue(3)
        assert (StoredTask.objects.count(), StoredMessage.objects.count(), enqueued) == (1, 1, [])
    assert enqueued == [result.id]
    sent = qstash_api.next()
    assert sent.headers["upstash-deduplication-id"] == result.id
    assert send(sent.destination, sent.body, message_id="msg_1").status_code == 200
    result.refresh()
    assert (result.status, shop.ran) == ("SUCCESSFUL", [(3, False)])


def test_what_is_rolled_back_was_never_enqueued(enqueued: list[str]) -> None:
    with suppress(Rollback), transaction.atomic():
        ship.enqueue(3)
        raise Rollback
    assert (StoredTask.objects.count(), StoredMessage.objects.count(), enqueued) == (0, 0, [])


def test_outside_of_transactions_it_is_enqueued_at_once(qstash_api: FakeQStash, enqueued: list[str]) -> None:
    result = ship.enqueue(3)
    assert enqueued == [result.id]
    assert qstash_api.next().headers["upstash-deduplication-id"] == result.id


def test_a_message_that_cannot_be_written_leaves_no_task(qstash_api: FakeQStash) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(StoredMessage)
    with pytest.raises(Exception, match=r"(?i)qstash_outbox"):
        ship.enqueue(3)
    assert not StoredTask.objects.exists()
    with connection.schema_editor() as editor:
        editor.create_model(StoredMessage)


def test_a_message_that_is_not_sent_yet_is_not_left_behind(qstash_api: FakeQStash) -> None:
    ship.enqueue(3)
    StoredTask.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert left_behind(timezone.now()) == []


def test_a_task_without_a_row_has_its_message_written(qstash_api: FakeQStash, enqueued: list[str]) -> None:
    with backend(RESULTS=False), transaction.atomic():
        result = ship.enqueue(3)
        assert (StoredTask.objects.count(), StoredMessage.objects.count(), enqueued) == (0, 1, [])
    assert enqueued == [result.id]
    sent = qstash_api.next()
    with backend(RESULTS=False):
        assert send(sent.destination, sent.body, message_id="msg_1").status_code == 200
    assert shop.ran == [(3, False)]


def test_a_transaction_on_another_database_alone_is_an_error() -> None:
    with pytest.raises(TransactionManagementError, match="using='other'"), transaction.atomic(using="other"):
        ship.enqueue(3)
    assert not StoredTask.objects.exists()


@modify_settings(INSTALLED_APPS={"remove": "qstash_integrations.django.outbox"})
def test_the_app_is_asked_for() -> None:
    (found,) = task_backends["default"].check()
    assert isinstance(found, Error)
    assert (found.id, "INSTALLED_APPS" in found.msg) == ("qstash_tasks.E003", True)
    with pytest.raises(ValueError, match="INSTALLED_APPS"):
        ship.enqueue(3)
