"""What is known of the call that is running.

Its id, time and number of retries were signed with its URL. The attempt is what QStash says in a header, unsigned: good
for logs and progress.
"""

import json
import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from .._core.receiving.delivery import Delivery
from .._core.receiving.runs import call_id_of
from .options import DEFAULT_RETRIES

# Milliseconds of this many digits are a date that Python has.
_NUMBER = re.compile(r"[0-9]{1,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentCall:
    """One call of a task, while it runs; ``current_call()`` tells it.

    What is marked as unsigned is a hint: whoever holds a genuine request can change it.
    """

    task: str
    """The task's name."""
    id: str
    """The same on every attempt. Of a schedule's call and of a callback it is the message's id, which is unsigned."""
    attempt: int
    """From 1 on. Unsigned."""
    retries: int
    """With how many it was published, at most; so many attempts follow the first."""
    published_at: datetime
    """Aware. Of a schedule's call and of a callback it is the moment of this attempt."""
    delivery: Delivery

    @property
    def is_last_attempt(self) -> bool:
        """Whether QStash gives up when this one fails. Unsigned."""
        return self.attempt > self.retries

    @property
    def signed_id(self) -> str:
        """The same on every attempt, and that of no other call, whatever a header says of the message's id."""
        claims = self.delivery.claims
        return call_id_of(claims.sub) or json.dumps([self.id, claims.sub, claims.body])

    @classmethod
    def of(cls, task: str, delivery: Delivery) -> "CurrentCall":
        """Read the URL that was signed."""
        query = {name: values[-1] for name, values in parse_qs(delivery.claims.sub.partition("?")[2]).items()}
        claims, at = delivery.claims, _number(query.get("at"))
        return cls(
            task=task,
            id=call_id_of(claims.sub) or delivery.message_id or claims.jti or "",
            attempt=(delivery.retried or 0) + 1,
            retries=DEFAULT_RETRIES if (of := _number(query.get("of"))) is None else of,
            published_at=datetime.fromtimestamp((claims.iat or claims.nbf) if at is None else at / 1000, UTC),
            delivery=delivery,
        )


CURRENT: ContextVar[CurrentCall] = ContextVar("qstash_call")


def current_call() -> CurrentCall:
    """The call that is running; LookupError outside of a task that QStash has called."""
    try:
        return CURRENT.get()
    except LookupError:
        raise LookupError(
            "no task is running here that QStash has called, so there is no call: current_call() is for tasks, and "
            "for what they call"
        ) from None


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None
