"""When to try an API call again. Pure: the clients do the sleeping.

Again only after a lost connection, 429 or 5xx, and only what may be sent twice. All tries together end well inside
the ten minutes in which QStash knows a deduplication id, so that no message is published twice.

Spec: https://upstash.com/docs/qstash/features/deduplication
"""

import math
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict, cast

from ..errors import ConfigurationError
from ..names import check_names

LONGEST_WAIT = 60.0  # seconds between two tries; a Retry-After that asks for more is not waited for
MOST_TRIES = 100
LONGEST_ALTOGETHER = 300.0  # seconds from the first try to the start of the last
_RETRIED_STATUS = frozenset((429, *range(500, 600)))
_NUMBER = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10})?", re.ASCII)


class RetryOptions(TypedDict, total=False):
    """The ``retry=`` of a client: how often a call is tried again after a lost connection, 429 or 5xx.

    All tries begin within five minutes. A ``Retry-After`` is kept to; one of more than a minute ends the tries.
    """

    retries: int
    """Tries after the first one; five by default, 100 at most."""
    attempts: int
    """All tries together, as the original SDK counts: ``retries`` and one."""
    backoff: Callable[[int], float]
    """Milliseconds to wait before retry n, counted from 0; a minute at most."""


Retry: TypeAlias = RetryOptions | Literal[False] | None


class RetryPolicy(NamedTuple):
    """How often, and how long between tries."""

    retries: int = 5
    backoff: Callable[[int], float] | None = None
    """Milliseconds before retry n, counted from 0; None: 100 ms doubled each time, with jitter."""

    @classmethod
    def of(cls, retry: Retry) -> "RetryPolicy":
        """From the argument ``retry``; TypeError or ConfigurationError names the part that is wrong."""
        if retry is None or retry is False:
            return cls() if retry is None else cls(0)
        if not isinstance(retry, Mapping):
            raise TypeError(f"retry must be False or a dict such as {{'retries': 2}}, not {retry!r}")
        check_names(retry, RetryOptions.__annotations__, "part of retry")
        backoff: Any = retry.get("backoff")
        if backoff is not None and not callable(backoff):
            raise TypeError("retry['backoff'] must be a function from the retry's number to milliseconds")
        return cls(_retries(retry), cast("Callable[[int], float] | None", backoff))

    def wait(self, tries: int, status: int | None, retry_after: str | None, elapsed: float, now: float) -> float | None:
        """Seconds until the next try, or None to stop.

        ``tries`` were made in ``elapsed`` seconds; ``status`` is None when no answer arrived. ``now``: Unix seconds,
        for a Retry-After that is a date.
        """
        if tries > self.retries or not (status is None or status in _RETRIED_STATUS):
            return None
        # No sooner than either says: a Retry-After of 0 is no leave to hammer.
        seconds = max(demanded(retry_after, now), self._backoff(tries - 1))
        return seconds if seconds <= LONGEST_WAIT and elapsed + seconds <= LONGEST_ALTOGETHER else None

    def _backoff(self, retry: int) -> float:
        if self.backoff is None:
            # Half of it at random: clients that failed together do not come back together.
            return min(0.1 * 2.0**retry, 10.0) * random.uniform(0.5, 1.0)  # noqa: S311
        milliseconds: Any = self.backoff(retry)
        if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float) or math.isnan(milliseconds):
            raise TypeError(f"retry['backoff'] must return milliseconds, not {milliseconds!r}")
        return min(max(milliseconds / 1000, 0.0), LONGEST_WAIT)


def _retries(retry: RetryOptions) -> int:
    if "retries" in retry and "attempts" in retry:
        raise ConfigurationError("retry has both 'retries' and 'attempts'; 'attempts' counts the first try as well")
    name, least = ("attempts", 1) if "attempts" in retry else ("retries", 0)
    count = retry.get(name, RetryPolicy().retries)
    if type(count) is not int or not least <= count <= MOST_TRIES:
        raise ConfigurationError(f"retry[{name!r}] must be a number from {least} to {MOST_TRIES}, not {count!r}")
    return count - least


def demanded(text: str | None, now: float) -> float:
    """Seconds that a Retry-After header asks for, as a number or an HTTP date; 0 when it asks for nothing."""
    if not text or len(text) > 64:
        return 0.0
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
