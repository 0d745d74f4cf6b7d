"""The promises of the backend, one by one, each against the calls that QStash makes."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction
from django.test import override_settings
from django.utils import timezone

from qstash_integrations import APIError, NonRetryable, RetryAfter
from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations.django.tasks import QStashTask, qstash_options
from qstash_integrations.django.tasks.api import (
    InvalidTask,
    InvalidTaskBackend,
    TaskResultDoesNotExist,
    task_backends,
    task_enqueued,
    task_finished,
    task_started,
)
from qstash_integrations.django.tasks.models import StoredTask
from qstash_integrations.testing import sign
from tests.django.project import urlconf
from tests.django_tasks import shop
from tests.django_tasks.calls import ORIGIN, SETTINGS, FakeQStash, Message, send
from tests.django_tasks.shop import BACKEND, ship, ship_once, task
from tests.signing import ATTACKER, CURRENT


def row() -> StoredTask:
    return StoredTask.objects.get()


def options(**given: Any) -> Any:
    return override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": [], "OPTIONS": given}})


def die(seconds_ago: float = 1) -> None:
    """As if a worker had taken the row and died: its lease is over since then."""
    StoredTask.objects.update(lease_until=timezone.now() - timedelta(seconds=seconds_ago))


class Signals:
    def __init__(self) -> None:
        self.seen: list[Any] = []
        for name, signal in {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}.items():
            signal.connect(self._noting(name), weak=False, dispatch_uid=f"test {name}")

    def _noting(self, name: str) -> Any:
        def note(sender: Any, task_result: Any, **_: Any) -> None:
            self.seen.append((name, str(task_result.status)))

        return note

    def close(self) -> None:
        for name, signal in {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}.items():
            signal.disconnect(dispatch_uid=f"test {name}")


@pytest.fixture
def signals() -> Any:
    noted = Signals()
    yield noted.seen
    noted.close()


# 1. The row before the message.


def test_the_row_is_there_when_the_message_is_published_under_its_id(queue: FakeQStash) -> None:
    result = ship.enqueue(3)
    assert (row().pk, row().message_id, row().publishes) == (result.id, "msg_1", 1)
    assert queue.last.headers["Upstash-Deduplication-Id"] == result.id
    assert f"?id={result.id}&at=" in queue.last.url
    assert queue.last.url.endswith("&of=3")


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_failed_publish_is_told_and_ends_the_row(queue: FakeQStash, signals: Any, status: int) -> None:
    queue.refusal = APIResponse(status, b'{"error":"no"}')
    with pytest.raises(APIError):
        ship.enqueue(3)
    assert (row().status, row().errors[0]["exception_class_path"]) == (
        "FAILED",
        "qstash_integrations._core.errors.APIError",
    )
    assert signals == [("finished", "FAILED")]


def test_what_was_told_as_failed_does_not_run_where_only_the_answer_was_lost(queue: FakeQStash) -> None:
    queue.refusal = APIResponse(500, b"{}")
    with pytest.raises(APIError):
        ship.enqueue(3)
    queue.refusal = None
    ship.using(backend="default").enqueue(4)
    lost = queue.last._replace(
        url=queue.last.url.replace(
            StoredTask.objects.get(status="READY").pk, StoredTask.objects.get(status="FAILED").pk
        )
    )
    assert queue.deliver(lost).status_code == 200
    assert shop.ran == []


def test_a_missing_setting_is_said_before_a_row_is_written(queue: FakeQStash) -> None:
    with override_settings(QSTASH={"PUBLIC_URL": ORIGIN}), pytest.raises(ImproperlyConfigured, match="QSTASH_TOKEN"):
        ship.enqueue(3)
    with override_settings(QSTASH={"TOKEN": "x"}), pytest.raises(ImproperlyConfigured, match="QSTASH_PUBLIC_URL"):
        ship.enqueue(3)
    with override_settings(ROOT_URLCONF=urlconf()), pytest.raises(ImproperlyConfigured, match="include"):
        ship.enqueue(3)
    assert not StoredTask.objects.exists()


# 2. Only tasks, always verified, never atomic.


@pytest.mark.parametrize("name", ["tests.django_tasks.shop.no_task", "os.system", "no.such.module", "ship", "shop.ran"])
def test_only_tasks_run(queue: FakeQStash, name: str) -> None:
    body = b'{"args":["3"],"kwargs":{}}'
    assert send(f"{ORIGIN}/qstash/django/{name}?id=0&at=0&of=3", body).status_code == 404
    assert send(f"{ORIGIN}/qstash/django/{name}?of=3", body).status_code == 404
    assert shop.ran == []


def test_nothing_is_imported_by_a_name_from_outside_that_no_app_has(queue: FakeQStash) -> None:
    assert send(f"{ORIGIN}/qstash/django/antigravity.fly?of=3").status_code == 404
    assert "antigravity" not in sys.modules


def forged(message: Any) -> dict[str, dict[str, Any]]:
    return {
        "unsigned": {"headers": {}},
        "another key": {"key": ATTACKER},
        "another body": {"body_hash": "AAAA"},
        "another task": {"sub": message.url.replace("ship", "attempt")},
        "another row": {"sub": message.url.replace("id=", "id=1")},
        "more retries": {"sub": message.url + "0"},
        "expired": {"exp": 1, "nbf": 0, "iat": 0},
    }


@pytest.mark.parametrize(
    "kind", ["unsigned", "another key", "another body", "another task", "another row", "more retries", "expired"]
)
def test_a_forged_call_runs_nothing(queue: FakeQStash, kind: str) -> None:
    ship.enqueue(3)
    forgery = forged(queue.last)[kind]
    assert queue.deliver(**forgery).status_code == 401
    failed = queue.last._replace(url=queue.last.headers["Upstash-Failure-Callback"])
    assert queue.deliver(failed, **forged(failed)[kind]).status_code == 401
    assert (shop.ran, row().status, row().runs) == ([], "READY", 0)


def test_a_delivery_is_no_failure_callback_and_the_other_way_round(queue: FakeQStash) -> None:
    ship.enqueue(3)
    run, failed = queue.last.url, queue.last.headers["Upstash-Failure-Callback"]
    path = failed.removeprefix(ORIGIN)
    assert send(run, queue.last.body, path=path).status_code == 401
    assert send(failed, queue.last.body).status_code == 400
    assert (shop.ran, row().status) == ([], "READY")


def test_the_row_of_another_task_does_not_run(queue: FakeQStash) -> None:
    ship.enqueue(3)
    assert send(queue.last.url.replace("shop.ship", "shop.ship_async"), queue.last.body).status_code == 404
    assert (shop.ran, row().runs) == ([], 0)


DEEP = b'{"args":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
NONE_OF_OURS = [b"", b"[]", b"no json", b'{"args":3}', b'{"kwargs":[]}', b'{"backend":3}', b'{"args":[NaN]}', DEEP]


@pytest.mark.parametrize("body", NONE_OF_OURS, ids=range(8))
def test_a_body_that_is_none_of_ours_is_refused(queue: FakeQStash, body: bytes) -> None:
    assert send(f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship?of=3", body).status_code == 400
    assert (shop.ran, StoredTask.objects.count()) == ([], 0)


@pytest.mark.parametrize("name", ["immediate", "nobody"])
def test_a_backend_that_is_none_of_ours_is_refused(queue: FakeQStash, name: str) -> None:
    immediate = BACKEND.replace("qstash_integrations.django.tasks.QStashBackend", "tests.django_tasks.shop.Elsewhere")
    with override_settings(TASKS={"default": {"BACKEND": BACKEND}, "immediate": {"BACKEND": immediate}}):
        body = json.dumps({"backend": name, "args": [3]}).encode()
        assert send(f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship?of=3", body).status_code == 404
    assert shop.ran == []


@pytest.mark.parametrize("outcome", ["returns", "NonRetryable", "last failure"])
def test_atomic_requests_roll_nothing_back(queue: FakeQStash, monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    for alias in ("default", "other"):
        monkeypatch.setitem(connections.settings[alias], "ATOMIC_REQUESTS", True)
    atomic: list[bool] = []

    def run() -> None:
        atomic.append(connection.in_atomic_block)
        if outcome == "NonRetryable":
            raise NonRetryable("no such order")
        if outcome == "last failure":
            raise LookupError

    shop.during[:] = [run]
    ship_once.enqueue(3)
    queue.deliver()
    assert atomic == [False]
    assert row().status == ("SUCCESSFUL" if outcome == "returns" else "FAILED")


# 3. Redelivery.


def test_a_delivery_while_another_one_runs_is_told_when_to_come_again(queue: FakeQStash) -> None:
    answers: list[Any] = []
    shop.during[:] = [lambda: answers.append(queue.deliver())]
    ship.using(timeout="20s").enqueue(3)
    assert queue.deliver().status_code == 200
    (answer,) = answers
    assert (answer.status_code, int(answer["Retry-After"])) == (409, pytest.approx(30, abs=2))
    assert (len(shop.ran), row().runs) == (1, 1)


def test_a_delivery_of_a_finished_task_is_2xx_and_does_not_run(queue: FakeQStash) -> None:
    ship.enqueue(3)
    assert [queue.deliver().status_code for _ in range(2)] == [200, 200]
    assert len(shop.ran) == 1


def test_a_failed_task_comes_again_from_the_dead_letter_queue_alone(queue: FakeQStash, signals: Any) -> None:
    shop.during[:] = [shop.raises(LookupError())] * 2
    ship_once.enqueue(3)
    assert queue.deliver().status_code == 489
    assert queue.deliver().status_code == 200
    assert len(shop.ran) == 1
    assert queue.deliver(message_id="msg_retried").status_code == 489
    assert queue.deliver(message_id="msg_retried").status_code == 200
    assert (len(shop.ran), row().status) == (2, "FAILED")
    assert queue.deliver(message_id="msg_retried_again").status_code == 200
    assert (len(shop.ran), row().status, row().return_value) == (3, "SUCCESSFUL", None)
    assert [name for name, _ in signals].count("finished") == 3


def test_a_captured_request_does_not_run_a_failed_task_again_under_another_id(queue: FakeQStash) -> None:
    ship_once.enqueue(3)
    shop.during[:] = [shop.raises(LookupError())]
    captured = sign(url=queue.last.url, body=queue.last.body, key=CURRENT, message_id="msg_1")
    assert queue.deliver(headers=captured).status_code == 489
    again = {**captured, "Upstash-Message-Id": "msg_other"}
    assert queue.deliver(headers=again).status_code == 200
    assert len(shop.ran) == 1
    # Nor one that was captured before the failure, and never presented.
    StoredTask.objects.update(finished_at=timezone.now() + timedelta(minutes=2))
    assert queue.deliver(message_id="msg_other").status_code == 200
    assert len(shop.ran) == 1


# 4. What a run leaves.


@pytest.mark.parametrize(
    "value",
    [{1}, object(), float("inf"), {"a": datetime(2026, 1, 1, tzinfo=UTC)}],
    ids=["a set", "an object", "infinity", "a time"],
)
def test_a_return_value_that_is_no_json_is_final(queue: FakeQStash, value: Any) -> None:
    shop.during[:] = [shop.returns(value)]
    ship.enqueue(3)
    assert queue.deliver().status_code == 489
    assert queue.deliver().status_code == 200
    assert (row().status, row().runs, len(row().errors)) == ("FAILED", 1, 1)


@pytest.mark.parametrize("value", ["\0", "\ud800", {"a": ["\0"]}, 10**400, None, "", [], {"1": 2}], ids=repr)
def test_whatever_json_can_hold_is_kept(queue: FakeQStash, value: Any) -> None:
    shop.during[:] = [shop.returns(value)]
    result = ship.enqueue(3)
    assert queue.deliver().status_code == 200
    result.refresh()
    assert (result.status, result.return_value) == ("SUCCESSFUL", value)


def test_an_error_is_kept_with_its_traceback_and_whatever_it_says(queue: FakeQStash) -> None:
    shop.during[:] = [shop.raises(LookupError("no \0 order"))]
    result = ship.enqueue(3)
    assert queue.deliver().status_code == 500
    result.refresh()
    assert (result.status, result.errors[0].exception_class) == ("READY", LookupError)
    assert "no \0 order" in result.errors[0].traceback


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=["SystemExit", "KeyboardInterrupt"])
def test_what_asks_the_server_to_stop_passes_on_once_the_row_knows(queue: FakeQStash, error: BaseException) -> None:
    shop.during[:] = [shop.raises(error)]
    ship.enqueue(3)
    with pytest.raises(type(error)):
        queue.deliver()
    assert (row().status, row().lease_until) == ("READY", None)


def test_what_a_task_says_steers_qstash(queue: FakeQStash) -> None:
    shop.during[:] = [shop.raises(RetryAfter(60, "later")), shop.raises(NonRetryable("no such order"))]
    ship.enqueue(3)
    answer = queue.deliver()
    assert (answer.status_code, answer["Retry-After"], row().status, row().errors) == (503, "60", "READY", [])
    answer = queue.deliver()
    assert (answer.status_code, answer["Upstash-NonRetryable-Error"], row().status) == (489, "true", "FAILED")


def test_who_has_lost_its_lease_changes_nothing(queue: FakeQStash, signals: Any) -> None:
    def outlast() -> str:
        die()
        shop.during[:] = [shop.returns("second")]
        assert queue.deliver().status_code == 200
        return "first"

    shop.during[:] = [outlast]
    ship.enqueue(3)
    assert queue.deliver().status_code == 409
    assert (row().status, row().return_value, row().runs) == ("SUCCESSFUL", "second", 2)
    assert [name for name, _ in signals] == ["enqueued", "started", "started", "finished"]


def test_who_outlasts_the_reaper_changes_nothing(queue: FakeQStash) -> None:
    def outlast() -> str:
        die()
        assert queue.give_up(status=0).status_code == 200
        return "late"

    shop.during[:] = [outlast]
    ship_once.enqueue(3)
    assert queue.deliver().status_code == 409
    assert (row().status, row().return_value) == ("FAILED", None)


# 5. QStash is the reaper.


def test_the_failure_callback_has_retries_of_its_own(queue: FakeQStash) -> None:
    ship_once.enqueue(3)
    assert queue.last.headers["Upstash-Retries"] == "0"
    assert queue.last.headers["Upstash-Failure-Callback-Retries"] == "3"
    assert queue.last.headers["Upstash-Timeout"] == "5m"


def killed(queue: FakeQStash) -> None:
    """A run whose process dies: the row stays as its claim has left it."""
    before = row()
    shop.during[:] = [shop.returns(None)]
    queue.deliver()
    StoredTask.objects.update(
        status="RUNNING", finished_at=None, lease_until=timezone.now() + timedelta(seconds=9), runs=before.runs + 1
    )


def test_a_dead_worker_without_a_run_left_is_found_when_its_lease_is_over(queue: FakeQStash, signals: Any) -> None:
    ship_once.enqueue(3)
    killed(queue)
    answer = queue.give_up(status=0)
    assert (answer.status_code, int(answer["Retry-After"])) == (409, pytest.approx(9, abs=1))
    assert row().status == "RUNNING"
    die()
    signals.clear()
    assert queue.give_up(status=0).status_code == 200
    assert (row().status, signals) == ("FAILED", [("finished", "FAILED")])
    assert row().errors[-1]["exception_class_path"] == "qstash_integrations.django.tasks.errors.WorkerLost"
    assert queue.give_up(status=0).status_code == 200
    assert len(queue.messages) == 1


def test_a_dead_worker_whose_409s_have_used_the_retry_gets_another_message(queue: FakeQStash) -> None:
    ship.using(retries=1).enqueue(3)
    killed(queue)
    assert queue.deliver(retried=1).status_code == 409
    die()
    assert queue.give_up(status=409).status_code == 200
    assert (row().status, row().message_id, row().given_up) == ("READY", "msg_2", ["msg_1"])
    again = queue.last
    assert again.headers["Upstash-Retries"] == "0"
    assert again.headers["Upstash-Deduplication-Id"] == f"{row().pk}-1"
    # The same callback, whose answer got lost: nothing more.
    assert queue.give_up(queue.messages[0], status=409).status_code == 200
    assert len(queue.messages) == 2
    killed(queue)
    die()
    assert queue.give_up(status=0).status_code == 200
    assert (row().status, row().runs, len(queue.messages)) == ("FAILED", 2, 2)


def test_a_delivery_finds_the_last_run_dead(queue: FakeQStash, signals: Any) -> None:
    ship_once.enqueue(3)
    killed(queue)
    die()
    signals.clear()
    assert queue.deliver().status_code == 489
    assert (row().status, signals) == ("FAILED", [("finished", "FAILED")])


def test_the_failure_callback_never_overwrites_a_success(queue: FakeQStash) -> None:
    ship.enqueue(3)
    queue.deliver()
    assert queue.give_up(status=0).status_code == 200
    assert (row().status, row().errors, len(queue.messages)) == ("SUCCESSFUL", [], 1)


def test_what_was_refused_for_good_is_not_published_again(queue: FakeQStash) -> None:
    ship.enqueue(3)
    assert queue.give_up(status=489).status_code == 200
    assert (row().status, len(queue.messages)) == ("FAILED", 1)
    assert "489" in row().errors[0]["traceback"]


def test_an_outage_of_the_app_fails_no_task_and_ends_at_last(queue: FakeQStash) -> None:
    ship_once.enqueue(3)
    for _ in range(10):
        if row().status == "FAILED":
            break
        assert queue.give_up(status=0).status_code == 200
    assert (row().status, row().runs, len(queue.messages)) == ("FAILED", 0, 3)


def test_a_callback_that_cannot_publish_comes_again(queue: FakeQStash) -> None:
    ship.using(retries=1).enqueue(3)
    message = queue.last
    queue.refusal = APIResponse(500, b"{}")
    assert queue.give_up(message, status=409).status_code == 500
    queue.refusal = None
    assert queue.give_up(message, status=409).status_code == 200
    assert (row().status, len(queue.messages)) == ("READY", 2)


def test_the_callback_of_a_row_that_is_not_committed_yet_comes_again(queue: FakeQStash) -> None:
    ship.enqueue(3)
    StoredTask.objects.all().delete()
    assert queue.give_up().status_code == 503


# 6. Attempts and signals.


def test_attempts_are_runs_and_not_what_qstash_counts(queue: FakeQStash, signals: Any) -> None:
    shop.during[:] = [shop.raises(LookupError())]
    result = shop.attempt.enqueue()
    queue.deliver(retried=7)
    queue.deliver(retried=9)
    result.refresh()
    assert (shop.ran, result.attempts, len(set(result.worker_ids))) == ([1, 2], 2, 2)
    assert signals == [
        ("enqueued", "READY"), ("started", "RUNNING"), ("started", "RUNNING"), ("finished", "SUCCESSFUL"),
    ]  # fmt: skip


def test_a_receiver_that_raises_changes_nothing(queue: FakeQStash, caplog: pytest.LogCaptureFixture) -> None:
    def receiver(**_: Any) -> None:
        raise LookupError("a fault of the receiver")

    for signal in (task_enqueued, task_started, task_finished):
        signal.connect(receiver)
    try:
        ship.enqueue(3)
        assert queue.deliver().status_code == 200
    finally:
        for signal in (task_enqueued, task_started, task_finished):
            signal.disconnect(receiver)
    assert (row().status, row().runs) == ("SUCCESSFUL", 1)


# 7. When, and in which queue.


@pytest.mark.parametrize("kind", ["timedelta", "datetime"])
def test_run_after_is_an_instant_or_a_span(queue: FakeQStash, kind: str) -> None:
    later = timedelta(hours=2)
    result = ship.using(run_after=later if kind == "timedelta" else timezone.now() + later).enqueue(3)
    due = int(queue.last.headers["Upstash-Not-Before"])
    assert due == pytest.approx((timezone.now() + later).timestamp(), abs=5)
    assert row().run_after is not None
    assert ship.get_result(result.id) == result


def test_a_span_counts_from_each_enqueue(queue: FakeQStash) -> None:
    later = ship.using(run_after=timedelta(hours=2))
    later.enqueue(3)
    later.enqueue(4)
    first, second = (int(message.headers["Upstash-Not-Before"]) for message in queue.messages)
    assert later.run_after == timedelta(hours=2)
    assert second >= first


@pytest.mark.parametrize("delay", [timedelta(days=400), timedelta(days=366, seconds=60)])
def test_what_qstash_does_not_take_is_said_at_the_call(queue: FakeQStash, delay: timedelta) -> None:
    with pytest.raises(InvalidTask, match="366 days"):
        ship.using(run_after=delay)
    with pytest.raises(InvalidTask, match="366 days"):
        ship.using(run_after=timezone.now() + delay)
    with options(MAX_DELAY="7d"), pytest.raises(InvalidTask, match="7 days"):
        ship.using(run_after=timedelta(days=8))


def test_the_limit_of_the_plan_is_the_tasks_fault_as_well(queue: FakeQStash) -> None:
    queue.refusal = APIResponse(412, b'{"error":"quota maxDelay exceeded, current limit: 604800"}')
    with pytest.raises(InvalidTask, match="604800"):
        ship.using(run_after=timedelta(days=30)).enqueue(3)
    assert row().status == "FAILED"


def test_queues_are_qstashs_but_for_the_default(queue: FakeQStash) -> None:
    with options(QUEUES={"slow": "bulk", "fast": None}):
        for name in ("default", "slow", "fast", "mail"):
            ship.using(queue_name=name).enqueue(3)
    assert [message.queue for message in queue.messages] == [None, "bulk", None, "mail"]
    with options(QUEUES={"default": "orders"}):
        ship.enqueue(3)
    assert queue.last.queue == "orders"


def test_priorities_are_refused() -> None:
    with pytest.raises(InvalidTask, match="priority"):
        ship.using(priority=5)


# 8. Options.


def test_options_come_from_the_settings_the_function_and_the_task(queue: FakeQStash) -> None:
    with options(retries=7, label="shop", timeout="1m"):
        ship.enqueue(3)
        assert (queue.last.headers["Upstash-Retries"], queue.last.headers["Upstash-Label"]) == ("7", "shop")
        ship_once.enqueue(3)
        assert (queue.last.headers["Upstash-Retries"], queue.last.headers["Upstash-Label"]) == ("0", "careful")
        ship_once.using(retries=2, flow_control={"key": "crm", "rate": 2, "period": timedelta(minutes=1)}).enqueue(3)
        headers = queue.last.headers
        assert (headers["Upstash-Retries"], headers["Upstash-Timeout"]) == ("2", "1m")
        assert headers["Upstash-Flow-Control-Key"] == "crm"


def test_options_survive_in_the_row_and_in_the_result(queue: FakeQStash) -> None:
    task = ship.using(retries=5, label=["a", "b"], retry_delay="1000")
    result = task.enqueue(3)
    found = ship.get_result(result.id)
    assert isinstance(found.task, QStashTask)
    assert (found.task.retries, found.task.label, found.task.retry_delay) == (5, ["a", "b"], "1000")
    assert isinstance(hash(task.using(flow_control={"key": "crm", "rate": 2})), int)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"retry": 5}, "retry"),
        ({"url": "https://example.com"}, "url"),
        ({"deduplication_id": "x"}, "deduplication_id"),
        ({"failure_callback": "https://example.com"}, "failure_callback"),
        ({"retries": -1}, "retries"),
        ({"retries": "many"}, "retries"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"flow_control": {"key": "crm"}}, "flow_control"),
    ],
    ids=str,
)  # fmt: skip
def test_an_unknown_or_wrong_option_is_named_where_it_is_written(given: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        ship.using(**given)
    with pytest.raises((TypeError, ValueError), match=words):
        qstash_options(**given)(lambda: None)
    with pytest.raises(InvalidTaskBackend, match=words), options(**given):
        task_backends["default"]


def test_options_stand_in_the_decorator(queue: FakeQStash) -> None:
    if (6,) <= django.VERSION < (6, 1):  # it hands no keywords on
        with pytest.raises(TypeError, match="retries"):
            task(retries=5)(ship.func)
        return
    task(retries=5, flow_control={"key": "crm", "rate": 2}, timeout="20s")(ship.func).enqueue(3)
    headers = queue.last.headers
    assert (headers["Upstash-Retries"], headers["Upstash-Timeout"]) == ("5", "20s")
    assert headers["Upstash-Flow-Control-Key"] == "crm"
    for wrong in ({"retry": 5}, {"retries": -1}):
        with pytest.raises((TypeError, InvalidTask), match="retr"):
            task(**wrong)(ship.func)


def test_options_stand_above_or_below_the_decorator() -> None:
    assert qstash_options(retries=5)(ship) is ship
    assert ship.func.qstash_options == {"retries": 5}
    del ship.func.qstash_options


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ENQUEUE": "later"}, "outbox"),
        ({"ARGUMENTS": "elsewhere"}, "database"),
        ({"RESULTS": 0}, "RESULTS"),
        ({"RESULTS": False, "ARGUMENTS": "database"}, "RESULTS False"),
        ({"QUEUES": ["mail"]}, "QUEUES"),
        ({"QUEUES": {"mail": "no queue"}}, "QUEUES"),
        ({"URL": "shop"}, "URL"),
        ({"MAX_DELAY": "soon"}, "MAX_DELAY"),
        ({"ENQUEU": "now"}, "ENQUEUE"),
        ({1: 2}, "1"),
    ],
    ids=str,
)  # fmt: skip
def test_unknown_or_wrong_options_of_the_backend_raise(given: dict[Any, Any], words: str) -> None:
    setting = {"default": {"BACKEND": BACKEND, "OPTIONS": given}}
    with override_settings(TASKS=setting), pytest.raises(InvalidTaskBackend, match=words):
        task_backends["default"]


# 9. Transactions.


class Rollback(Exception):
    pass


def test_a_message_waits_for_the_commit(queue: FakeQStash, signals: Any) -> None:
    with transaction.atomic():
        result = ship.enqueue(3)
        assert (queue.messages, signals, result.status) == ([], [], "READY")
    assert (len(queue.messages), signals) == (1, [("enqueued", "READY")])


def test_what_is_rolled_back_was_never_enqueued(queue: FakeQStash) -> None:
    with suppress(Rollback), transaction.atomic():
        ship.enqueue(3)
        raise Rollback
    with transaction.atomic():
        with suppress(Rollback), transaction.atomic():
            ship.enqueue(4)
            raise Rollback
        ship.enqueue(5)
    assert [json.loads(message.body)["args"] for message in queue.messages] == [[5]]
    assert row().args == [5]


def test_a_publish_that_fails_after_the_commit_ends_the_row(
    queue: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    queue.refusal = APIResponse(500, b"{}")
    with transaction.atomic():
        result = ship.enqueue(3)
    result.refresh()
    assert result.status == "FAILED"
    assert "on_commit" in caplog.text


def test_now_publishes_within_the_transaction_and_its_delivery_waits_for_the_row(queue: FakeQStash) -> None:
    with options(ENQUEUE="now"), override_settings(QSTASH={**SETTINGS, "ON_COMMIT": True}):
        with suppress(Rollback), transaction.atomic():
            ship.enqueue(3)
            assert len(queue.messages) == 1
            raise Rollback
        answer = queue.deliver()
        assert (answer.status_code, int(answer["Retry-After"])) == (503, 5)
        assert shop.ran == []
        long_ago = queue.last._replace(url=queue.last.url.replace("at=17", "at=16").replace("at=18", "at=17"))
        assert queue.deliver(long_ago).status_code == 489


def test_the_transaction_that_counts_is_that_of_the_row(queue: FakeQStash) -> None:
    with transaction.atomic(using="other"):
        ship.enqueue(3)
        assert len(queue.messages) == 1


def test_without_autocommit_nobody_says_when_it_is_committed(queue: FakeQStash) -> None:
    StoredTask.objects.exists()
    transaction.set_autocommit(False)
    try:
        with pytest.raises(transaction.TransactionManagementError, match="on_commit"):
            ship.enqueue(3)
        transaction.rollback()
        with options(ENQUEUE="now"):
            ship.enqueue(4)
        transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert (len(queue.messages), row().args) == (1, [4])


# 10. Importing and making a backend.


def test_neither_models_nor_the_network_are_needed_to_make_one() -> None:
    program = """
