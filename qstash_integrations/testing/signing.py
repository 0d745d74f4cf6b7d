"""Headers of a delivery as QStash makes them, genuine or wrong in whatever way a test needs.

Spec: https://upstash.com/docs/qstash/features/security
"""

import time
from typing import Any

import jwt

from .._core.errors import ConfigurationError
from .._core.settings import Settings
from ..server import identifiers
from ..server.signature import sign as signature_of

# Typed in part only.
_jwt: Any = jwt


def sign(
    *,
    url: str,
    body: bytes | str = b"",
    key: str | None = None,
    message_id: str | None = None,
    retried: int = 0,
    **claims: object,
) -> dict[str, str]:
    """The headers of a genuine delivery of ``body`` to ``url``, for any test client; send exactly this body.

    ``url`` is the public one, as it is published. ``key`` is QSTASH_CURRENT_SIGNING_KEY unless it is given. Every claim
    can be set to something else, or left out with None: ``exp=0``, ``iss="Evil"``, ``sub="https://other.example"``;
    the one named ``body``, a hash, is ``body_hash``.
    """
    content = body.encode() if isinstance(body, str) else body
    chosen = key or _current_key()
    genuine = _jwt.decode(signature_of(url, content, chosen, time.time()), options={"verify_signature": False})
    if "body_hash" in claims:
        claims["body"] = claims.pop("body_hash")
    payload = {name: value for name, value in {**genuine, **claims}.items() if value is not None}
    return {
        "Upstash-Signature": _jwt.encode(payload, chosen, "HS256", sort_headers=True),
        "Upstash-Message-Id": message_id or identifiers.message_id(),
        "Upstash-Retried": str(retried),
    }


def _current_key() -> str:
    key = Settings.load().signing_keys.current
    if not key:
        raise ConfigurationError(
            "QSTASH_CURRENT_SIGNING_KEY is not set; set it to the key of the app that the request is for, "
            "as qstash-integrations dev prints it"
        )
    return key
