"""What QStash has given up: let what has runs left run again, and end what has none. QStash is the reaper.

A worker that dies says nothing, and its message comes again while the lease of the dead still lasts: that has used the
retry. So the failure callback, which comes until the lease is over, decides by the row and not by the message.

Spec: https://upstash.com/docs/qstash/features/callbacks
"""

from typing import Literal

from django.utils import timezone

from ..._core.receiving.answers import ALREADY_DONE, Answer, in_progress
from .api import READY, RUNNING, Task, task_finished
from .backend import QStashBackend
from .errors import NotDelivered, TaskFailed
from .models import StoredTask
from .publishing import publish_again
from .results import result_of, task_of, tell
from .rows import change, failed, failure, lost, rows

_NOT_RETRYABLE = 489
_TRIES = 5  # at a row that others change in the same moment

Settled = Literal["over", "alive", "published", "failed"]


def settle(
    row: StoredTask, task: Task, backend: QStashBackend, *, status: int, message_id: str | None
) -> tuple[Settled, float]:
    """The message ``message_id`` was given up when it was answered ``status``, 0 for not at all.

    ``over``: the row has ended, or has another message. ``alive``: a run may be at work, for so many seconds yet.
    """
    for _ in range(_TRIES):
        now = timezone.now()
        if row.is_finished or (message_id and message_id in row.given_up):
            return "over", 0.0
        if row.lease_until is not None and row.lease_until > now:
            return "alive", (row.lease_until - now).total_seconds()
        reason = _reason(row, status)
        if status != _NOT_RETRYABLE and _may_run(row):
            # What was lost with the worker is told, what was only not delivered is not.
            errors = [*row.errors, failure(reason)] if row.status == RUNNING else row.errors
            if change(row, {"status": READY, "lease_until": None, "errors": errors}):
                publish_again(row, backend.read, now, message_id)
                return "published", 0.0
        elif change(row, failed(row, reason, now)):
            tell(task_finished, type(backend), result_of(row, task_of(row, task, backend.read)))
            return "failed", 0.0
        row = rows().get(pk=row.pk)
    return "alive", 1.0


def answer_of(settled: Settled, wait: float) -> Answer:
    return in_progress(wait) if settled == "alive" else ALREADY_DONE


def _may_run(row: StoredTask) -> bool:
    """Also bounded by messages: what no instance can run would go round for ever."""
    return row.runs < row.most_runs and row.publishes <= 2 * row.most_runs


def _reason(row: StoredTask, status: int) -> TaskFailed:
    if row.status == RUNNING:
        return lost(row)
    return NotDelivered(f"QStash gave the message up; the last answer was {status or 'none'}")
