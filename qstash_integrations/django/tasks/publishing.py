"""Publish the message of a task, first and again: the row before, its message's id after.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..._core.errors import APIError
from ..publisher import qstash
from .api import READY, InvalidTask
from .calls import body_of, message
from .models import StoredTask
from .options import BackendOptions
from .places import queue_of, urls_of
from .rows import change, failed, rows


def message_of(row: StoredTask, options: BackendOptions, now: datetime) -> dict[str, Any]:
    """The next message of a row, for the runs that it has left."""
    return message(
        urls_of(row.task, options),
        id=row.pk,
        at=now,
        retries=row.most_runs - row.runs - 1,
        body=body_of(row.backend, row.args, row.kwargs, with_arguments=options.arguments_in_message),
        queue=queue_of(row.queue_name, options),
        options=row.options,
        run_after=row.run_after,
        again=row.publishes,
    )


def publish_first(row: StoredTask, made: Mapping[str, Any]) -> None:
    """Publish a row that is written. What fails ends it FAILED, and is raised."""
    try:
        message_id = qstash.publish_now(made)
    except Exception as error:
        unpublished = rows().filter(pk=row.pk, publishes=0, status=READY)
        changes = failed(row, error, timezone.now())
        if unpublished.update(**changes):
            for name, value in changes.items():
                setattr(row, name, value)
        if (told := _told(error)) is not None:
            raise told from error
        raise
    _published(row, message_id, {})


def publish_again(row: StoredTask, options: BackendOptions, now: datetime, given_up: str | None = None) -> bool:
    """One more message for the runs that are left; ``given_up`` is the one that QStash has given up.

    Two at once publish once: the deduplication id counts the messages. False where somebody else was faster.
    """
    message_id = qstash.publish_now(message_of(row, options, now))
    gone = {"given_up": [*row.given_up, given_up]} if given_up and given_up != message_id else {}
    return _published(row, message_id, gone)


def publish_retry(row: StoredTask, options: BackendOptions, now: datetime) -> bool:
    """Let a failed task run again, as often as it might at first. False where it is none any more."""
    before = {name: getattr(row, name) for name in ("status", "finished_at", "most_runs")}
    most = row.runs + 1 + int(row.options["retries"])
    if not change(row, {"status": READY, "finished_at": None, "most_runs": most}):
        return False
    try:
        return publish_again(row, options, now, row.message_id or None)
    except BaseException:
        change(row, before)
        raise


def _published(row: StoredTask, message_id: str, changes: Mapping[str, Any]) -> bool:
    """Its delivery may be at work by now, so that the row is as it was in this respect alone."""
    changes = {"message_id": message_id, "publishes": row.publishes + 1, **changes}
    if not rows().filter(pk=row.pk, publishes=row.publishes).update(**changes):
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def _told(error: Exception) -> InvalidTask | None:
    """A delay beyond what the plan allows is a fault of the task."""
    if isinstance(error, APIError) and "maxDelay" in error.detail:
        return InvalidTask(f"run_after lies beyond what the plan allows: {error.detail}")
    return None
