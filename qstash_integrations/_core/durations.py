"""Durations as QStash writes them, ``"1d2h30m"``, to and from ``timedelta``.

The grammar has whole numbers of days, hours, minutes and seconds; there is nothing smaller than a second.

Spec: https://upstash.com/docs/qstash/features/delay
"""

import re
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = timedelta | int | float | str
"""A ``timedelta``, seconds, or QStash's own spelling: ``"90s"``, ``"1d2h30m"``."""

LONGEST = timedelta(days=3650)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
# Ten digits at most: int() of a hostile text stays cheap.
_TEXT = re.compile(r"(?:[0-9]{1,10}[smhd])+", re.ASCII)
_PART = re.compile(r"([0-9]+)([smhd])", re.ASCII)


def parse_duration(value: Duration, name: str) -> timedelta:
    """The duration, rounded up to whole seconds; a bare number in a text counts seconds.

    Raises TypeError or ValueError that names ``name``: wrong type, other spelling, negative, over ten years.
    """
    if isinstance(value, timedelta):
        seconds: float = value.total_seconds()
    elif isinstance(value, str):
        seconds = _seconds_of_text(value, name)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a timedelta, seconds or a text like '1h30m', not {type(value).__name__}")
    else:
        seconds = value
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"{name} must be between 0 and ten years, not {value!r}")
    return timedelta(seconds=-int(-seconds // 1))


def format_duration(value: timedelta) -> str:
    """QStash's spelling of whole seconds: ``timedelta(minutes=90)`` is ``"1h30m"``."""
    rest = int(value.total_seconds())
    parts: list[str] = []
    for unit, size in _SECONDS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def in_words(seconds: int) -> str:
    """As an error says it to a person."""
    return {1: "one second", 7 * 86_400: "a week"}.get(seconds) or format_duration(timedelta(seconds=seconds))


def _seconds_of_text(text: str, name: str) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return int(text)
    if not _TEXT.fullmatch(text):
        raise ValueError(f"{name} must look like '90s', '10m' or '1d2h30m', not {text[:40]!r}")
    return sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(text))
