"""Cron expressions as QStash documents them: five fields, in UTC or in a zone of their own. Says what is wrong with
one where it is written; when it comes true is for QStash to know.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import difflib
import re
from datetime import UTC, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from .._core.names import hint
from .._core.publishing.options import OPTIONS

_EXAMPLE = "five fields such as '0 7 * * *'"
_ZONED = re.compile(r"(?:CRON_TZ|TZ)=(\S*)\s*(.*)", re.ASCII | re.DOTALL)
_ZONE = re.compile(r"[A-Za-z0-9_+\-/]{1,64}", re.ASCII)
_ITEM = re.compile(r"(?:\*|([0-9]{1,2}|[A-Z]{3})(?:-([0-9]{1,2}|[A-Z]{3}))?)(?:/([0-9]{1,2}))?", re.ASCII)
_SIMILAR = 0.8  # of a zone that is taken for a misspelled one
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Field(NamedTuple):
    name: str
    first: int
    last: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")),
    # Seven is Sunday, as zero is.
    _Field("day of the week", 0, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")),
)


def cron_text(cron: object, tz: object = None) -> str:
    """The expression as it is sent, with its zone in front and one blank between the fields.

    TypeError or ValueError names ``cron`` or ``tz``.
    """
    if not isinstance(cron, str):
        raise TypeError(f"cron must be a text of {_EXAMPLE}, not {type(cron).__name__}")
    zoned = _ZONED.fullmatch(cron.strip())
    if zoned and tz is not None:
        raise TypeError("cron has a time zone, and so has tz; give one of them")
    if zoned:
        zone: str | None = check_zone(zoned[1], "cron")
    else:
        zone = None if tz is None else check_zone(_key(tz), "tz")
    fields = _fields(zoned[2] if zoned else cron)
    text = " ".join(fields if zone is None else [f"CRON_TZ={zone}", *fields])
    if len(text) > OPTIONS["cron"].longest:
        raise ValueError(f"cron may have {OPTIONS['cron'].longest} characters, not {len(text)}")
    return text


def check_zone(name: str, argument: str) -> str:
    """A name of the IANA's, by the time zones of this machine; where it has none, any that could be one."""
    problem = f"{argument} has an unknown time zone {name[:80]!r}"
    if not _ZONE.fullmatch(name):
        raise ValueError(f"{problem}; give a name such as 'Europe/Berlin'")
    try:
        ZoneInfo(name)
    # A missing zone is a KeyError; a directory or a file that is no zone raises what it likes.
    except (KeyError, ValueError, OSError) as error:
        if known := available_timezones():
            near = difflib.get_close_matches(name, known, 1, _SIMILAR)
            remedy = f"did you mean {near[0]!r}?" if near else "give a name such as 'Europe/Berlin'"
            raise ValueError(f"{problem}; {remedy}") from error
    return name


def _key(tz: object) -> str:
    key = "UTC" if tz is UTC else getattr(tz, "key", None) if isinstance(tz, tzinfo) else tz
    if not isinstance(key, str):
        raise TypeError(f"tz must be the name of a time zone such as 'Europe/Berlin', not {tz!r}")
    return key


def _fields(text: str) -> list[str]:
    parts = text.upper().split()
    if len(parts) != len(_FIELDS) or not text.isascii():
        raise ValueError(f"cron must have {_EXAMPLE}, not {text[:80]!r}{_why(parts)}")
    values = [_values(part, field) for part, field in zip(parts, _FIELDS, strict=True)]
    _, _, days, months, _ = values
    # With both kinds of day given, one of them is enough.
    if parts[4] == "*" and all(min(days) > _LONGEST_MONTHS[month - 1] for month in months):
        raise ValueError(f"cron {text[:80]!r} never comes true: no such month has that day")
    return parts


def _why(parts: list[str]) -> str:
    if parts and parts[0].startswith("@"):
        return "; QStash knows no words such as @daily"
    return "; the first field is the minute: there are no seconds" if len(parts) == len(_FIELDS) + 1 else ""


def _values(text: str, field: _Field) -> set[int]:
    """What it stands for; ValueError names the field."""
    found: set[int] = set()
    for item in text.split(","):
        parts = _ITEM.fullmatch(item)
        if parts is None:
            raise ValueError(f"cron has {item[:40]!r} as its {field.name}; it takes *, 5, 1-5, */15 and lists of those")
        first, last, step = parts.groups()
        start = field.first if first is None else _number(first, field)
        end = _number(last, field) if last else field.last if first is None or step else start
        if start > end or step == "0" or step == "00":
            raise ValueError(f"cron has {item!r} as its {field.name}, which is no time at all")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _number(text: str, field: _Field) -> int:
    number = int(text) if text.isdigit() else _word(text, field)
    if not field.first <= number <= field.last:
        raise ValueError(f"cron has {text} as its {field.name}, which goes from {field.first} to {field.last}")
    return number


def _word(text: str, field: _Field) -> int:
    if text not in field.words:
        known = f"; {hint(text, field.words)}" if field.words else ""
        raise ValueError(f"cron has {text!r} as its {field.name}{known}")
    return field.words.index(text) + field.first
