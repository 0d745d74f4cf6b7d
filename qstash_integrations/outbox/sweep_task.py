"""Sweeping as a task, so that QStash itself is the relay: a schedule calls it, and no worker has to run.

It is bounded, continues by a call of its own, and never fails: QStash would try again what the next tick does anyway.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import logging
from collections.abc import Callable
from typing import Any

from .._core.contention import kind
from .._core.errors import QStashError
from .._core.receiving.telling import of_delivery
from ..tasks.schedules import Schedule, schedule
from ..tasks.task import Task, task
from .clock import Clock
from .driving import adrive, drive
from .here import AsyncHere, Here
from .steps import Steps
from .sweeping import Swept, prune
from .sweeps import EVERY, PRUNED, SCHEDULE, SECONDS, bounded, goes_on, kept_since, slot

NAME = "qstash_outbox.sweep"

_logger = logging.getLogger("qstash_integrations")
Told = dict[str, Any]


def sweep_task(find: Callable[[], Here], name: str = NAME) -> Task[[], Told]:
    """A task that sends what is due. Tasks of several outboxes each need a name."""

    @task(name=name, retries=0)
    def sweep_outbox() -> Told:
        try:
            here = find()
            swept = drive(_bounded(here), here.store, here.client)
            if here.keep is not None:
                drive(prune(kept_since(here.clock, here.keep), PRUNED, here.clock), here.store, here.client)
            if goes_on(swept):
                _next(sweep_outbox, here.clock).publish()
        except Exception as error:  # noqa: BLE001 - whatever databases raise, or QStash says to going on
            return _failed(error)
        return _told(swept)

    return sweep_outbox


def async_sweep_task(find: Callable[[], AsyncHere], name: str = NAME) -> "Task[[], Any]":
    """``sweep_task`` of an outbox of async code."""

    @task(name=name, retries=0)
    async def sweep_outbox() -> Told:
        try:
            here = find()
            swept = await adrive(_bounded(here), here.store, here.client)
            if here.keep is not None:
                await adrive(prune(kept_since(here.clock, here.keep), PRUNED, here.clock), here.store, here.client)
            if goes_on(swept):
                await _next(sweep_outbox, here.clock).apublish()
        except Exception as error:  # noqa: BLE001 - whatever databases raise, or QStash says to going on
            return _failed(error)
        return _told(swept)

    return sweep_outbox


def sweep_schedule(swept_by: Task[[], Any], cron: str = EVERY, name: str = SCHEDULE) -> Schedule:
    """Of a sweep, for ``schedules sync``, which declares it; nothing else does."""
    return schedule(name, cron, swept_by)


def _bounded(here: Here | AsyncHere) -> Steps[Swept]:
    return bounded(here.clock, here.clock.monotonic() + SECONDS, keep=here.keep is not None)


def _next(swept_by: Task[[], Any], clock: Clock) -> Task[[], Any]:
    return swept_by.using(deduplication_id=f"{swept_by.name}-{slot(clock)}")


def _failed(error: Exception) -> Told:
    # Only the kind of what is not ours: what databases say shows the values of a statement.
    why = str(error) if isinstance(error, QStashError) else kind(error)
    _logger.error(
        "qstash outbox: a sweep has failed, and is left to the next: %s", why, extra=of_delivery("outbox_sweep_failed")
    )
    return {"failed": True}


def _told(swept: Swept) -> Told:
    """For the log of QStash."""
    return {"sent": swept.sent, "refused": swept.refused, "parked": swept.parked, "is_over": swept.is_over}
