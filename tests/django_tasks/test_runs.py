"""A task from ``enqueue`` to its end, through the local server and both views."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, transaction
from django.test import override_settings

from qstash_integrations._core.publishing.base import transport_of_test
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.django import qstash as publisher
from qstash_integrations.django.tasks.api import TaskResultStatus
from qstash_integrations.django.tasks.models import StoredTask
from qstash_integrations.testing import LocalQStash
from tests.django_tasks import shop
from tests.django_tasks.calls import FakeQStash
from tests.django_tasks.shop import ship


def only_row() -> StoredTask:
    return StoredTask.objects.get()


def test_a_task_runs_with_its_arguments_and_its_result_is_found(qstash: LocalQStash) -> None:
    result = ship.enqueue(3, gift=True)
    assert (result.status, shop.ran) == (TaskResultStatus.READY, [])
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, result.return_value, result.attempts) == ("SUCCESSFUL", {"shipped": 3}, 1)
    assert shop.ran == [(3, True)]


def test_an_async_task_runs(qstash: LocalQStash) -> None:
    result = shop.ship_async.enqueue(3)
    qstash.run_until_idle()
    result.refresh()
    assert (result.return_value, shop.ran) == (3, [3])


def test_what_is_raised_is_recorded_and_the_task_runs_again(qstash: LocalQStash) -> None:
    shop.during[:] = [shop.raises(LookupError("no such order")), shop.returns("shipped")]
    result = ship.enqueue(3)
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, result.return_value, result.attempts) == ("SUCCESSFUL", "shipped", 2)
    assert [error.exception_class for error in result.errors] == [LookupError]
    assert "no such order" in result.errors[0].traceback


def test_after_its_last_run_a_task_is_failed_and_a_dead_letter(qstash: LocalQStash) -> None:
    shop.during[:] = [shop.raises(LookupError("no such order"))] * 3
    result = ship.using(retries=2).enqueue(3)
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, result.attempts, len(result.errors), len(shop.ran)) == ("FAILED", 3, 3, 3)
    assert len(qstash.dead_letters) == 1


def test_a_context_knows_its_attempt(qstash: LocalQStash) -> None:
    shop.during[:] = [shop.raises(LookupError("no such order"))]
    result = shop.attempt.enqueue()
    qstash.run_until_idle()
    result.refresh()
    assert (shop.ran, result.return_value) == ([1, 2], [result.id, 2])


def test_a_run_ends_also_when_its_publisher_is_slower(qstash: LocalQStash) -> None:
    accepted, running = Event(), Event()
    to_qstash = transport_of_test()
    assert to_qstash is not None

    def slowly(request: APIRequest) -> APIResponse:
        answer = to_qstash(request)
        accepted.set()
        assert running.wait(10)
        return answer

    def outlast_the_publisher() -> None:
        running.set()
        publishing.join(10)

    def publish() -> None:
        with override_transport(slowly):
            ship.enqueue(3)
        connection.close()

    shop.during[:] = [outlast_the_publisher]
    publishing = Thread(target=publish)
    publishing.start()
    assert accepted.wait(10)
    qstash.deliver_due()
    assert (only_row().status, only_row().publishes, len(shop.ran)) == ("SUCCESSFUL", 1, 1)


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object(), b"\xff"], ids=["a set", "nan", "an object", "bytes"])
def test_a_return_value_that_is_no_json_ends_the_task_and_it_does_not_run_again(
    qstash: LocalQStash, value: Any
) -> None:
    shop.during[:] = [shop.returns(value)]
    result = ship.enqueue(3)
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, len(shop.ran), len(result.errors)) == ("FAILED", 1, 1)
    assert result.errors[0].exception_class in (TypeError, ValueError)


def test_a_lost_answer_runs_nothing_twice(qstash: LocalQStash) -> None:
    qstash.deliver_twice()
    result = ship.enqueue(3)
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, len(shop.ran)) == ("SUCCESSFUL", 1)


def test_a_dead_letter_that_is_retried_runs_again(qstash: LocalQStash) -> None:
    shop.during[:] = [shop.raises(LookupError("no such order"))]
    result = shop.ship_once.enqueue(3)
    qstash.run_until_idle()
    (letter,) = qstash.dead_letters
    publisher.dlq.retry(letter.dlq_id)
    qstash.run_until_idle()
    result.refresh()
    assert (result.status, result.attempts, len(shop.ran)) == ("SUCCESSFUL", 2, 2)


def test_naive_times_are_as_good(qstash: LocalQStash) -> None:
    with override_settings(USE_TZ=False):
        shop.during[:] = [shop.raises(LookupError("no such order"))]
        result = ship.using(run_after=timedelta(minutes=5)).enqueue(3)
        qstash.run_until_idle()
        result.refresh()
    assert (result.status, result.attempts) == ("SUCCESSFUL", 2)
    assert result.started_at is not None
    assert result.started_at.tzinfo is None


def test_async_code_enqueues_and_finds_results(qstash: LocalQStash) -> None:
    async def enqueue() -> Any:
        return await ship.aenqueue(3)

    result = async_to_sync(enqueue)()
    qstash.run_until_idle()
    async_to_sync(result.arefresh)()
    assert result.return_value == {"shipped": 3}


def in_threads(*functions: Callable[[], Any]) -> list[Any]:
    """What they return, called at once, each with connections of its own."""
    barrier = Barrier(len(functions))

    def call(function: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(call, functions))


def test_of_simultaneous_deliveries_one_runs(queue: FakeQStash) -> None:
    ship.enqueue(3)
    answers = in_threads(*[queue.deliver] * 6)
    assert len(shop.ran) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert (only_row().status, only_row().runs) == ("SUCCESSFUL", 1)


def test_of_simultaneous_failure_callbacks_one_publishes(queue: FakeQStash) -> None:
    ship.using(retries=1).enqueue(3)
    message = queue.last
    in_threads(*[lambda: queue.give_up(message, status=409)] * 4)
    row = only_row()
    published = {found.headers["Upstash-Deduplication-Id"] for found in queue.messages[1:]}
    assert (row.status, row.publishes, published) == ("READY", 2, {f"{row.pk}-1"})


def test_a_row_that_is_committed_late_runs_when_it_is_there(queue: FakeQStash) -> None:
    now = {"default": {"BACKEND": shop.BACKEND, "OPTIONS": {"ENQUEUE": "now"}}}
    with override_settings(TASKS=now):
        with transaction.atomic():
            ship.enqueue(3)
            (answer,) = in_threads(queue.deliver)
        assert (answer.status_code, shop.ran) == (503, [])
        assert queue.deliver().status_code == 200
    assert len(shop.ran) == 1
