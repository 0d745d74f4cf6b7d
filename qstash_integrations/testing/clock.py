"""A clock that moves when it is told to, and never back."""

import math
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from .._core.durations import Duration, parse_duration


class Span(TypedDict, total=False):
    """A span of time, as for ``timedelta``."""

    weeks: float
    days: float
    hours: float
    minutes: float
    seconds: float


class Clock:
    """Unix seconds, in whole milliseconds as the engine counts them."""

    def __init__(self, started_at: float) -> None:
        self._now = _up(started_at)

    def __call__(self) -> float:
        return self._now

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now, UTC)

    def move_to(self, at: float) -> None:
        # Up, so that what is due at a fraction of a millisecond is due then.
        self._now = max(self._now, _up(at))


def instant(value: datetime | float, name: str) -> float:
    """Unix seconds; TypeError or ValueError that names the argument."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{name} is a datetime without a time zone; give it one, such as datetime.now(UTC)")
    return value.timestamp()


def span(by: Duration | None, **parts: Unpack[Span]) -> float:
    """Seconds of ``"1h30m"``, of days, hours and so on, or of both; ValueError when they lead back."""
    seconds = timedelta(**parts).total_seconds()
    if by is not None:
        seconds += parse_duration(by, "by").total_seconds()
    if seconds < 0:
        raise ValueError("the clock does not go back")
    return seconds


def _up(seconds: float) -> float:
    # First rounded, or 0.1 milliseconds of floating point would become a whole one.
    return math.ceil(round(seconds * 1000, 3)) / 1000
