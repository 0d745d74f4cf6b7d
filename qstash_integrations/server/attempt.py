"""From a stored message to the signed request that QStash would make, and from its answer to an outcome. Pure.

``Upstash-Region`` is not sent: it makes receivers that run in several regions look for that region's keys, and this
server has none.

Spec: https://upstash.com/docs/qstash/features/security and https://upstash.com/docs/qstash/howto/receiving
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import jwt

from .identifiers import signing_key, token_id
from .model import Header, Keys, Message, Outcome

LIFETIME = 300  # seconds that a signature is good for
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


def signed_request(message: Message, keys: Keys, signed_at: float) -> SignedRequest:
    """The next attempt at ``message``, signed with the current key; every call makes a signature of its own.

    ``signed_at`` is wall time: receivers refuse what was signed in their future.
    """
    forwarded = message.options.headers
    named = {name.lower() for name, _ in forwarded}
    own = (
        ("Upstash-Signature", _signature(message, keys, signed_at)),
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
    )


def sign(url: str, body: bytes, key: str, signed_at: float, jti: str | None = None, *, issuer: str = "Upstash") -> str:
    """The value of ``Upstash-Signature``. ``url`` is signed byte for byte; ``jti`` is for tests."""
    issued = int(signed_at)
    # In QStash's own order, which is that of the alphabet.
    claims = {
        "aud": "",
        "body": urlsafe_b64encode(hashlib.sha256(body).digest()).decode("ascii"),
        "exp": issued + LIFETIME,
        "iat": issued,
        "iss": issuer,
        "jti": jti or token_id(),
        "nbf": 0,
        "sub": url,
    }
    segments = f"{_HEADER}.{_segment(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{segments}.{_segment(_HS256.sign(segments.encode('ascii'), _prepared(key)))}"


def _segment(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@lru_cache(maxsize=8)
def _prepared(key: str) -> bytes:
    prepared: bytes = _HS256.prepare_key(key)
    return prepared


# What ``jwt.encode`` does for each token anew: the algorithm, its header and the check of the key are always the same.
_HS256 = jwt.get_algorithm_by_name("HS256")
_HEADER = _segment(b'{"alg":"HS256","typ":"JWT"}')


def _signature(message: Message, keys: Keys, signed_at: float) -> str:
    """The genuine one, or with the flaw that was asked for; empty where it is to be missing."""
    url, body, key = message.url, message.body, keys.current
    match message.options.flaw:
        case None:
            return sign(url, body, key, signed_at)
        case "missing":
            return ""
        case "malformed":
            return sign(url, body, key, signed_at).replace(".", "")
        case "wrong_key":
            return sign(url, body, signing_key(), signed_at)
        case "issuer":
            return sign(url, body, key, signed_at, issuer="Nobody")
        case "expired":
            return sign(url, body, key, signed_at - 2 * LIFETIME)
        case "url_mismatch":
            return sign("https://elsewhere.example/", body, key, signed_at)
        case "body_mismatch":
            return sign(url, body + b" ", key, signed_at)


def answer_limit(message: Message) -> int:
    """How many bytes of the answer are worth keeping."""
    return MAX_ANSWER if message.options.callback is None else MAX_ANSWER_FOR_CALLBACK


def outcome_of(status: int, headers: Iterable[Header], body: bytes, limit: int = MAX_ANSWER) -> Outcome:
    """What an answer means for its message; what is too large of it is left out."""
    if not 100 <= status <= 599:
        return no_answer(f"the answer's status {status} is none that HTTP knows")
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