import socket
def refuse(*_): raise AssertionError("network")
socket.socket.connect = refuse
from django.conf import settings
settings.configure(TASKS={"default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend"}})
from qstash_integrations.django.tasks import QStashBackend, qstash_options
from qstash_integrations.django.tasks.api import task_backends
from tests.django_tasks.shop import ship
task_backends["default"]
import sys
assert "qstash_integrations.django.tasks.models" not in sys.modules
assert "pydantic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_threads_have_backends_of_their_own_and_one_set_of_connections(queue: FakeQStash) -> None:
    from qstash_integrations.django import qstash as publisher

    seen: list[Any] = []

    def look() -> None:
        seen.append((task_backends["default"], publisher._connections()))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(backend) for backend, _ in seen}) == 3
    assert len({id(connected) for _, connected in seen}) == 1


# 11. Arguments, results, schedules.


def test_arguments_stay_in_the_row(queue: FakeQStash) -> None:
    with options(ARGUMENTS="database"):
        ship.enqueue("a secret", gift=True)
        assert (queue.last.body, "secret" in queue.last.url) == (b"{}", False)
        answer = queue.deliver()
    assert (shop.ran, answer.content) == ([("a secret", True)], b"null")
    assert row().return_value == {"shipped": "a secret"}


def test_without_results_there_are_no_rows(queue: FakeQStash, signals: Any) -> None:
    shop.during[:] = [shop.raises(LookupError()), shop.returns({"shipped": 3})]
    with options(RESULTS=False):
        result = ship.enqueue(3)
        assert "Upstash-Failure-Callback" not in queue.last.headers
        assert queue.deliver().status_code == 500
        assert (queue.deliver(retried=1).content, len(shop.ran)) == (b'{"shipped":3}', 2)
        with pytest.raises(NotImplementedError):
            ship.get_result(result.id)
        assert task_backends["default"].supports_get_result is False
    assert not StoredTask.objects.exists()
    assert signals == [
        ("enqueued", "READY"), ("started", "RUNNING"), ("started", "RUNNING"), ("finished", "SUCCESSFUL"),
    ]  # fmt: skip


