"""Sweeping for QStash, which calls every five minutes: bounded, and continued by a message of its own.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from datetime import timedelta

from .clock import Clock
from .steps import Steps
from .sweeping import Manner, Swept, sweep

SECONDS = 20.0
"""After which no further call to QStash begins."""
EVERY = "*/5 * * * *"
"""A sweep is a message of the plan's."""
SCHEDULE = "qstash-outbox"
PRUNED = 1_000
"""Rows of a sweep; what is older goes with the next."""


def bounded(clock: Clock, ends_at: float, *, keep: bool) -> Steps[Swept]:
    """Send what is due, until this moment of the monotonic clock."""
    return sweep(Manner(clock=clock, keep=keep, stopped=lambda: clock.monotonic() >= ends_at))


def goes_on(swept: Swept) -> bool:
    """Whether QStash is to call again at once."""
    return not swept.is_over and not swept.pause


def slot(clock: Clock) -> int:
    """Of the moment: sweeps that end in the same one go on as one, so that they do not pile up."""
    return int(clock.now() / (SECONDS * 1000))


def kept_since(clock: Clock, keep: timedelta) -> int:
    """Rows that were sent before this are pruned; Unix milliseconds."""
    return clock.now() - int(keep.total_seconds() * 1000)
