"""Tasks that are told what became of a call."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations import Callback, QStash
from qstash_integrations.tasks import CurrentCall, Task, TasksApp, current_call, task
from qstash_integrations.testing import LocalQStash

from .deliveries import delivery_of
from .shop import Invoice, invoice, ship

told: list[Any] = []


@task(timeout="20s", flow_control={"key": "after", "parallelism": 2}, retries=1)
def after(callback: Callback, *, by: str = "nobody") -> None:
    told.append((callback.status, current_call().retries, by))


@task(backoff=[5])
async def failed(failure: Callback) -> None:
    told.append(failure.dlq_id)


@task(retries=1)
def broken() -> None:
    raise OSError


@pytest.fixture
def local() -> Iterator[LocalQStash]:
    told.clear()
    with LocalQStash(TasksApp([ship, invoice, after, failed, broken])) as local:
        yield local


def test_a_task_is_told_of_the_answer(local: LocalQStash) -> None:
    ship.using(callback=after).publish(3)
    assert [attempt.status for attempt in local.run_until_idle()] == [200, 200]
    assert told == [(200, 1, "nobody")]


def test_its_own_options_are_those_of_the_callback() -> None:
    message = ship.using(callback=after, callback_headers={"X-Job": "7", "Retries": "0"}).bind(3).message()
    assert message["callback"] == "https://shop.example/qstash/tasks/tests.tasks.test_callbacks.after?of=1"
    assert message["callback_headers"] == {
        "Timeout": "20s",
        "Flow-Control-Key": "after",
        "Flow-Control-Value": "parallelism=2",
        "Retries": "0",
        "X-Job": "7",
    }


def test_one_is_told_of_each_attempt_and_one_of_the_end(local: LocalQStash) -> None:
    broken.using(callback=after, failure_callback=failed).publish()
    local.run_until_idle()
    assert [entry[0] for entry in told if isinstance(entry, tuple)] == [500, 500]
    assert [entry for entry in told if isinstance(entry, str)] == [letter.dlq_id for letter in local.dead_letters]


def callback_of(answer: bytes, status: int = 200) -> Callback:
    return Callback(
        status=status, headers={}, body=answer, retried=0, max_retries=3, source_message_id="msg_1",
        url="https://shop.example", method="POST", source_headers={}, source_body=b"{}",
    )  # fmt: skip


def test_a_result_has_its_type() -> None:
    assert ship.result(callback_of(b"30")) == 30
    assert invoice.result(callback_of(b'{"number":3,"pdf":"3.pdf"}')) == Invoice(3, "3.pdf")


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        (callback_of(b"30", 500), r"answered 500, so it has no result"),
        (callback_of(b"", 0), r"answered 0, so it has no result"),
        (callback_of(b'"secret"'), r"no result of the task \(int_parsing\)"),
        (callback_of(b"<html>"), r"no result of the task \(json_invalid\)"),
    ],
)
def test_what_is_no_result_is_told(callback: Callback, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ship.result(callback)


def test_a_body_that_is_no_callback_is_refused(local: LocalQStash, caplog: pytest.LogCaptureFixture) -> None:
    url = "https://shop.example/qstash/tasks/tests.tasks.test_callbacks.after?of=0"
    QStash().publish(url=url, body=b'{"callback":1}', retries=0)
    (attempt,) = local.run_until_idle()
    assert (attempt.status, told) == (400, [])
    assert "tests.tasks.test_callbacks.after: the callback has no sourceMessageId" in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR


WRONG: dict[str, tuple[Any, str]] = {
    "no callback parameter": (lambda: ship.using(callback=ship).bind(3).message(), "callback: .* needs a parameter"),
    "called by a caller": (
        lambda: after.bind(),  # type: ignore[call-arg]
        "takes a Callback, which QStash makes",
    ),
    "published": (lambda: after.publish(callback_of(b"")), "takes a Callback, which QStash makes"),
    "two of them": (lambda: Task(two, "shop.two", (), {}).check(), "so other must have a default"),
    "something else": (lambda: Task(more, "shop.more", (), {}).check(), "so order_id must have a default"),
}


def two(callback: Callback, other: Callback) -> None: ...
def more(callback: Callback, order_id: int) -> None: ...


@pytest.mark.parametrize(("make", "why"), WRONG.values(), ids=WRONG)
def test_what_takes_no_callback_says_so(make: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        make()


def test_the_call_of_a_callback_has_the_id_of_its_message() -> None:
    message = {"url": "https://shop.example/qstash/tasks/after?of=1", "body": b"{}"}
    call = CurrentCall.of("after", delivery_of(message))
    assert (call.id, call.retries, call.published_at.timestamp()) == ("msg_1", 1, 1_800_000_000)
