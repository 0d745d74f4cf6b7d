"""An attempt: from a stored message to the signed request that QStash would make, from its answer to an outcome. Pure.

``Upstash-Region`` is not sent: it makes receivers that run in several regions look for that region's keys, and this
server has none.

Spec: https://upstash.com/docs/qstash/howto/receiving
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .model import Header, Headline, Keys, Message, Outcome
from .signature import signature

MAX_ANSWER = 64 * 1024
# A callback hands the answer on to somebody who needs all of it.
MAX_ANSWER_FOR_CALLBACK = 1024 * 1024
MAX_ANSWER_HEADERS = 64
MAX_ANSWER_HEADER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What goes to the destination, but for the headers that a connection needs (``Host``, ``Content-Length``)."""

    method: str
    url: str
    headers: tuple[Header, ...] = field(repr=False)
    body: bytes = field(repr=False)
    unread: int = 0  # bytes of a body that is read while it is sent; ``body`` is empty then


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One that was made, as it is told to whoever watches the server."""

    message: Message
    outcome: Outcome
    seconds: float
    then: Headline | None = None  # what followed from it, where that is followed: RETRY, FAILED, CANCELED


def signed_request(
    message: Message, keys: Keys, signed_at: float, body: Iterable[bytes] | None = None
) -> SignedRequest:
    """The next attempt at ``message``, signed with the current key; every call makes a signature of its own.

    ``signed_at`` is wall time: receivers refuse what was signed in their future. ``body`` has the parts of one that the
    message has not with it.
    """
    forwarded = message.options.headers
    named = {name.lower() for name, _ in forwarded}
    own = (
        ("Upstash-Signature", signature(message, keys, signed_at, body)),
        ("Upstash-Message-Id", message.id),
        ("Upstash-Retried", str(message.retried)),
        ("Upstash-Topic-Name", message.topic),
        ("Upstash-Schedule-Id", message.schedule_id),
        ("Upstash-Caller-Ip", message.caller_ip),
        # By it a local server knows its own deliveries, however they come back to it. QStash sends no such header.
        ("Upstash-Hops", str(message.options.hops + 1)),
    )
    return SignedRequest(
        method=message.options.method,
        url=message.url,
        headers=(
            *(() if "user-agent" in named else (("User-Agent", "Upstash-QStash"),)),
            *forwarded,
            *((name, value) for name, value in own if value),
        ),
        body=message.body,
        unread=message.unread,
    )


def answer_limit(message: Message) -> int:
    """How many bytes of the answer are worth keeping."""
    return MAX_ANSWER if message.options.callback is None else MAX_ANSWER_FOR_CALLBACK


def outcome_of(status: int, headers: Iterable[Header], body: bytes, limit: int = MAX_ANSWER) -> Outcome:
    """What an answer means for its message; what is too large of it is left out."""
    if not 100 <= status <= 599:
        return no_answer(f"the answer's status {status} is none that HTTP knows; answer with 200 to 599")
    return Outcome(status=status, headers=_kept(headers), body=body[:limit])


def no_answer(why: str) -> Outcome:
    """The outcome of an attempt that no answer came of."""
    return Outcome(status=0, error=why)


def _kept(headers: Iterable[Header]) -> tuple[Header, ...]:
    kept: list[Header] = []
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if size > MAX_ANSWER_HEADER_BYTES or len(kept) == MAX_ANSWER_HEADERS:
            break
        kept.append((_canonical(name), value))
    return tuple(kept)


def _canonical(name: str) -> str:
    """As QStash shows it: servers and proxies disagree on the case of the same header."""
    return "-".join(part.capitalize() for part in name.split("-"))
