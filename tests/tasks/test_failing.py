"""What a task raises, and when QStash tries it again."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import anyio
import pytest

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.tasks import Task, TasksApp, current_call, task
from qstash_integrations.testing import LocalQStash


class ExportError(Exception):
    pass


tries: list[tuple[int, bool]] = []
raised: list[Exception] = []


def tried() -> None:
    call = current_call()
    tries.append((call.attempt, call.is_last_attempt))
    raise raised[0]


@task(backoff=[10, "1m", timedelta(minutes=5)], gives_up_on=(ExportError, KeyError))
def export(order_id: int) -> None:
    tried()


@task(backoff=[10], gives_up_on=ExportError)
async def export_async() -> None:
    await anyio.lowlevel.checkpoint()
    tried()


@task(timeout="1s", backoff=[7], gives_up_on=ConnectionError)
async def slow(seconds: float = 10) -> None:
    tries.append((current_call().attempt, current_call().is_last_attempt))
    await anyio.sleep(seconds)


@pytest.fixture
def local() -> Iterator[LocalQStash]:
    tries.clear()
    raised.clear()
    with LocalQStash(TasksApp([export, export_async, slow])) as local:
        yield local


def waits(local: LocalQStash) -> list[int]:
    attempts = local.run_until_idle()
    return [round((after.at - before.at).total_seconds()) for before, after in pairwise(attempts)]


@pytest.mark.parametrize("error", [OSError("no"), ZeroDivisionError()])
def test_attempts_come_after_the_delays_of_backoff(
    local: LocalQStash, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    raised.append(error)
    export.publish(3)
    assert waits(local) == [10, 60, 300]
    assert tries == [(1, False), (2, False), (3, False), (4, True)]
    assert [letter.status for letter in local.dead_letters] == [500]
    told = [
        record for record in caplog.records if record.name == "qstash_integrations" and record.levelno == logging.ERROR
    ]
    assert [record.getMessage() for record in told[:3]] == [
        f"qstash: tests.tasks.test_failing.export failed; attempt {attempt} follows in {delay} s"
        for attempt, delay in ((2, 10), (3, 60), (4, 300))
    ]
    assert all(record.exc_info is not None and record.exc_info[1] is error for record in told[:3])


def test_other_retries_than_the_decorators_repeat_the_last_delay(local: LocalQStash) -> None:
    raised.append(OSError())
    export.using(retries=4).publish(3)
    assert waits(local) == [10, 60, 300, 300]
    export.using(retries=0).publish(3)
    assert waits(local) == []


@pytest.mark.parametrize("error", [ExportError("no such order"), KeyError("x")])
@pytest.mark.parametrize("call", [export.bind(3), export_async.bind()], ids=["plain", "async"])
def test_what_is_given_up_on_is_not_tried_again(local: LocalQStash, error: Exception, call: Any) -> None:
    raised.append(error)
    call.publish()
    (attempt,) = local.run_until_idle()[:1]
    if call.task is export_async and isinstance(error, KeyError):
        assert attempt.status == 503
        return
    assert (attempt.status, attempt.answer) == (489, json.dumps({"error": str(error)}, separators=(",", ":")).encode())
    assert len(tries) == 1
    assert len(local.dead_letters) == 1


@pytest.mark.parametrize(("signal", "status"), [(NonRetryable("enough"), 489), (RetryAfter(3), 503)])
def test_a_signal_of_the_task_is_its_own(local: LocalQStash, signal: Exception, status: int) -> None:
    raised.append(signal)
    export.publish(3)
    attempts = local.run_until_idle()
    assert attempts[0].status == status
    assert len(attempts) == (1 if status == 489 else 4)


def test_an_async_task_is_cancelled_when_its_time_is_over(local: LocalQStash, caplog: pytest.LogCaptureFixture) -> None:
    slow.publish()
    assert waits(local) == [7]
    assert "slow took longer than its timeout of 1 seconds" in caplog.text
    assert [attempt for attempt, _ in tries] == [1, 2]


def test_the_timeout_of_one_call_counts(local: LocalQStash) -> None:
    slow.using(timeout="15m").publish(0.01)
    assert [attempt.status for attempt in local.run_until_idle()] == [200]
    assert b'"$timeout":900' in slow.using(timeout="15m").bind(0.01).message()["body"]
    assert b"$timeout" not in slow.bind(0.01).message()["body"]


def nothing() -> None: ...


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no delays": ({"backoff": []}, TypeError, "backoff must be a list of delays"),
    "a number": ({"backoff": 10}, TypeError, "backoff must be a list of delays"),
    "a delay that is none": ({"backoff": ["soon"]}, ValueError, "backoff must look like '90s'"),
    "more than a day": ({"backoff": [86_401]}, ValueError, "more than a day"),
    "both": ({"backoff": [1], "retries": 1}, TypeError, "give backoff or retries, not both"),
    "no exception": ({"gives_up_on": "OSError"}, TypeError, "gives_up_on must be exception classes"),
    "an exception": ({"gives_up_on": [OSError()]}, TypeError, "gives_up_on must be exception classes"),
    "what nobody catches": ({"gives_up_on": KeyboardInterrupt}, TypeError, "gives_up_on must be exception classes"),
    "a wrong value": ({"retries": "5"}, TypeError, "retries must be an int"),
    "a wrong queue": ({"queue": "a/b"}, ValueError, "queue must be letters"),
    "no time": ({"timeout": 0}, ValueError, "timeout must be at least"),
}


@pytest.mark.parametrize(("options", "kind", "told"), BAD.values(), ids=BAD)
def test_a_wrong_option_is_told_at_the_decorator(options: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        Task(nothing, "shop.nothing", (), dict(options))


def test_a_computed_option_is_checked_when_it_is_computed() -> None:
    task = Task(nothing, "shop.nothing", (), {"retries": lambda call: "5"})
    with pytest.raises(TypeError, match="retries must be an int"):
        task.bind().message()


def test_none_is_not_given() -> None:
    task = Task(nothing, "shop.nothing", (), {"retries": None, "delay": lambda call: None, "backoff": None})
    assert task.bind().message().keys() == {"url", "body", "content_type", "retries", "label"}
    assert task.using(delay="1m").using(delay=None).bind().message().keys() == task.bind().message().keys()
