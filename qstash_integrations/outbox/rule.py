"""What becomes of a row: how long it is held, what an answer does to it, when it is tried again. Pure.

A row's fault parks the row; an account's fault parks nothing, and whoever sends waits. What may be either, such as a
URL group that is not there, makes the row alone wait, and nobody behind it.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from .._core.errors import APIError, QStashError, RateLimitError
from .row import Row

# In milliseconds, as all instants of rows.
BORN = 30_000
"""For which whoever has written a row holds it: it sends it itself once it has committed."""
LEASE = 60_000
"""For which whoever has taken a row holds it."""
FAR = 3_600_000
"""What is due later than this was written by a clock that has been set back since."""
OVERDUE = 600_000
"""What has waited for longer is told by ``stats``: the schedule of the sweep is every five minutes."""
EARLIEST = -(2**63)
"""What each instant is at least: along an index, where a database reads all rows for IS NOT NULL."""
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1_000, 600_000
_LONGEST_PAUSE = 900_000

BATCH = 100
"""Rows of one call to QStash."""
TRIES_TOGETHER = 3
"""Sends of a row together with others; then it goes alone, in case that it is why they all are refused."""
LONGEST_ERROR = 500
_SHORTEST_SECRET = 4  # characters; shorter ones stand in any text

_OF_ROW = frozenset((400, 413, 414, 415, 422, 431))
# Of whatever else is 4xx nobody knows whose it is: a plan's limit that one message goes beyond is 412.
_OF_ACCOUNT = frozenset((401, 402, 403, 404, 407, 408, 425, 429))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a row is to become, if ``holder`` still has it. ``delete``: nothing."""

    id: str
    holder: str
    due_at: int | None = None
    error: str | None = None
    tries: int = 0
    sent_at: int | None = None
    message_id: str | None = None
    delete: bool = False


class Fault(Enum):
    """Whose fault it is that a row was not sent."""

    ROW = "the row's: it is parked"
    ALONE = "perhaps the row's: it waits, and others go on"
    ACCOUNT = "everybody's: whoever sends waits"


def fault_of(error: Exception, row: Row) -> Fault:
    """Of a row that was sent alone. An error that nobody knows is everybody's: nothing is parked for it."""
    status = error.status if isinstance(error, APIError) else 0
    if status in _OF_ROW:
        return Fault.ROW
    if not 400 <= status < 500:
        return Fault.ACCOUNT
    is_of_group = status == 404 and "://" not in row.destination
    return Fault.ACCOUNT if status in _OF_ACCOUNT and not is_of_group else Fault.ALONE


def is_worth_parting(error: Exception) -> bool:
    """Whether rows that were refused together may fare better one by one."""
    # 404 is what the name of a URL group that is not there brings upon all of them.
    status = error.status if isinstance(error, APIError) else 0
    return 400 <= status < 500 and (status == 404 or status not in _OF_ACCOUNT)


def sent(row: Row, now: int, message_id: str | None, *, keep: bool) -> Change:
    """QStash has it."""
    if not keep:
        return Change(id=row.id, holder=_holder(row), message_id=message_id, delete=True)
    return Change(id=row.id, holder=_holder(row), tries=row.tries, sent_at=now, message_id=message_id)


def parked(row: Row, error: str) -> Change:
    """It stays until somebody looks at it: ``requeue`` makes it due again."""
    return Change(id=row.id, holder=_holder(row), tries=row.tries + 1, error=error)


def refused(row: Row, now: int, pause: int, error: str) -> Change:
    """It is due again after a while, not before the pause of everybody is over."""
    due_at = now + max(pause, backoff(row.tries))
    return Change(id=row.id, holder=_holder(row), tries=row.tries + 1, due_at=due_at, error=error)


def released(row: Row, now: int) -> Change:
    """Taken and not sent: it is due at once, for whoever comes."""
    return Change(id=row.id, holder=_holder(row), tries=row.tries, due_at=now, error=row.error)


def backoff(tries: int, spread: Callable[[float, float], float] = random.uniform) -> int:
    """Milliseconds until the next try after so many that have failed before: doubled each time, ten minutes at most."""
    # Half of it at random: relays that failed together do not come back together.
    return int(min(_FIRST_BACKOFF * 2.0 ** min(tries, 20), _LONGEST_BACKOFF) * spread(0.5, 1.0))


def pause_after(error: Exception, failures: int, now: int) -> int:
    """Milliseconds for which nothing is sent, after so many failures in a row before this one."""
    asked = error.retry_after * 1000 if isinstance(error, APIError) else 0.0
    if isinstance(error, RateLimitError) and error.resets_at is not None:
        asked = max(asked, error.resets_at * 1000 - now)
    return int(min(max(asked, backoff(failures)), _LONGEST_PAUSE))


def reason(error: Exception, rows: Sequence[Row] = ()) -> str:
    """For the column ``error``, without what the rows hold: QStash's answer may repeat it."""
    # Of an error that nobody knows only its kind: its text may hold anything.
    text = str(error) if isinstance(error, QStashError) else type(error).__name__
    for secret in sorted(_secrets(rows), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text[:LONGEST_ERROR]


def _secrets(rows: Sequence[Row]) -> set[str]:
    found = {value for row in rows for name, value in row.headers or () if _may_be_secret(name)}
    for row in rows:
        body = (row.body or b"").decode("utf-8", "replace")
        found |= {body, json.dumps(body)[1:-1], row.destination.partition("?")[2]}
    return {text for text in found if len(text) >= _SHORTEST_SECRET}


def _may_be_secret(header: str) -> bool:
    return "forward-" in header.lower()


def _holder(row: Row) -> str:
    if row.holder is None:
        raise ValueError(f"row {row.id} was taken by nobody")
    return row.holder
