"""What a test gets to see: attempts at delivery, and dead letters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..server.attempt import SignedRequest
from ..server.model import DeadLetter as StoredLetter
from ..server.model import Header, Message
from .in_process import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request that was made to deliver a message, and what was answered. Its repr shows neither body."""

    message_id: str
    url: str
    method: str
    headers: Sequence[Header] = field(repr=False)
    body: bytes = field(repr=False)
    retried: int
    """Retries before this attempt."""
    at: datetime
    """By the clock that the test moves."""
    status: int
    """0: there was no answer."""
    answer_headers: Sequence[Header] = field(default=(), repr=False)
    answer: bytes = field(default=b"", repr=False)
    error: Exception | None = None
    """What the handler raised, apart from NonRetryable and RetryAfter."""

    @property
    def delivered(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The message's body, decoded; ValueError when it is no JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up. Its repr shows neither body."""

    dlq_id: str
    """What ``qstash.dlq`` knows it by."""
    message_id: str
    url: str
    body: bytes = field(repr=False)
    retried: int
    at: datetime
    """By the clock that the test moves."""
    status: int
    """Of the last answer; 0: there was none."""
    answer: bytes = field(default=b"", repr=False)
    error: str = ""
    """Why there was no answer."""

    def json(self) -> Any:
        """The message's body, decoded; ValueError when it is no JSON."""
        return json.loads(self.body)


def attempt_at(message: Message, request: SignedRequest, now: datetime, answer: Answer) -> Attempt:
    return Attempt(
        message_id=message.id,
        url=message.url,
        method=request.method,
        headers=request.headers,
        body=request.body,
        retried=message.retried,
        at=now,
        status=answer.status,
        answer_headers=answer.headers,
        answer=answer.body,
        error=answer.error,
    )


def dead_letter(stored: StoredLetter) -> DeadLetter:
    return DeadLetter(
        dlq_id=stored.id,
        message_id=stored.message.id,
        url=stored.message.url,
        body=stored.message.body,
        retried=stored.message.retried,
        at=datetime.fromtimestamp(stored.at, UTC),
        status=stored.outcome.status,
        answer=stored.outcome.body,
        error=stored.outcome.error,
    )