def test_without_results_the_app_need_not_be_installed() -> None:
    program = """
import django
from django.conf import settings
settings.configure(
    ROOT_URLCONF="tests.django_tasks.urls",
    ALLOWED_HOSTS=["testserver"],
    TASKS={"default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend", "OPTIONS": {"RESULTS": False}}},
)
django.setup()
from qstash_integrations.testing import LocalQStash
from tests.django_tasks import shop
with LocalQStash() as local:
    shop.ship.enqueue(3)
    local.run_until_idle()
assert shop.ran == [(3, False)]
import sys
assert "qstash_integrations.django.tasks.models" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_without_results_a_message_waits_for_the_commit_too(queue: FakeQStash) -> None:
    with options(RESULTS=False), transaction.atomic():
        ship.enqueue(3)
        assert queue.messages == []
    assert len(queue.messages) == 1


def test_a_scheduled_task_gets_its_row_from_the_view(queue: FakeQStash, signals: Any) -> None:
    planned = ship.bind(3, gift=True).planned()
    assert planned["destination"] == f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship?of=3"
    shop.during[:] = [shop.raises(LookupError())]
    for message_id in ("msg_monday", "msg_monday", "msg_monday", "msg_tuesday"):
        send(planned["destination"], planned["body"], message_id=message_id)
    assert shop.ran == [(3, True)] * 3
    assert StoredTask.objects.filter(status="SUCCESSFUL", message_id__startswith="msg_").count() == 2
    assert [name for name, _ in signals].count("enqueued") == 2


def test_a_captured_scheduled_call_does_not_run_again_under_another_id(queue: FakeQStash) -> None:
    planned = ship.bind(3).planned()
    captured = sign(url=planned["destination"], body=planned["body"], key=CURRENT, message_id="msg_monday")
    for message_id in ("msg_monday", "msg_other"):
        send(planned["destination"], planned["body"], headers={**captured, "Upstash-Message-Id": message_id})
    assert (len(shop.ran), StoredTask.objects.count()) == (1, 1)


def test_a_schedule_whose_calls_never_arrived_runs_by_its_failure_callback(queue: FakeQStash) -> None:
    planned = ship.bind(3).planned()
    message = FakeQStash()
    callback = {"Upstash-Failure-Callback": planned["failure_callback"]}
    scheduled = Message("msg_monday", planned["destination"], callback, planned["body"])
    assert message.give_up(scheduled, status=0).status_code == 200
    assert (row().status, len(queue.messages)) == ("READY", 1)
    assert queue.deliver().status_code == 200
    assert shop.ran == [(3, False)]


def test_arguments_that_do_not_fit_are_said_where_they_are_bound() -> None:
    with pytest.raises(TypeError, match="order_id"):
        ship.bind(gift=True)
    with pytest.raises(TypeError, match="Unsupported type"):
        ship.bind(object())


def test_a_missing_result_is_djangos_own_error(queue: FakeQStash) -> None:
    for missing in ("123", "x" * 100, ""):
        with pytest.raises(TaskResultDoesNotExist):
            ship.get_result(missing)
