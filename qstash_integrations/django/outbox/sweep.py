"""QStash as the relay: what the verified view does that its schedule calls.

A sweep is bounded, and continued by a message of its own; messages of the same moment are one, so that sweeps do not
pile up.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import hashlib
import logging
from dataclasses import replace

from ..._core.contention import kind
from ..._core.errors import QStashError
from ..._core.log_fields import fields
from ...outbox.clock import Clock
from ...outbox.driving import drive
from ...outbox.sweeping import Swept, prune
from ...outbox.sweeps import PRUNED, SCHEDULE, SECONDS, bounded, kept_since, slot
from ..conf import ConfigurationError, outbox_keep
from ..publisher import qstash
from ..reversing import URLS, included, public_url
from .databases import databases, has_table
from .places import VIEW
from .sending import client, keeps
from .store import DjangoStore

_logger = logging.getLogger("qstash_integrations")


def sweep_all(clock: Clock = Clock()) -> Swept:  # noqa: B008 - a constant
    """Send what is due on each database, for twenty seconds in all; delete what was kept for long enough."""
    ends_at, total = clock.monotonic() + SECONDS, Swept()
    for alias in databases():
        store, before = DjangoStore(alias), replace(total)
        try:
            if not has_table(alias):
                continue
            total.add(drive(bounded(clock, ends_at, keep=keeps()), store, client))
            keep = outbox_keep()
            if keep is not None:
                drive(prune(kept_since(clock, keep), PRUNED, clock), store, client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on, and the next call is the next try
            _logger.error(
                "qstash outbox: the database %r was not swept: %s",
                alias,
                kind(error),
                extra=fields("outbox_not_swept", database=alias, error=type(error).__name__),
            )
        total.is_over = total.is_over and before.is_over
        total.pause = max(total.pause, before.pause)
    return total


def go_on(clock: Clock = Clock()) -> None:  # noqa: B008 - a constant
    """Have QStash call again at once."""
    try:
        here = url()
        moment = hashlib.sha256(f"{here} {slot(clock)}".encode()).hexdigest()[:32]
        qstash.publish_now({"url": here, "retries": 0, "deduplication_id": f"{SCHEDULE}-{moment}"})
    except QStashError as error:
        # The schedule calls again anyway.
        _logger.warning(
            "qstash outbox: the sweep is not over, and could not be continued: %s",
            error,
            extra=fields("outbox_sweep_not_continued", error=type(error).__name__),
        )


def url() -> str:
    """Of the view that QStash calls. ConfigurationError where no URL leads there."""
    path = included(VIEW)
    if path is None:
        raise ConfigurationError(
            f'no URL leads to the sweep of the outbox: put path("qstash/", include("{URLS}")) into urlpatterns, or set '
            'QSTASH["OUTBOX_SCHEDULE"] = False and run manage.py qstash outbox relay'
        )
    return public_url(path)
