"""The table: claiming a run, and ending it. Every change is a compare-and-set, which works on any database.

``runs`` is the fence: it grows with each claim, so whoever was taken for dead cannot end the run of a successor.
Nothing here opens a transaction or locks a row.

Spec: https://docs.djangoproject.com/en/stable/ref/models/querysets/#update
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from traceback import format_exception
from typing import Any, Literal, NamedTuple

from django.db import InterfaceError, OperationalError, connections, router
from django.db.models import QuerySet

from ..._core.receiving.delivery import Delivery
from .api import FAILED, RUNNING
from .errors import WorkerLost
from .models import StoredTask
from .running import token_of, worker_id

_CLOCKS = timedelta(minutes=1)  # between QStash and this machine


class Standing(NamedTuple):
    """What became of a claim.

    ``claimed``: ``row`` is this run's. ``busy``: another run is at work, for ``wait`` seconds at most. ``done``: it has
    ended before. ``spent``: its last run is dead. ``changed``: somebody else was at it in this moment.
    """

    state: Literal["claimed", "busy", "done", "spent", "changed"]
    row: StoredTask
    wait: float = 0.0


def database() -> str:
    """Where rows are written, and read: a replica may not have them yet."""
    return router.db_for_write(StoredTask)


def rows() -> QuerySet[StoredTask]:
    return StoredTask.objects.using(database())


def claim(row: StoredTask, delivery: Delivery, now: datetime, grace: timedelta) -> Standing:
    """Begin a run of ``row`` for a verified delivery."""
    token = token_of(delivery)
    changes: dict[str, Any] = {}
    if row.is_finished:
        if not _is_retried(row, delivery, token):
            return Standing("done", row)
        changes = {"most_runs": row.runs + 1 + int(row.options["retries"]), "finished_at": None}
    elif row.lease_until is not None and row.lease_until > now:
        return Standing("busy", row, (row.lease_until - now).total_seconds())
    elif row.runs >= row.most_runs:
        return Standing("spent", row)
    elif has_run(row, token):
        return Standing("done", row)  # a captured request, presented again
    if row.status == RUNNING:
        changes = {"errors": [*row.errors, failure(lost(row))]}
    changes |= {
        "status": RUNNING,
        "runs": row.runs + 1,
        "lease_until": now + timedelta(seconds=int(row.options["timeout"])) + grace,
        "worker_ids": [*row.worker_ids, worker_id(delivery)],
        "started_at": row.started_at or now,
        "last_attempted_at": now,
        "message_id": delivery.message_id or row.message_id,
    }
    return Standing("claimed" if change(row, changes) else "changed", row)


def end(row: StoredTask, changes: Mapping[str, Any]) -> bool:
    """End the run that has claimed ``row``; False where it has lost it meanwhile."""
    # Its publisher may have noted the message only now, which takes nothing from the run.
    own = rows().filter(pk=row.pk, status=RUNNING, runs=row.runs, lease_until=row.lease_until)
    changes = {"lease_until": None, **changes}
    try:
        return _write(own, row, changes)
    except (OperationalError, InterfaceError):
        # A server closes connections that were idle for as long as a task has run.
        connection = connections[database()]
        if connection.in_atomic_block:
            raise
        connection.close()
        return _write(own, row, changes)


def change(row: StoredTask, changes: Mapping[str, Any]) -> bool:
    """Write them if ``row`` is still as it was read, and put them on it."""
    as_read = rows().filter(
        pk=row.pk, status=row.status, runs=row.runs, lease_until=row.lease_until, publishes=row.publishes
    )
    return _write(as_read, row, changes)


def failure(error: BaseException) -> dict[str, str]:
    """As ``TaskError`` has it."""
    kind = type(error)
    return {
        "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
        "traceback": "".join(format_exception(error)),
    }


def failed(row: StoredTask, error: BaseException, now: datetime) -> dict[str, Any]:
    """The changes that end a task."""
    return {
        "status": FAILED,
        "finished_at": now,
        "lease_until": None,
        "errors": [*row.errors, failure(error)],
    }


def lost(row: StoredTask) -> WorkerLost:
    """Why the run that holds a lease which is over has ended."""
    return WorkerLost(f"run {row.runs} has ended without a word: its process died, or it outlasted its timeout")


def has_run(row: StoredTask, token: str) -> bool:
    """Whether the delivery attempt with this token has begun a run."""
    return any(str(worker).rpartition(":")[2] == token for worker in row.worker_ids)


def _write(where: QuerySet[StoredTask], row: StoredTask, changes: Mapping[str, Any]) -> bool:
    if not where.update(**changes):
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def _is_retried(row: StoredTask, delivery: Delivery, token: str) -> bool:
    """Whether a failed task comes again from the dead letter queue, as a message that is none of the row's.

    A message's id is not signed. So whoever has captured a request cannot have the task run again by another id: its
    token has begun a run, or is older than the failure.
    """
    known = {row.message_id, *row.given_up}
    if row.status != FAILED or not row.message_id or not delivery.message_id or delivery.message_id in known:
        return False
    signed_at = delivery.claims.nbf if delivery.claims.iat is None else delivery.claims.iat
    since = row.finished_at
    return not has_run(row, token) and (since is None or signed_at >= (since - _CLOCKS).timestamp())
