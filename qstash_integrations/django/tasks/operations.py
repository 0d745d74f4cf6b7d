"""What an operator does to tasks: run one again, cancel one, publish what was left behind, delete what is old.

The admin and ``manage.py qstash_tasks`` are the same verbs.

Spec: https://upstash.com/docs/qstash/howto/cancel
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from ..._core.errors import APIError
from ..publisher import qstash
from . import registered
from .api import FAILED, READY, RUNNING, SUCCESSFUL, task_finished
from .backend import QStashBackend, backend_of
from .errors import Cancelled
from .models import StoredTask
from .publishing import publish_again, publish_retry
from .reaping import settle
from .results import result_of, task_of, tell
from .rows import change, failed, rows

LEFT = timedelta(minutes=1)
"""A row without a message this long after it was written is left behind: its process has died."""
SILENT = timedelta(minutes=10)
"""A row whose lease is over this long, or that waits this long, may have lost its message."""
BATCH = 500  # rows that are deleted at a time

Refusal = Literal["no backend", "no task", "not failed", "not waiting"]


def retry(row: StoredTask) -> Refusal | None:
    """Let a failed task run again, as often as at first. Why not, if not."""
    backend = backend_of(row.backend)
    if backend is None:
        return "no backend"
    if row.status != FAILED or not publish_retry(row, backend.read, timezone.now()):
        return "not failed"
    return None


def cancel(row: StoredTask) -> Refusal | None:
    """End a task that waits, and take its message back. Why not, if not: what runs cannot be stopped."""
    if row.status != READY or not change(row, failed(row, Cancelled("the task was cancelled"), timezone.now())):
        return "not waiting"
    _finished(row)
    if row.message_id:
        try:
            qstash.message.cancel(row.message_id)
        except APIError as error:
            # It is being delivered, or gone: the row says that nothing is to run.
            if error.status != 404:
                raise
    return None


def left_behind(now: datetime) -> list[StoredTask]:
    """What may have no message, the oldest first: never published, or silent for long."""
    # What was published and has no message id yet waits in an outbox.
    never = Q(status=READY, message_id="", publishes=0, enqueued_at__lt=now - LEFT)
    due = Q(run_after=None) | Q(run_after__lt=now - SILENT)
    waiting = Q(status=READY, enqueued_at__lt=now - SILENT) & ~Q(message_id="") & due
    dead = Q(status=RUNNING, lease_until__lt=now - SILENT)
    return list(rows().filter(never | waiting | dead).order_by("enqueued_at"))


def reap(row: StoredTask, now: datetime) -> str | None:
    """Publish or end a row of ``left_behind``; what was done, or None where QStash still has its message."""
    backend, task = backend_of(row.backend), registered.find(row.task)
    if backend is None or task is None:
        return None
    if not row.message_id:
        return "published" if publish_again(row, backend.read, now) else None
    if _is_known(row.message_id):
        return None
    done, _ = settle(row, task, backend, status=0, message_id=row.message_id)
    return done if done in ("published", "failed") else None


def prune(older_than: timedelta, *, failed_too: bool = True, now: datetime) -> Iterator[int]:
    """Delete finished rows in batches; how many each time."""
    over = [SUCCESSFUL, FAILED] if failed_too else [SUCCESSFUL]
    old = rows().filter(status__in=over, finished_at__lt=now - older_than)
    while ids := list(old.order_by("finished_at").values_list("pk", flat=True)[:BATCH]):
        yield rows().filter(pk__in=ids).delete()[0]


def _is_known(message_id: str) -> bool:
    try:
        qstash.message.get(message_id)
    except APIError as error:
        if error.status == 404:
            return False
        raise
    return True


def _finished(row: StoredTask) -> None:
    backend, task = backend_of(row.backend), registered.find(row.task)
    if task is not None:
        kind = QStashBackend if backend is None else type(backend)
        tell(task_finished, kind, result_of(row, task if backend is None else task_of(row, task, backend.read)))
