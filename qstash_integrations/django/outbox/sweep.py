"""QStash as the relay: a schedule as code, and what the verified view does that it calls.

``manage.py qstash_schedules sync`` declares it, and nothing else does. A sweep is bounded, and continued by a message
of its own; messages of the same moment are one, so that sweeps do not pile up.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..._core.errors import QStashError
from ...outbox.driving import drive
from ...outbox.sweeping import Manner, Swept, sweep
from ...tasks.schedules import Schedule, schedule
from ..conf import ConfigurationError, outbox_keep, outbox_schedule
from ..publisher import qstash
from ..reversing import URLS, included, public_url
from .databases import databases, has_table
from .places import VIEW
from .sending import client, keeps
from .store import DjangoStore

NAME = "qstash-outbox"
SECONDS = 20.0
_PRUNED = 1_000  # rows of a sweep; what is older goes with the next
_logger = logging.getLogger("qstash_integrations")


def sweep_all(clock: Callable[[], float] = time.monotonic) -> Swept:
    """Send what is due on each database, for twenty seconds in all; delete what was kept for long enough."""
    ends_at, total = clock() + SECONDS, Swept()
    for alias in databases():
        store, before = DjangoStore(alias), total.is_over
        try:
            if not has_table(alias):
                continue
            total.add(drive(sweep(Manner(keep=keeps(), stopped=lambda: clock() >= ends_at)), store, client))
            keep = outbox_keep()
            if keep is not None:
                store.prune(time.time_ns() // 1_000_000 - int(keep.total_seconds() * 1000), _PRUNED)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on, and the next call is the next try
            _logger.error("qstash outbox: the database %r was not swept: %s", alias, type(error).__name__)
        total.is_over = total.is_over and before
    return total


def go_on() -> None:
    """Have QStash call again at once."""
    url = _url()
    slot = f"{url} {int(time.time() / SECONDS)}"
    try:
        qstash.publish_now(
            {"url": url, "retries": 0, "deduplication_id": f"{NAME}-{hashlib.sha256(slot.encode()).hexdigest()[:32]}"}
        )
    except QStashError as error:
        # The schedule calls again anyway.
        _logger.warning("qstash outbox: the sweep is not over, and could not be continued: %s", error)


class _Sweep:
    """What the schedule publishes: no body, and no second try. The next call is the second try."""

    def planned(self, task_url: Callable[[str], str] | None = None, /) -> Mapping[str, Any]:
        return {"destination": _url(), "retries": 0}


def schedules() -> list[Schedule]:
    """That of the outbox, unless QSTASH_OUTBOX_SCHEDULE is False."""
    cron = outbox_schedule()
    return [] if cron is None else [schedule(NAME, cron, _Sweep())]


def _url() -> str:
    path = included(VIEW)
    if path is None:
        raise ConfigurationError(
            f'no URL leads to the sweep of the outbox: put path("qstash/", include("{URLS}")) into urlpatterns, or set '
            'QSTASH["OUTBOX_SCHEDULE"] = False and run manage.py qstash_outbox relay'
        )
    return public_url(path)
