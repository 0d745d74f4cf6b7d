"""A signature for the probe, as QStash makes one. Signs for nothing else: whoever calls this has the probe's URL.

Spec: https://upstash.com/docs/qstash/features/security
"""

import hashlib
import hmac
import json
import secrets
from typing import Any, cast

from .._core.receiving.token import ISSUER, encode

LIFETIME = 300  # seconds


def headers_for(url: str, body: bytes, key: str, *, now: float, exp: float | None = None) -> dict[str, str]:
    """The headers of a delivery of ``body`` to ``url``; ``exp`` is Unix seconds."""
    issued = int(now)
    claims = {
        "aud": "",
        "body": encode(hashlib.sha256(body).digest()).decode() + "=",
        "exp": issued + LIFETIME if exp is None else int(exp),
        "iat": issued,
        "iss": ISSUER,
        "jti": f"jwt_{secrets.token_hex(16)}",
        "nbf": 0,
        "sub": url,
    }
    return {
        "Upstash-Signature": _token(claims, key),
        "Upstash-Message-Id": f"msg_doctor_{secrets.token_hex(12)}",
        "Upstash-Retried": "0",
        "Content-Type": "application/json",
    }


def _token(claims: dict[str, Any], key: str) -> str:
    """As PyJWT would make it, which warns of keys that are shorter than Upstash's own."""
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(map(encode, parts))
    return b".".join((signed, encode(hmac.digest(key.encode("utf-8", "replace"), signed, "sha256")))).decode()


def is_json(body: bytes) -> Any:
    """The value of a JSON object; None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("Any", value) if isinstance(value, dict) else None
