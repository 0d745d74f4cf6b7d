"""What a test gets to see: attempts at delivery, dead letters, and the answers it must not overlook.

Those are not an ordinary failure: nobody there, a genuine message refused, a bug.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .._core.log_fields import fields
from ..server.attempt import SignedRequest
from ..server.model import DeadLetter as StoredLetter
from ..server.model import Header, Message
from .in_process import AppResponse

logger: logging.Logger = logging.getLogger("qstash_integrations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request that was made to deliver a message, and what was answered. Its repr shows neither body."""

    message_id: str
    url: str
    """The destination, as it was signed."""
    method: str
    headers: Sequence[Header] = field(repr=False)
    """Those of the request, the signature among them."""
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
        """Whether the answer was a 2xx, after which none follows."""
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
    """Retries before the last attempt."""
    at: datetime
    """When it was given up, by the clock that the test moves."""
    status: int
    """Of the last answer; 0: there was none."""
    answer: bytes = field(default=b"", repr=False)
    error: str = ""
    """Why there was no answer."""

    def json(self) -> Any:
        """The message's body, decoded; ValueError when it is no JSON."""
        return json.loads(self.body)


class NotServed(AssertionError):
    """A message went to a URL that no app in the test serves: nobody answered, or 404, 405 or a redirect did.

    An AssertionError, raised by whatever delivers; ``LocalQStash(strict=False)`` takes it for an ordinary failure.
    """


class Refused(AssertionError):
    """The app did not take a genuine message for one: it answered 401, and its log record says why.

    An AssertionError, raised by whatever delivers; ``LocalQStash(strict=False)`` takes it for an ordinary failure.
    """


def attempt_at(message: Message, request: SignedRequest, now: datetime, answer: AppResponse) -> Attempt:
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


def check(attempts: Sequence[Attempt], *, strict: bool, raise_errors: bool, served_at: str) -> None:
    """Raises NotServed, Refused or what a handler raised, for the first attempt that calls for it."""
    for attempt in attempts:
        if attempt.error is not None:
            if raise_errors:
                raise attempt.error
            # It may be what the test is about; if not, the test's report shows where it came from.
            logger.error(
                "the handler of %s failed",
                attempt.url,
                exc_info=attempt.error,
                extra=fields("handler_failed", message_id=attempt.message_id, retried=attempt.retried),
            )
        elif strict:
            _check_arrived(attempt, served_at)


def _check_arrived(attempt: Attempt, served_at: str) -> None:
    if attempt.status == 0:
        raise NotServed(
            f"{attempt.url} was published to, and no app serves it: the one under test is at {served_at}. Set "
            "QSTASH_PUBLIC_URL (or public_url=) to the app's own URL, or mount another app: .mount(base, app)"
        )
    if attempt.status in (404, 405) or 300 <= attempt.status < 400:
        kind = ", a redirect, which counts as a failure" if attempt.status < 400 else ""
        raise NotServed(
            f"{attempt.url} was published to, and the app answered {attempt.method} with {attempt.status}{kind}; "
            "if it means that, set .strict = False"
        )
    challenge = ("www-authenticate", "Upstash-Signature")
    if attempt.status == 401 and any((name.lower(), value) == challenge for name, value in attempt.answer_headers):
        raise Refused(
            f"the app refused a genuine delivery to {attempt.url}; its log record (logger qstash_integrations) "
            "says why, and which setting to change"
        )
