"""The inbox: a message has its effect in a database exactly once, since its mark commits with the work. Pure.

The mark is written first, in the transaction of the handler: a row with two unique keys, one for the message and one
for the token of the attempt. A message is known by what was signed, the URL and the body, with the id of the row of the
outbox that it came from, else with its own; the call of a task by its signed id. Ids and method are unsigned: that is
why a token belongs to the first message it was presented for.

Whatever is not 2xx rolls the work back. What is left of the mark then says whose the token was, so that the message may
come again, also with this token, and no other message with it.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from ._core.contention import GIVEN_UP, WAITED, has_code, layers
from ._core.durations import Duration, parse_duration
from ._core.errors import ConfigurationError
from ._core.receiving.answers import ALREADY_DONE, REJECTED, Answer, in_progress
from ._core.receiving.delivery import Delivery
from ._core.receiving.runs import METHODS, keys_of

TABLE = "qstash_inbox"
# Seconds that a duplicate waits for whoever is at work on its message: most are done by then.
WAIT = 1
# Seconds until QStash may come again. Each try that is too early is one of the message's retries.
COME_AGAIN = 10.0
# A month in the dead letter queue, from which a message may be sent again, and the retries before that.
KEPT = timedelta(days=45)
# Five retries by the default backoff, with two hours for each of the attempts, take 43 hours.
SHORTEST_KEPT = timedelta(days=2)
MARKS_AT_ONCE = 500  # that are deleted in one transaction
_HEX = frozenset("0123456789abcdef")
# A savepoint of MariaDB's is gone: somebody has caught the deadlock.
_LOCKS = GIVEN_UP | WAITED | {1305}
_SQLITE_LOCKS = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED

Standing: TypeAlias = Literal["first", "again", "done", "replayed", "busy"]
"""What is found of a mark.

``first``: nothing. ``again``: the same request, which has failed before. ``done``: the message has had its effect.
``replayed``: the token was presented before, and is not to be presented like this. ``busy``: ask again.
"""


class Mark(NamedTuple):
    """What is written for an attempt; both are 64 hexadecimal digits."""

    message: str
    token: str

    @property
    def failed(self) -> str:
        """Stands in the place of the message once the attempt has failed."""
        return hashlib.sha256(f"failed {self.message} {self.token}".encode()).hexdigest()


def mark_of(delivery: Delivery, *, of_tasks: bool = False) -> Mark | None:
    """None for a method that QStash never sends: a genuine token is in somebody else's hands."""
    method = delivery.method.upper()
    if method not in METHODS:
        return None
    given = delivery.outbox_id or ""
    outbox_id = given if len(given) == 32 and _HEX.issuperset(given) else None
    return Mark(*keys_of(delivery, method, of_tasks=of_tasks, outbox_id=outbox_id))


def standing(mark: Mark, found: Iterable[tuple[str, str]]) -> Standing:
    """``found`` are the rows that have one of the two keys, each a message and a token."""
    by_token = {token: message for message, token in found}
    presented = by_token.get(mark.token)
    if presented is not None and presented != mark.failed:
        return "replayed"
    if mark.message in by_token.values():
        return "done"
    # Between the two looks whoever was at work has failed, or the mark was pruned.
    return "busy" if presented is None else "again"


def answer_of(found: Standing) -> Answer:
    """To a request that is not handled."""
    match found:
        case "done":
            return ALREADY_DONE
        case "replayed":
            return REJECTED
        case _:
            return in_progress(COME_AGAIN)


def is_contended(error: BaseException) -> bool:
    """Whether a database error says that others were at the same rows: all is rolled back, and may be tried again."""
    if has_code(error, _LOCKS):
        return True
    return any(getattr(layer, "sqlite_errorcode", 0) & 0xFF in _SQLITE_LOCKS for layer in layers(error))


def kept_for(given: Duration) -> timedelta:
    """ConfigurationError where QStash might still come with a message whose mark is gone."""
    try:
        kept = parse_duration(given, "kept")
    except (TypeError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
    if kept < SHORTEST_KEPT:
        raise ConfigurationError(
            f"kept must be {SHORTEST_KEPT.days} days at least, not {given!r}: for so long QStash may try a message "
            "again, and longer where it is sent again from the dead letter queue"
        )
    return kept


def forgotten_before(now: float, newest_at: int | None, kept: timedelta) -> int:
    """Marks from before this may be pruned. ``now`` is Unix seconds; marks and the result are Unix milliseconds.

    Counted from the newest mark: a clock that was set forward forgets nothing.
    """
    now_at = int(now * 1000)
    return min(now_at, now_at if newest_at is None else newest_at) - int(kept.total_seconds() * 1000)


def shown(counts: Mapping[str, Any], *, as_json: bool) -> str:
    """What a command counted, for whoever asked it."""
    if as_json:
        return json.dumps(counts)
    return ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items())
