"""Rows are written in the caller's transaction, and sent after its commit, on SQLite, PostgreSQL and MariaDB."""

import inspect
import json
import unittest
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import TestCase, override_settings

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.chat import openai
from qstash_integrations.django import aqstash, qstash
from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.testing import Outbox
from tests.django_outbox.shop import SETTINGS, URL, FakeQStash


class Rollback(Exception):
    pass


@contextmanager
def rolled_back() -> Generator[None]:
    with suppress(Rollback), transaction.atomic():
        yield
        raise Rollback


def bodies() -> list[str]:
    return sorted(bytes(row.body or b"").decode() for row in StoredMessage.objects.all())


def test_a_message_is_sent_once_its_transaction_has_committed(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        row_id = qstash.outbox.publish_json(url=URL, body={"id": 1}, retries=5)
        assert StoredMessage.objects.get().pk == row_id
        assert qstash_api.is_idle
    sent = qstash_api.next()
    assert (sent.destination, sent.body) == (URL, b'{"id":1}')
    assert sent.headers["upstash-retries"] == "5"
    assert sent.headers["upstash-deduplication-id"] == row_id
    assert sent.headers["upstash-forward-qstash-outbox"] == row_id
    assert sent.headers["content-type"] == "application/json"


def test_what_is_rolled_back_is_never_sent(qstash_api: FakeQStash) -> None:
    with rolled_back():
        qstash.outbox.publish(url=URL, body="rolled back")
    assert bodies() == []
    qstash.outbox.publish(url=URL, body="later")
    assert qstash_api.next().body == b"later"
    qstash_api.wait()
    assert qstash_api.is_idle


def test_savepoints_count(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        with rolled_back():
            qstash.outbox.publish(url=URL, body="rolled back")
            with transaction.atomic():
                qstash.outbox.publish(url=URL, body="within what is rolled back")
        qstash.outbox.publish(url=URL, body="outside")
        with transaction.atomic():
            qstash.outbox.publish(url=URL, body="released")
        with rolled_back():
            qstash.outbox.publish(url=URL, body="rolled back as well")
        assert bodies() == ["outside", "released"]
    assert {qstash_api.next().body, qstash_api.next().body} == {b"outside", b"released"}
    qstash_api.wait()
    assert qstash_api.is_idle


def test_a_hook_that_is_gone_with_its_savepoint_leaves_the_others(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        with transaction.atomic():
            qstash.outbox.publish(url=URL, body="first")
        with rolled_back():
            qstash.outbox.publish(url=URL, body="rolled back")
        qstash.outbox.publish(url=URL, body="last")
    assert {qstash_api.next().body, qstash_api.next().body} == {b"first", b"last"}


def test_a_transaction_has_one_hook(qstash_api: FakeQStash) -> None:
    with rolled_back():
        for number in range(10):
            qstash.outbox.publish(url=URL, body=str(number))
        assert len(connection.run_on_commit) == 1


def test_outside_of_transactions_it_is_written_and_sent(qstash_api: FakeQStash) -> None:
    qstash.outbox.enqueue(url=URL, queue="mail", body="at once")
    sent = qstash_api.next()
    assert (sent.queue, sent.destination, sent.body) == ("mail", URL, b"at once")


def test_a_batch_is_a_row_for_each_message(qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        ids = qstash.outbox.batch_json([{"url": URL, "body": 1}, {"url_group": "all", "body": 2, "queue": "mail"}])
        rows = [StoredMessage.objects.get(pk=row_id) for row_id in ids]
    assert [(row.destination, row.queue, bytes(row.body or b"")) for row in rows] == [
        (URL, None, b"1"),
        ("all", "mail", b"2"),
    ]


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("publish", {"url": "no url"}),
        ("publish", {"url": URL, "retries": -1}),
        ("publish", {"url": URL, "queue": "mail"}),
        ("enqueue", {"url": URL}),
        ("publish", {"api": {"name": "llm", "provider": openai("sk-secret")}, "body": {}}),
        ("publish_json", {"url": URL, "body": object()}),
    ],
)
def test_what_is_wrong_is_said_when_it_is_written(qstash_api: FakeQStash, verb: str, fields: dict[str, Any]) -> None:
    publish: Callable[..., str] = getattr(qstash.outbox, verb)
    with pytest.raises((TypeError, ValueError)), transaction.atomic():
        publish(**fields)
    assert bodies() == []


@override_settings(QSTASH={})
def test_a_missing_token_is_said_when_it_is_written() -> None:
    with pytest.raises(ImproperlyConfigured, match="QSTASH_TOKEN"), transaction.atomic():
        qstash.outbox.publish(url=URL)


def test_the_publishers_own_headers_are_not_stored(qstash_api: FakeQStash) -> None:
    own = {"HEADERS": {"X-Secret": "hidden"}, "HTTP_CLIENT": qstash_api.client}
    with override_settings(QSTASH=SETTINGS | own), transaction.atomic():
        qstash.outbox.publish(url=URL, headers={"X-Of-Message": "1"})
        stored = StoredMessage.objects.get()
        assert "hidden" not in stored.headers
        assert ["Upstash-Forward-X-Of-Message", "1"] in json.loads(stored.headers)


def test_a_transaction_on_another_database_alone_is_an_error(qstash_api: FakeQStash) -> None:
    with pytest.raises(TransactionManagementError, match="using='other'"), transaction.atomic(using="other"):
        qstash.outbox.publish(url=URL)
    with transaction.atomic(using="other"):
        qstash.outbox.publish(url=URL, body="other", using="other")
    assert qstash_api.next().body == b"other"
    with transaction.atomic(using="other"), transaction.atomic():
        qstash.outbox.publish(url=URL, body="both are open")
    assert qstash_api.next().body == b"both are open"


class ToOther:
    def db_for_write(self, model: type[Any], **_: object) -> str | None:
        return "other" if model is StoredMessage else None


@override_settings(DATABASE_ROUTERS=["tests.django_outbox.test_writing.ToOther"])
def test_routers_say_where_rows_are_written(qstash_api: FakeQStash) -> None:
    with pytest.raises(TransactionManagementError, match="using='default'"), transaction.atomic():
        qstash.outbox.publish(url=URL)
    with transaction.atomic(using="other"):
        qstash.outbox.publish(url=URL, body="1")
    assert qstash_api.next().body == b"1"


def test_without_autocommit_it_is_left_to_the_next_sweep(qstash_api: FakeQStash) -> None:
    transaction.set_autocommit(False)
    try:
        qstash.outbox.publish(url=URL, body="1")
        transaction.rollback()
        qstash.outbox.publish(url=URL, body="2")
        transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert bodies() == ["2"]


def test_async_code_writes_in_the_thread_of_its_transaction(qstash_api: FakeQStash) -> None:
    with rolled_back():
        async_to_sync(aqstash.outbox.publish)(url=URL, body="rolled back")
        assert bodies() == ["rolled back"]
    with transaction.atomic():
        async_to_sync(aqstash.outbox.batch)([{"url": URL, "body": "1"}])
        async_to_sync(aqstash.outbox.enqueue_json)(url=URL, queue="mail", body=2)
    assert {qstash_api.next().body, qstash_api.next().body} == {b"1", b"2"}


def test_errors_show_nothing_of_a_message(qstash_api: FakeQStash) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(StoredMessage)
    try:
        with pytest.raises(Exception, match=r"(?i)qstash_outbox") as caught, transaction.atomic():
            qstash.outbox.publish(url=URL, body="do not show me", headers={"X-Key": "nor me"})
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(StoredMessage)
    shown = str(caught.value)
    frame = caught.value.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename != __file__:
            shown += repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
    assert "do not show me" not in shown
    assert "nor me" not in shown


class Recorded:
    def __init__(self) -> None:
        self.bodies: list[bytes | None] = []

    def __call__(self, request: APIRequest) -> APIResponse:
        self.bodies.append(request.body)
        return APIResponse(201, b'{"messageId":"msg_1"}')


def test_in_a_testcase_it_is_sent_where_the_hooks_are_run() -> None:
    recorded = Recorded()

    class InTestCase(TestCase):
        databases = {"default", "other"}  # noqa: RUF012 - as Django's users write it

        def test_it(self) -> None:
            qstash.outbox.publish(url=URL, body="no hook is run")
            with self.captureOnCommitCallbacks(execute=True):
                qstash.outbox.publish(url=URL, body="sent")
                assert recorded.bodies == []
            assert recorded.bodies == [b"sent"]
            assert bodies() == ["no hook is run"]

    with override_settings(QSTASH=SETTINGS), override_transport(recorded):
        result = unittest.TestResult()
        unittest.TestSuite([InTestCase("test_it")]).run(result)
    assert result.wasSuccessful(), result.errors + result.failures


def test_a_test_sees_what_was_written_and_what_a_commit_has_sent() -> None:
    with Outbox() as outbox:
        with rolled_back():
            qstash.outbox.publish(url=URL, body="rolled back")
            assert [message.body for message in outbox.written] == [b"rolled back"]
        assert outbox.written == []
        with transaction.atomic():
            qstash.outbox.publish_json(url=URL, body={"id": 1})
            assert outbox.messages == []
        outbox.assert_published(url=URL, json={"id": 1})
        assert [message.body for message in outbox.written] == [b'{"id":1}']


def test_what_fails_in_a_test_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(request: APIRequest) -> APIResponse:
        return APIResponse(400, b'{"error":"no such queue"}')

    with override_settings(QSTASH=SETTINGS), override_transport(refuse):
        qstash.outbox.publish(url=URL)
    assert "no such queue" in caplog.text
    assert StoredMessage.objects.get().state == "parked"


def test_signatures_name_the_options() -> None:
    parameters = inspect.signature(qstash.outbox.publish_json).parameters
    assert {"using", "url", "url_group", "body", "delay"} <= {*parameters}
    assert "api" not in parameters
    assert [*inspect.signature(aqstash.outbox.publish_json).parameters] == [*parameters]
