"""A delivery of a task that has a row: a run of it, or why there is none now.

Spec: https://upstash.com/docs/qstash/features/retry
"""

from copy import copy
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from ..._core.errors import NonRetryable, RetryAfter
from ..._core.receiving.answers import ALREADY_DONE, Answer, answer_signal, error_answer, in_progress
from ..._core.receiving.delivery import Callback, Delivery
from ..._core.receiving.report import logger
from ..._core.receiving.telling import of_delivery
from ..inbox.handling import handled
from .api import READY, SUCCESSFUL, Task, task_enqueued, task_finished, task_started
from .backend import QStashBackend
from .calls import Called, Content, id_of_scheduled, with_defaults
from .fields import plain
from .models import StoredTask
from .results import result_of, task_of, tell
from .rows import change, claim, database, end, failed, failure, has_run, lost, rows
from .running import Outcome, answer_of, log_failure, run, token_of
from .task import options_of

_TRIES = 5  # at a row that others change in the same moment
_LATE = timedelta(hours=1)
_SOON = 5  # seconds: a transaction that has published before its end
_SIGNED = timedelta(minutes=15)  # longer than a signature is good for


def deliver(
    task: Task, called: Called, content: Content, delivery: Delivery, backend: QStashBackend
) -> tuple[Answer, Outcome | None]:
    """The outcome is that of the run, if there was one."""
    if called.id is not None:
        row = rows().filter(pk=called.id).first()
    elif delivery.message_id is None:
        return error_answer(400, "a scheduled task needs the id of its message"), None
    elif _is_replayed(task, delivery):
        return ALREADY_DONE, None
    else:
        row = row_of_schedule(task, content, delivery.message_id, backend)
    if row is None:
        return missing(called), None
    if row.task != task.module_path:
        logger.warning(
            "qstash task %s was called for the row of another task, %s",
            task.module_path,
            row.pk,
            extra=of_delivery("task_of_another_row", task=task.module_path, call_id=str(row.pk), status=404),
        )
        return error_answer(404, "no such task"), None
    return _deliver(row, task, delivery, backend)


def row_of_schedule(task: Task, content: Content, message_id: str, backend: QStashBackend) -> StoredTask:
    """The row of a message that a schedule has made; it is made once."""
    options = plain(with_defaults(options_of(task), backend.read))
    row = StoredTask(
        id=id_of_scheduled(message_id),
        task=task.module_path,
        backend=backend.alias,
        queue_name=task.queue_name,
        args=content.args,
        kwargs=content.kwargs,
        options=options,
        enqueued_at=timezone.now(),
        most_runs=options["retries"] + 1,
        message_id=message_id,
        publishes=1,
    )
    # No exception where it is there: on PostgreSQL that would spoil a transaction around.
    StoredTask.objects.using(database()).bulk_create([row], ignore_conflicts=True)
    stored = rows().get(pk=row.pk)
    if stored.enqueued_at == row.enqueued_at:
        tell(task_enqueued, type(backend), result_of(stored, task))
    return stored


def row_given_up(
    task: Task, called: Called, content: Content, callback: Callback, backend: QStashBackend
) -> StoredTask | Answer:
    """The row of a message that QStash has given up, or the answer where there is none."""
    if called.id is None:
        return row_of_schedule(task, content, callback.source_message_id, backend)
    row = rows().filter(pk=called.id, task=task.module_path).first()
    return missing(called) if row is None else row


def missing(called: Called) -> Answer:
    """There is no row yet, since it was published within a transaction; or none any more."""
    if called.at is None or timezone.now().timestamp() - called.at < _LATE.total_seconds():
        return answer_signal(RetryAfter(_SOON, "the task is not committed yet"))
    return answer_signal(NonRetryable("there is no such task any more"))


def _is_replayed(task: Task, delivery: Delivery) -> bool:
    """Whether a captured request comes again under another message's id, which is not signed."""
    token, now = token_of(delivery), timezone.now()
    recent = rows().filter(task=task.module_path, last_attempted_at__gt=now - _SIGNED)
    own = id_of_scheduled(delivery.message_id or "")
    return any(has_run(row, token) for row in recent.exclude(pk=own).only("worker_ids"))


def _deliver(row: StoredTask, task: Task, delivery: Delivery, backend: QStashBackend) -> tuple[Answer, Outcome | None]:
    for _ in range(_TRIES):
        standing = claim(row, delivery, timezone.now(), backend.read.grace)
        match standing.state:
            case "claimed":
                return _run(row, task, delivery, backend)
            case "busy":
                return in_progress(standing.wait), None
            case "done":
                return ALREADY_DONE, None
            case "spent":
                if change(row, failed(row, lost(row), timezone.now())):
                    tell(task_finished, type(backend), result_of(row, task))
                    return answer_signal(NonRetryable("the last run has died")), None
            case "changed":
                pass
        row = rows().get(pk=row.pk)
    return in_progress(1), None


def _run(row: StoredTask, task: Task, delivery: Delivery, backend: QStashBackend) -> tuple[Answer, Outcome | None]:
    task = task_of(row, task, backend.read)
    result = result_of(row, task)
    tell(task_started, type(backend), result)
    outcome = run_marked(row, task, result, delivery) if backend.read.inbox else run(task, result)
    if isinstance(outcome, Answer):
        # Another run is at work past its lease, or has done it: this one has not begun.
        done = {"status": SUCCESSFUL, "finished_at": timezone.now()}
        end(row, done if outcome == ALREADY_DONE else {"status": READY})
        return outcome, None
    log_failure(outcome, task, row.pk, row.runs)
    is_over = outcome.error is None or outcome.is_final or row.runs >= row.most_runs
    is_ended = backend.read.inbox and outcome.error is None
    if is_ended:
        row.refresh_from_db(using=database())
    elif not end(row, changes_of(row, outcome, is_over=is_over)):
        logger.warning(
            "qstash task %s %s: run %s outlasted its lease",
            task.module_path,
            row.pk,
            row.runs,
            extra=of_delivery("task_outlasted_lease", task=task.module_path, call_id=str(row.pk), attempt=row.runs),
        )
        return in_progress(1), outcome
    if is_over:
        tell(task_finished, type(backend), result_of(row, task))
    return answer_of(outcome, is_over=is_over, shows_value=backend.read.arguments_in_message), outcome


def run_marked(row: StoredTask, task: Task, result: Any, delivery: Delivery) -> Outcome | Answer:
    """Run it in a transaction, in which its row ends as well where it succeeds."""
    running = copy(row)

    def work() -> tuple[Outcome | Answer, bool]:
        outcome = run(task, result)
        if outcome.error is not None:
            return outcome, False
        is_ended = end(running, changes_of(running, outcome, is_over=True))
        return (outcome if is_ended else in_progress(1)), is_ended

    try:
        found: Outcome | Answer = handled(database(), delivery, work, of_tasks=True)
    except DatabaseError as error:  # of the commit, as a rule
        return Outcome(error=error)
    return found


def changes_of(row: StoredTask, outcome: Outcome, *, is_over: bool) -> dict[str, Any]:
    error, now = outcome.error, timezone.now()
    if error is None:
        return {"status": SUCCESSFUL, "finished_at": now, "return_value": outcome.value}
    if is_over:
        return failed(row, error, now)
    # Asking for more time is no failure.
    errors = row.errors if isinstance(error, RetryAfter) else [*row.errors, failure(error)]
    return {"status": READY, "errors": errors}
