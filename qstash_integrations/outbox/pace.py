"""How one sender goes about it: what it has written first, then what else is due, and nothing while it pauses. Pure."""

import logging
from collections.abc import Callable, Sequence

from .._core.contention import kind
from .._core.log_fields import fields
from .clock import Clock
from .rule import BATCH
from .steps import Steps
from .sweeping import Manner, Swept, sweep, written

Job = tuple[Sequence[str], str]
"""The ids of rows that a transaction has written, and their holder."""
MOST_JOBS = 1_000
"""That wait for a sender. What does not fit is left to the next sweep, as is whatever goes wrong."""
_SWEEPS_EVERY = 1.0  # seconds
_LONGEST_SWEEP = 5.0  # seconds

logger: logging.Logger = logging.getLogger("qstash_integrations")


class Pace:
    """When to send, to sweep and to pause."""

    def __init__(self, clock: Clock, keep: Callable[[], bool] = bool, stopped: Callable[[], bool] = bool) -> None:
        self._clock = clock
        self._keep = keep
        self._stopped = stopped
        self._failures = 0
        self._paused_until = 0.0
        self._sweeps_at = 0.0

    def after_commits(self, jobs: Sequence[Job]) -> Steps[Swept]:
        """Send what the jobs have written, and what else is due: bounded, and at most once in a second."""
        if self.left():
            return Swept()
        swept = yield from written(jobs, self.manner())
        self.note(swept)
        now = self._clock.monotonic()
        if not swept.pause and now >= self._sweeps_at:
            self._sweeps_at = now + _SWEEPS_EVERY
            also = yield from sweep(self.manner(), limit=BATCH, seconds=_LONGEST_SWEEP)
            self.note(also)
            swept.add(also)
        return swept

    def manner(self) -> Manner:
        return Manner(clock=self._clock, keep=self._keep(), failures=self._failures, stopped=self._stopped)

    def left(self) -> float:
        """Seconds of the pause."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def note(self, swept: Swept) -> None:
        """Pause where QStash or the account is why rows were not sent; each pause is a line in the log."""
        if swept.parked:
            logger.error(
                "qstash outbox: %d rows are parked, the last one since: %s",
                swept.parked,
                swept.error,
                extra=fields("outbox_parked", count=swept.parked),
            )
        if swept.pause:
            self._failures += 1
            self._paused_until = self._clock.monotonic() + swept.pause / 1000
            logger.warning(
                "qstash outbox: nothing is sent for %.1f s: %s",
                swept.pause / 1000,
                swept.error,
                extra=fields("outbox_paused", seconds=swept.pause / 1000),
            )
        elif swept.sent:
            self._failures = 0


def left_to_sweep(label: str, error: BaseException) -> None:
    """Only the kind: what databases say shows the values of a statement."""
    logger.error(
        "qstash outbox: rows of %r are left to the next sweep: %s",
        label,
        kind(error),
        extra=fields("outbox_left_to_sweep", database=label, error=type(error).__name__),
    )
