"""``publish_on_commit`` and QSTASH_ON_COMMIT: what is rolled back publishes nothing, on SQLite and on PostgreSQL."""

import inspect
import json
import pickle
import unittest
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from copy import copy, deepcopy
from typing import Any

import anyio
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import TestCase, override_settings
from django.urls import path

from qstash_integrations import APIError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations._core.publishing.results.published import PublishResponse
from qstash_integrations.django import aqstash, qstash
from tests.databases import POSTGRESQL, SQLITE, fresh
from tests.django.project import forget_connections, use
from tests.django.shop import HOSTS
from tests.hosts import Request as HttpCall

URL = "https://api.example.com/ship"
NOT_YET = "^nothing was published yet: that happens when the transaction commits"


class Queue:
    """A QStash that notes, with each message, how many orders everybody else could see by then."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.urls: list[str] = []
        self.visible: list[int] = []
        self.answer: APIResponse | None = None

    def __call__(self, request: APIRequest) -> APIResponse:
        with ThreadPoolExecutor(1) as elsewhere:
            self.visible.append(elsewhere.submit(count_orders).result())
        self.urls.append(request.url.partition("/v2/")[2])
        self.bodies.append((request.body or b"").decode())
        if self.answer is not None:
            return self.answer
        receipt: Any = {"messageId": f"msg_{len(self.bodies)}"}
        return APIResponse(201, json.dumps([receipt] * 2 if request.url.endswith("/batch") else receipt).encode())


def count_orders() -> int:
    with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        return int(cursor.fetchone()[0])


# MariaDB checks no reference at the commit, which some of these want to fail.
@pytest.fixture(autouse=True, params=[SQLITE, POSTGRESQL])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """``default`` with an empty table of orders, and ``other`` for the same database."""
    with fresh(request) as empty:
        use(empty, monkeypatch)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE shops (id INTEGER PRIMARY KEY)")
            cursor.execute(
                "CREATE TABLE orders (id INTEGER, shop INTEGER REFERENCES shops (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        yield
        forget_connections()


@pytest.fixture
def queue() -> Generator[Queue]:
    with override_settings(QSTASH={"TOKEN": "qstash_test"}), override_transport(made := Queue()):
        yield made


def order(number: int = 1, shop: int | None = None, using: str = "default") -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (%s, %s)", [number, shop])


class Rollback(Exception):
    pass


def test_it_is_published_once_everybody_sees_what_was_written(queue: Queue) -> None:
    with transaction.atomic():
        receipt = qstash.publish_on_commit(url=URL, body={"id": 1})
        order()
        assert queue.bodies == []
    assert (queue.bodies, queue.visible) == (['{"id":1}'], [1])
    assert receipt.message_id == "msg_1"


def test_what_is_rolled_back_publishes_nothing(queue: Queue) -> None:
    receipts: list[PublishResponse] = []
    with suppress(Rollback), transaction.atomic():
        receipts.append(qstash.publish_on_commit(url=URL, body="1"))
        raise Rollback
    with transaction.atomic():
        order()
    assert queue.bodies == []
    with pytest.raises(RuntimeError, match=NOT_YET):
        receipts[0].message_id  # noqa: B018


def test_a_commit_that_fails_publishes_nothing(queue: Queue) -> None:
    @transaction.atomic
    def ship() -> None:
        order(shop=404)
        qstash.publish_on_commit(url=URL, body="1")

    with pytest.raises(IntegrityError):
        ship()
    assert queue.bodies == []


def test_savepoints_count(queue: Queue) -> None:
    with transaction.atomic():
        qstash.publish_on_commit(url=URL, body="outside")
        with suppress(Rollback), transaction.atomic():
            qstash.publish_on_commit(url=URL, body="rolled back")
            with transaction.atomic():
                qstash.publish_on_commit(url=URL, body="within what is rolled back")
            raise Rollback
        with transaction.atomic():
            qstash.publish_on_commit(url=URL, body="released")
        assert queue.bodies == []
    assert queue.bodies == ["outside", "released"]


def test_outside_a_transaction_it_is_published_at_once(queue: Queue) -> None:
    assert qstash.publish_on_commit({"url": URL, "body": "1"}) == PublishResponse(message_id="msg_1")
    assert qstash.publish_on_commit(url=URL, queue="mail").message_id == "msg_2"
    assert queue.urls == [f"publish/{URL}", f"enqueue/mail/{URL}"]


def test_another_databases_transaction_is_named(queue: Queue) -> None:
    with transaction.atomic(using="other"):
        qstash.publish_on_commit(url=URL, body="default is not in a transaction")
        qstash.publish_on_commit({"url": URL, "body": "other is"}, using="other")
        order(using="other")
        assert queue.bodies == ["default is not in a transaction"]
    assert (queue.bodies[1:], queue.visible) == (["other is"], [0, 1])


def test_a_transaction_by_hand_is_refused_as_by_django(queue: Queue) -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(transaction.TransactionManagementError, match="manual transaction management"):
            qstash.publish_on_commit(url=URL)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert queue.bodies == []


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a url": ({"url": "nonsense"}, ValueError, "^url must start with https:// or http://"),
    "an option": ({"url": URL, "dealy": 3}, TypeError, "^unknown option 'dealy'"),
    "a body": ({"url": URL, "body": 3}, TypeError, "^body must be bytes, str, dict or list, not int"),
    "no destination": ({"body": "1"}, ValueError, "^give exactly one of url, url_group and api, not none$"),
}


@pytest.mark.parametrize(("message", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_message_is_checked_at_the_call(queue: Queue, message: Any, error: type[Exception], text: str) -> None:
    with transaction.atomic(), pytest.raises(error, match=text):
        qstash.publish_on_commit(message)
    assert queue.bodies == []


def test_a_missing_setting_is_said_at_the_call() -> None:
    with transaction.atomic(), pytest.raises(ImproperlyConfigured, match="QSTASH_TOKEN is not set"):
        qstash.publish_on_commit(url=URL)


def test_until_the_commit_the_receipt_says_that_there_is_none(queue: Queue) -> None:
    with transaction.atomic():
        receipt: Any = qstash.publish_on_commit(url=URL)
        for ask in (
            lambda: receipt.message_id,
            lambda: str(receipt),
            lambda: len(receipt),
            lambda: bool(receipt),
            lambda: receipt == 1,
            lambda: copy(receipt),
            lambda: pickle.dumps(receipt),
        ):
            with pytest.raises(RuntimeError, match=NOT_YET):
                ask()
        assert repr(receipt).startswith("<Receipt: nothing was published yet")
    for made in (copy(receipt), deepcopy(receipt), pickle.loads(pickle.dumps(receipt)), receipt):
        assert made == PublishResponse(message_id="msg_1")
    assert repr(receipt) == "PublishResponse(message_id='msg_1', deduplicated=False)"
    assert isinstance(receipt, PublishResponse)


def test_what_fails_after_the_commit_is_logged_and_the_rest_is_published(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    with transaction.atomic():
        order()
        receipt = qstash.publish_on_commit(url=URL, body="secret")
        transaction.on_commit(lambda: ran.append("the next hook"))
        queue.answer = APIResponse(400, b'{"error":"no such plan"}')
    assert (queue.visible, ran) == ([1], ["the next hook"])
    with pytest.raises(APIError, match="no such plan"):
        receipt.message_id  # noqa: B018
    assert repr(receipt) == "<Receipt: QStash answered 400: no such plan>"
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage().endswith("(QStash answered 400: no such plan).")
    assert "secret" not in caplog.text


def test_within_a_test_case_django_can_play_the_commit(queue: Queue) -> None:
    class Orders(TestCase):
        def runTest(self) -> None:
            with self.captureOnCommitCallbacks(execute=True), override_settings(QSTASH_ON_COMMIT=True):
                receipt = qstash.publish_on_commit(url=URL, body="1")
                qstash.publish(url=URL, body="2")
            assert receipt.message_id == "msg_1"

    result = unittest.TestResult()
    unittest.TestSuite([Orders()]).run(result)
    assert [*result.errors, *result.failures] == []
    assert queue.bodies == ["1", "2"]


def answers(error: Exception | None) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        order()
        qstash.publish_json(url=URL, body={"id": 1})
        if error:
            raise error
        return HttpResponse("ordered")

    return view


@pytest.mark.parametrize(
    ("error", "status", "sent"), [(None, 200, ['{"id":1}']), (KeyError("id"), 500, [])], ids=["answers", "raises"]
)
def test_by_default_a_view_that_raises_publishes_nothing(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, error: Exception | None, status: int, sent: list[str]
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    with override_settings(QSTASH={"TOKEN": "qstash_test", "ON_COMMIT": True}):
        assert HOSTS["wsgi"](path("orders", answers(error)))(HttpCall("/orders", method="GET")).status == status
    assert (queue.bodies, queue.visible) == (sent, [1] * len(sent))


VERBS: dict[str, tuple[Callable[[], Any], str]] = {
    "publish": (lambda: qstash.publish(url=URL), f"publish/{URL}"),
    "publish_json": (lambda: qstash.publish_json(url=URL), f"publish/{URL}"),
    "enqueue": (lambda: qstash.enqueue(url=URL, queue="q"), f"enqueue/q/{URL}"),
    "enqueue_json": (lambda: qstash.enqueue_json(url=URL, queue="q"), f"enqueue/q/{URL}"),
    "message.publish": (lambda: qstash.message.publish(url=URL), f"publish/{URL}"),
    "through aqstash.sync": (lambda: aqstash.sync.publish(url=URL), f"publish/{URL}"),
}


@pytest.mark.parametrize(("publish", "url"), VERBS.values(), ids=VERBS)
def test_every_verb_waits_by_default(queue: Queue, publish: Callable[[], Any], url: str) -> None:
    with override_settings(QSTASH_ON_COMMIT=True), transaction.atomic():
        receipt = publish()
        assert queue.urls == []
        with pytest.raises(RuntimeError, match=NOT_YET):
            receipt.message_id  # noqa: B018
    assert (queue.urls, receipt.message_id) == ([url], "msg_1")


def test_a_batch_waits_as_well(queue: Queue) -> None:
    with override_settings(QSTASH_ON_COMMIT=True), transaction.atomic():
        receipts: Any = qstash.batch([{"url": URL}, {"url": URL}])
        with pytest.raises(RuntimeError, match=NOT_YET):
            len(receipts)
    assert [receipt.message_id for receipt in receipts] == ["msg_1", "msg_1"]
    assert queue.urls == ["batch"]


def test_other_calls_do_not_wait(queue: Queue) -> None:
    queue.answer = APIResponse(202, b"")
    with override_settings(QSTASH_ON_COMMIT=True), transaction.atomic():
        qstash.message.cancel("msg_1")
        assert queue.urls == ["messages/msg_1"]


def test_what_is_sent_in_parts_cannot_wait(queue: Queue) -> None:
    messages: Any = [{"url": URL}, {"url": URL}]
    with override_settings(QSTASH_ON_COMMIT=True):
        with transaction.atomic():
            many = qstash.publish_many(messages)
            with pytest.raises(RuntimeError, match=r"^publish_many sends while it is iterated over"):
                next(many)
            assert queue.urls == []
        assert many.send() == 2


def test_without_the_setting_nothing_waits(queue: Queue) -> None:
    with override_settings(QSTASH_ON_COMMIT=False), transaction.atomic():
        assert qstash.publish(url=URL).message_id == "msg_1"


def test_the_setting_is_true_or_false(queue: Queue) -> None:
    for settings in ({"QSTASH": {"TOKEN": "t", "ON_COMMIT": "yes"}}, {"QSTASH_ON_COMMIT": "yes"}):
        with (
            override_settings(**settings),
            pytest.raises(ImproperlyConfigured, match=r"^QSTASH_ON_COMMIT must be True or False, not 'yes'$"),
        ):
            qstash.publish(url=URL)


def in_async_code(call: Callable[[], Any]) -> Any:
    async def run() -> Any:
        try:
            return await call()
        finally:
            await sync_to_async(forget_connections)()

    return anyio.run(run)


@pytest.mark.parametrize("by_default", [False, True])
def test_async_code_has_no_transaction_and_publishes_at_once(queue: Queue, by_default: bool) -> None:
    with override_settings(QSTASH_ON_COMMIT=by_default):
        receipt = in_async_code(lambda: aqstash.publish_on_commit(url=URL, body="1"))
        assert in_async_code(lambda: aqstash.publish({"url": URL, "body": "2"})).message_id == "msg_2"
    assert (receipt, queue.bodies) == (PublishResponse(message_id="msg_1"), ["1", "2"])


def test_async_code_within_a_transaction_of_sync_code_waits_for_it(queue: Queue) -> None:
    @async_to_sync
    async def ship() -> list[Any]:
        explicit = await aqstash.publish_on_commit(url=URL, body="explicit")
        with override_settings(QSTASH_ON_COMMIT=True):
            return [explicit, await aqstash.publish(url=URL, body="by default")]

    with suppress(Rollback), transaction.atomic():
        ship()
        raise Rollback
    with transaction.atomic():
        order()
        receipts = ship()
        assert queue.bodies == []
    assert (queue.bodies, queue.visible) == (["explicit", "by default"], [1, 1])
    assert [receipt.message_id for receipt in receipts] == ["msg_1", "msg_2"]


def test_the_twins_take_and_say_the_same() -> None:
    plain, awaited = type(qstash).publish_on_commit, type(aqstash).publish_on_commit
    assert inspect.signature(plain) == inspect.signature(awaited)
    assert inspect.getdoc(plain) == inspect.getdoc(awaited)
