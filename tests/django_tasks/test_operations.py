"""What an operator does: by ``manage.py qstash_tasks``, and by the same verbs in the admin."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations.django.tasks.models import StoredTask
from tests.django_tasks import shop
from tests.django_tasks.calls import FakeQStash
from tests.django_tasks.shop import ship, ship_once


def tasks(*arguments: str) -> str:
    out = io.StringIO()
    call_command("qstash_tasks", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as told:
        tasks(*arguments)
    return told.value.returncode, str(told.value)


def failed(queue: FakeQStash, order: Any = 3) -> StoredTask:
    shop.during[:] = [shop.raises(LookupError("no such order"))]
    result = ship_once.enqueue(order)
    queue.deliver()
    return StoredTask.objects.get(pk=result.id)


def test_the_newest_tasks_are_listed_with_filters(queue: FakeQStash) -> None:
    gone = failed(queue)
    waiting = ship.enqueue(4)
    lines = tasks("list").splitlines()
    assert lines[0].split() == ["id", "status", "task", "queue", "enqueued", "runs"]
    assert [line.split()[:2] for line in lines[1:]] == [[waiting.id, "READY"], [gone.pk, "FAILED"]]
    assert [task["id"] for task in json.loads(tasks("list", "--json", "--status", "failed"))] == [gone.pk]
    assert [task["id"] for task in json.loads(tasks("list", "--json", "--limit", "1"))] == [waiting.id]
    assert json.loads(tasks("list", "--json", "--task", "no.such.task")) == []
    StoredTask.objects.filter(pk=gone.pk).update(enqueued_at=timezone.now() - timedelta(hours=2))
    assert [task["id"] for task in json.loads(tasks("list", "--json", "--since", "1h"))] == [waiting.id]


def test_one_task_is_shown_with_what_it_raised(queue: FakeQStash) -> None:
    row = failed(queue, "Grüße")
    shown = json.loads(tasks("show", row.pk, "--json"))
    assert (shown["args"], shown["status"], shown["runs"]) == (["Grüße"], "FAILED", 1)
    assert shown["errors"][0]["exception_class_path"] == "builtins.LookupError"
    assert "no such order" in tasks("show", row.pk)
    assert refused("show", "nobody") == (1, "there is no task nobody")


def test_a_failed_task_runs_again(queue: FakeQStash) -> None:
    row = failed(queue)
    assert tasks("retry", row.pk) == f"{row.pk}  published again\n"
    row.refresh_from_db()
    assert (row.status, row.most_runs, row.message_id, row.given_up) == ("READY", 2, "msg_2", ["msg_1"])
    assert queue.last.headers["Upstash-Deduplication-Id"] == f"{row.pk}-1"
    assert queue.deliver().status_code == 200
    row.refresh_from_db()
    assert (row.status, row.runs) == ("SUCCESSFUL", 2)
    assert refused("retry", row.pk) == (1, "1 of 1 left as they were")


def test_a_retry_that_cannot_be_published_leaves_the_task_failed(queue: FakeQStash) -> None:
    row = failed(queue)
    queue.refusal = APIResponse(500, b"{}")
    assert refused("retry", row.pk)[0] == 1
    row.refresh_from_db()
    assert (row.status, row.most_runs, row.publishes) == ("FAILED", 1, 1)


def test_all_failed_tasks_of_a_kind_run_again(queue: FakeQStash) -> None:
    rows = [failed(queue), failed(queue)]
    ship.enqueue(3)
    outcomes = json.loads(tasks("retry", "--all", "--task", rows[0].task, "--json"))
    assert {outcome["id"] for outcome in outcomes} == {row.pk for row in rows}
    assert StoredTask.objects.filter(status="READY").count() == 3


@pytest.mark.parametrize("arguments", [[], ["some-id", "--all"]], ids=str)
def test_ids_or_all_are_a_must(queue: FakeQStash, arguments: list[str]) -> None:
    assert refused("retry", *arguments)[0] == 2
    assert refused("cancel", *arguments)[0] == 2


def test_a_waiting_task_is_cancelled_at_qstash_too(queue: FakeQStash) -> None:
    result = ship.enqueue(3)
    tasks("cancel", result.id)
    result.refresh()
    assert (result.status, queue.cancelled) == ("FAILED", ["msg_1"])
    assert result.errors[0].exception_class.__name__ == "Cancelled"
    # It was on its way already.
    assert queue.deliver().status_code == 200
    assert shop.ran == []


def test_what_runs_cannot_be_cancelled(queue: FakeQStash) -> None:
    told: list[Any] = []
    shop.during[:] = [lambda: told.append(refused("cancel", StoredTask.objects.get().pk))]
    ship.enqueue(3)
    queue.deliver()
    assert told == [(1, "1 of 1 left as they were")]
    assert StoredTask.objects.get().status == "SUCCESSFUL"


def test_what_a_dying_process_has_left_is_published(queue: FakeQStash) -> None:
    ship.enqueue(3)
    written = {"publishes": 0, "message_id": ""}
    StoredTask.objects.update(**written)
    assert tasks("reap") == "looked at: 0, published: 0, failed: 0, refused: 0\n"
    StoredTask.objects.update(enqueued_at=timezone.now() - timedelta(minutes=2))
    assert json.loads(tasks("reap", "--dry-run", "--json"))["looked_at"] == 1
    assert len(queue.messages) == 1
    assert json.loads(tasks("reap", "--json"))["published"] == 1
    first, second = queue.messages
    assert first.headers["Upstash-Deduplication-Id"] == second.headers["Upstash-Deduplication-Id"]
    assert StoredTask.objects.get().message_id == "msg_2"


@pytest.mark.parametrize(("runs", "done"), [(1, "published"), (4, "failed")])
def test_what_nobody_will_deliver_any_more_is_found(queue: FakeQStash, runs: int, done: str) -> None:
    ship.enqueue(3)
    long_ago = timezone.now() - timedelta(hours=1)
    StoredTask.objects.update(status="RUNNING", runs=runs, lease_until=long_ago, enqueued_at=long_ago)
    assert json.loads(tasks("reap", "--json"))[done] == 0
    queue.gone.add("msg_1")
    assert json.loads(tasks("reap", "--json"))[done] == 1
    assert StoredTask.objects.get().status == ("READY" if done == "published" else "FAILED")


def test_a_task_that_is_to_run_later_is_left_alone(queue: FakeQStash) -> None:
    ship.using(run_after=timedelta(days=1)).enqueue(3)
    StoredTask.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert json.loads(tasks("reap", "--json"))["looked_at"] == 0


def test_old_tasks_are_deleted_in_batches(queue: FakeQStash) -> None:
    old = timezone.now() - timedelta(days=30)
    made = [
        StoredTask(
            task="t", backend="default", queue_name="default", enqueued_at=old, finished_at=finished, most_runs=1,
            status=status,
        )
        for status, finished in [("SUCCESSFUL", old)] * 600 + [("FAILED", old)] * 2 + [("SUCCESSFUL", timezone.now())]
    ]  # fmt: skip
    StoredTask.objects.bulk_create(made)
    ship.enqueue(3)
    StoredTask.objects.filter(status="READY").update(enqueued_at=old)
    assert tasks("prune", "--older-than", "60d") == "deleted: 0\n"
    assert tasks("prune", "--older-than", "7d", "--keep-failed") == "deleted: 600\n"
    assert json.loads(tasks("prune", "--json")) == {"deleted": 2}
    assert StoredTask.objects.count() == 2


def test_a_backend_that_is_no_more_is_said(queue: FakeQStash) -> None:
    row = failed(queue)
    with override_settings(TASKS={"other": {"BACKEND": shop.BACKEND}}):
        assert refused("retry", row.pk)[0] == 1
