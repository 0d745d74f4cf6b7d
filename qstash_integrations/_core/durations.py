"""Durations as QStash writes them, ``"1d2h30m"``, to and from ``timedelta``.

Written are whole numbers of days, hours, minutes and seconds; there is nothing smaller than a second. Read is what any
SDK writes: decimals, weeks, months of 30 days and years of 365, and the units of Go below a second.

Spec: https://upstash.com/docs/qstash/features/delay
"""

import math
import re
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

Duration: TypeAlias = timedelta | int | float | str
"""A ``timedelta``, seconds, or QStash's own spelling: ``"90s"``, ``"1d2h30m"``."""

LONGEST = timedelta(days=3650)
_WRITTEN = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_READ = {
    "y": Decimal(365 * 86_400), "mo": Decimal(30 * 86_400), "w": Decimal(7 * 86_400),
    **{unit: Decimal(seconds) for unit, seconds in _WRITTEN.items()},
    "ms": Decimal("1e-3"), "us": Decimal("1e-6"), "\u00b5s": Decimal("1e-6"), "\u03bcs": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}  # fmt: skip
# Ten digits at most, before the point and behind it: a hostile text stays cheap.
_NUMBER = r"[0-9]{1,10}(?:\.[0-9]{0,10})?"
_BARE = re.compile(_NUMBER)
_PART = re.compile(f"({_NUMBER})({'|'.join(sorted(_READ, key=len, reverse=True))})")
_TEXT = re.compile(f"(?:{_PART.pattern})+")


def parse_duration(value: Duration, name: str) -> timedelta:
    """The duration, rounded up to whole seconds; a bare number in a text counts seconds.

    Raises TypeError or ValueError that names ``name``: wrong type, other spelling, negative, over ten years.
    """
    if isinstance(value, timedelta):
        seconds: float = value.total_seconds()
    elif isinstance(value, str):
        seconds = seconds_of_text(value, name)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a timedelta, seconds or a text like '1h30m', not {type(value).__name__}")
    else:
        seconds = value
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"{name} must be between 0 and ten years, not {value!r}")
    return timedelta(seconds=-int(-seconds // 1))


def seconds_of_text(text: str, name: str) -> int:
    """Whole seconds, rounded up, however many; ValueError that names ``name`` for another spelling."""
    seconds = exact_seconds(text)
    if seconds is None:
        raise ValueError(f"{name} must look like '90s', '10m' or '1d2h30m', not {text.strip()[:40]!r}")
    return math.ceil(seconds)


def exact_seconds(text: str) -> Decimal | None:
    """None for another spelling."""
    text = text.strip()
    if _BARE.fullmatch(text):
        return Decimal(text)
    if not _TEXT.fullmatch(text):
        return None
    return sum((Decimal(count) * _READ[unit] for count, unit in _PART.findall(text)), Decimal())


def format_duration(value: timedelta) -> str:
    """QStash's spelling of whole seconds: ``timedelta(minutes=90)`` is ``"1h30m"``."""
    rest = int(value.total_seconds())
    parts: list[str] = []
    for unit, size in _WRITTEN.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def in_words(seconds: int) -> str:
    """As an error says it to a person."""
    return {1: "one second", 7 * 86_400: "a week"}.get(seconds) or format_duration(timedelta(seconds=seconds))
