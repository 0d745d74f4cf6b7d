"""The signature of an attempt, as QStash makes it, or with the flaw that was asked for. Pure.

Spec: https://upstash.com/docs/qstash/features/security
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache

import jwt

from .identifiers import signing_key, token_id
from .model import Keys, Message

LIFETIME = 300  # seconds that a signature is good for


def signature(message: Message, keys: Keys, signed_at: float, parts: Iterable[bytes] | None = None) -> str:
    """The genuine one, or with the flaw that was asked for; empty where it is to be missing.

    ``parts`` are those of a body that the message has not with it.
    """
    url, key, body = message.url, keys.current, hashlib.sha256()
    for part in (message.body,) if parts is None else parts:
        body.update(part)
    match message.options.flaw:
        case None:
            return _signed(url, body.digest(), key, signed_at)
        case "missing":
            return ""
        case "malformed":
            return _signed(url, body.digest(), key, signed_at).replace(".", "")
        case "wrong_key":
            return _signed(url, body.digest(), signing_key(), signed_at)
        case "issuer":
            return _signed(url, body.digest(), key, signed_at, issuer="Nobody")
        case "expired":
            return _signed(url, body.digest(), key, signed_at - 2 * LIFETIME)
        case "url_mismatch":
            return _signed("https://elsewhere.example/", body.digest(), key, signed_at)
        case "body_mismatch":
            body.update(b" ")
            return _signed(url, body.digest(), key, signed_at)


def sign(url: str, body: bytes, key: str, signed_at: float, jti: str | None = None) -> str:
    """The value of ``Upstash-Signature``. ``url`` is signed byte for byte; ``jti`` is for tests."""
    return _signed(url, hashlib.sha256(body).digest(), key, signed_at, jti)


def _signed(
    url: str, digest: bytes, key: str, signed_at: float, jti: str | None = None, *, issuer: str = "Upstash"
) -> str:
    issued = int(signed_at)
    # In QStash's own order, which is that of the alphabet.
    claims = {
        "aud": "",
        "body": urlsafe_b64encode(digest).decode("ascii"),
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
