"""When the next attempt at a message is due. Pure; the engine keeps the time.

The destination's own wish comes first, then the publisher's expression, then the default backoff.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from ..._core.durations import exact_seconds
from ..model import Outcome
from .expression import retry_delay_ms

LONGEST = 86_400
_DEMANDS = ("retry-after", "x-ratelimit-reset", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)


def backoff(n: int) -> float:
    """Seconds before retry ``n``, counted from 1: 12, 148, 1808, 22026, then a day."""
    return min(LONGEST, math.exp(2.5 * min(n, 5)))


def wait(outcome: Outcome, *, retried: int, retries: int, retry_delay: str | None, now: float) -> float | None:
    """Seconds until the next attempt, None when there is none left.

    ``retried`` counts the retries before the attempt that just failed; ``now`` is wall time, for HTTP dates.
    """
    if retried >= retries or gives_up(outcome):
        return None
    demanded = demanded_wait(outcome, now)
    if demanded is not None:
        return demanded
    if retry_delay is not None:
        milliseconds = retry_delay_ms(retry_delay, retried)
        if milliseconds is not None:
            return milliseconds / 1000
    return backoff(retried + 1)


def gives_up(outcome: Outcome) -> bool:
    """Whether the destination said that trying again is of no use: both the status and the header count.

    So it does by an answer that is a good one, and does not count.
    """
    if outcome.answered_well:
        return True
    return outcome.status == 489 and _fields(outcome).get("upstash-nonretryable-error", "").lower() == "true"


def demanded_wait(outcome: Outcome, now: float) -> float | None:
    """Seconds that the answer asks to wait; None when it does not, or for more than a day."""
    fields = _fields(outcome)
    for name in _DEMANDS:
        seconds = _seconds(fields.get(name, "").strip(), now)
        if seconds is not None and seconds <= LONGEST:
            return max(seconds, 0.0)
    return None


def _fields(outcome: Outcome) -> Mapping[str, str]:
    return {name.lower(): value for name, value in outcome.headers}


def _seconds(text: str, now: float) -> float | None:
    if len(text) > 64:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    seconds = exact_seconds(text)
    if seconds is not None:
        return float(seconds)
    if not text.endswith("GMT"):
        return None
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
