"""The log of what goes wrong, for whoever runs the server. A flood of faults does not become a flood of records."""

import logging
import time
from collections.abc import Callable

PERIOD = 60.0
_LOGGER = "qstash_integrations.server"


def fault_log(now: Callable[[], float] = time.monotonic) -> logging.Logger:
    """A logger that writes one record of a kind in a minute, and in it how many it did not write.

    Of a kind are records with the same message, whatever its arguments. ``now`` counts seconds.
    """
    # Not a registered one: what one server has written already decides nothing for the next.
    log = logging.Logger(_LOGGER)  # noqa: LOG001
    log.parent = logging.getLogger(_LOGGER)
    log.addFilter(_Sparing(now))
    return log


class _Sparing(logging.Filter):
    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._written_at: dict[str, float] = {}
        self._unwritten: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, kind = self._now(), str(record.msg)
        if now - self._written_at.get(kind, -PERIOD) < PERIOD:
            self._unwritten[kind] = self._unwritten.get(kind, 0) + 1
            return False
        self._written_at[kind] = now
        if more := self._unwritten.pop(kind, 0):
            record.msg = f"{record.getMessage()} ({more} more since the last such record)"
            record.args = None
        return True
