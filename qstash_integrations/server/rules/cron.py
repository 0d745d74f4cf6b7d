"""Cron expressions: five fields, minute resolution, UTC unless ``CRON_TZ=<zone>`` stands before them.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from ..._core.publishing.options import OPTIONS
from ..model import Refused

MAX_LENGTH = OPTIONS["cron"].longest
_EXAMPLE = "'*/5 * * * *'"
# Words that other crons know, as the fields that they stand for. QStash documents none of them.
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ZONE = re.compile(r"(?:CRON_TZ|TZ)=([A-Za-z0-9_+\-/]{1,64})\s+", re.ASCII)


def check_cron(text: str, now: float) -> str:
    """The expression without the space around it; Refused when it is none, or never comes true."""
    text = text.strip()
    if not text:
        raise Refused(400, f"a schedule needs an Upstash-Cron header such as {_EXAMPLE}")
    if next_tick(text, now) is None:
        raise Refused(400, f"invalid cron {text!r}: it never comes true")
    return text


# The dashboard asks for the same ones again and again; a rare one takes half a millisecond to find.
@lru_cache(maxsize=8192)
def next_tick(text: str, after: float) -> float | None:
    """The first moment after ``after``; None when there is none in the next fifty years."""
    zone, fields = _parts(text)
    try:
        return next(CronSim(fields, datetime.fromtimestamp(after, tz=zone))).timestamp()
    except StopIteration:
        return None
    except CronSimError as error:
        raise Refused(400, f"invalid cron {text[:80]!r}: {str(error).lower()}") from error


def _parts(text: str) -> tuple[tzinfo, str]:
    if len(text) > MAX_LENGTH:
        raise Refused(400, f"invalid cron: it may have {MAX_LENGTH} characters")
    match = _ZONE.match(text)
    fields = text[match.end() :] if match else text
    if len(fields.split()) != 5 or not fields.isascii():
        raise Refused(400, f"invalid cron {text[:80]!r}: {_remedy(fields.split())}")
    if match is None:
        return UTC, fields
    try:
        return ZoneInfo(match[1]), fields
    # A missing zone is a KeyError; a directory or a file that is no zone raises what it likes.
    except (KeyError, ValueError, OSError) as error:
        raise Refused(400, f"invalid cron {text[:80]!r}: unknown time zone {match[1]!r}") from error


def _remedy(parts: list[str]) -> str:
    word = parts[0].lower() if parts else ""
    if word in _WORDS:
        return f"write {_WORDS[word]!r} for {word}, QStash takes five fields"
    if word == "@every":
        return f"there is no @every, write five fields: {_EXAMPLE} is every five minutes"
    if word.startswith("@"):
        return f"there is no {word[:20]}, write five fields such as {_EXAMPLE}"
    if word.startswith(("cron_tz=", "tz=")):
        return "after CRON_TZ=, in capitals, and the name of a zone it needs a blank and five fields"
    if len(parts) == 6:
        return f"it has six fields and needs five, such as {_EXAMPLE}: the first one is the minute"
    return f"it needs five fields, such as {_EXAMPLE}"
