"""The responses that we make ourselves: the same bytes in every framework.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import json
import logging
from typing import NamedTuple

from ..errors import InProgress, NonRetryable, Replayed, RetryAfter
from .delivery import found
from .telling import of_delivery

_LOGGER = logging.getLogger("qstash_integrations")
_LONGEST_REASON = 500


class Answer(NamedTuple):
    """A response that needs no framework to make."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer_signal(signal: NonRetryable | RetryAfter) -> Answer:
    """What QStash is told when a verified handler raised ``signal``; the app's own log has a record of it as well."""
    if isinstance(signal, InProgress):
        return in_progress(signal.seconds)
    if isinstance(signal, Replayed):
        return REJECTED
    if isinstance(signal, RetryAfter):
        _tell(logging.INFO, f"RetryAfter, QStash comes again in {signal.seconds} seconds", signal)
        return error_answer(503, str(signal) or "try again later", ("retry-after", str(signal.seconds)))
    _tell(logging.WARNING, "NonRetryable, QStash gives it up", signal)
    return error_answer(489, str(signal) or "not retryable", ("upstash-nonretryable-error", "true"))


def in_progress(wait: float) -> Answer:
    """Another request is at work on the message, for ``wait`` seconds at most."""
    return error_answer(409, "delivery in progress", ("retry-after", str(max(-int(-wait // 1), 1))))


def _tell(level: int, outcome: str, signal: Exception) -> None:
    """The handler's own words, never the body. What is not signed, as the message's id, stays on its line too."""
    delivery = found()
    message_id = None if delivery is None else delivery.message_id
    reason = str(signal)[:_LONGEST_REASON]
    _LOGGER.log(
        level,
        "qstash message %a: %s%s",
        message_id,
        outcome,
        f": {reason!a}" if reason else "",
        extra=of_delivery(
            "retry_later" if isinstance(signal, RetryAfter) else "not_retryable",
            error=type(signal).__name__,
            seconds=signal.seconds if isinstance(signal, RetryAfter) else None,
        ),
    )


def error_answer(status: int, error: str, *headers: tuple[str, str]) -> Answer:
    """``error`` in JSON, for whoever reads QStash's log."""
    return _answer(status, {"error": error}, *headers)


def _answer(status: int, content: dict[str, object], *headers: tuple[str, str]) -> Answer:
    fixed = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(status, fixed + headers, json.dumps(content, separators=(",", ":")).encode())


REJECTED = error_answer(401, "invalid signature", ("www-authenticate", "Upstash-Signature"))
INCOMPLETE_BODY = error_answer(400, "incomplete body")
BODY_TIMED_OUT = error_answer(408, "body timeout")
LENGTH_REQUIRED = error_answer(411, "length required")
BODY_TOO_LARGE = error_answer(413, "body too large")
STORE_UNAVAILABLE = error_answer(503, "duplicate protection unavailable")
ALREADY_DONE = _answer(200, {"duplicate": True})
