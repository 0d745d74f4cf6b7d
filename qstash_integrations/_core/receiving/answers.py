"""The responses that we make ourselves: the same bytes in every framework.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import json
from typing import NamedTuple

from ..errors import NonRetryable, RetryAfter


class Answer(NamedTuple):
    """A response that needs no framework to make."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer_signal(signal: NonRetryable | RetryAfter) -> Answer:
    """What QStash is told when a verified handler raised ``signal``."""
    if isinstance(signal, RetryAfter):
        return _error(503, str(signal) or "try again later", ("retry-after", str(signal.seconds)))
    return _error(489, str(signal) or "not retryable", ("upstash-nonretryable-error", "true"))


def in_progress(wait: float) -> Answer:
    """Another request is at work on the message, for ``wait`` seconds at most."""
    return _error(409, "delivery in progress", ("retry-after", str(max(-int(-wait // 1), 1))))


def _error(status: int, error: str, *headers: tuple[str, str]) -> Answer:
    return _answer(status, {"error": error}, *headers)


def _answer(status: int, content: dict[str, object], *headers: tuple[str, str]) -> Answer:
    fixed = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(status, fixed + headers, json.dumps(content, separators=(",", ":")).encode())


REJECTED = _error(401, "invalid signature", ("www-authenticate", "Upstash-Signature"))
INCOMPLETE_BODY = _error(400, "incomplete body")
BODY_TIMED_OUT = _error(408, "body timeout")
LENGTH_REQUIRED = _error(411, "length required")
BODY_TOO_LARGE = _error(413, "body too large")
STORE_UNAVAILABLE = _error(503, "try again later")
ALREADY_DONE = _answer(200, {"duplicate": True})
