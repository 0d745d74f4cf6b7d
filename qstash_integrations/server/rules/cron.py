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
_ZONE = re.compile(r"(?:CRON_TZ|TZ)=([A-Za-z0-9_+\-/]{1,64})\s+", re.ASCII)


def check_cron(text: str, now: float) -> str:
    """The expression without the space around it; Refused when it is none, or never comes true."""
    text = text.strip()
    if not text:
        raise Refused(400, "a schedule needs an Upstash-Cron header such as '*/5 * * * *'")
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
        raise Refused(400, f"invalid cron {text[:80]!r}: it needs five fields, such as '*/5 * * * *'")
    if match is None:
        return UTC, fields
    try:
        return ZoneInfo(match[1]), fields
    # A missing zone is a KeyError; a directory or a file that is no zone raises what it likes.
    except (KeyError, ValueError, OSError) as error:
        raise Refused(400, f"invalid cron {text[:80]!r}: unknown time zone {match[1]!r}") from error
