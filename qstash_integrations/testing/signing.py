"""Headers of a delivery as QStash makes them, genuine or wrong in whatever way a test needs; also as text to copy.

Spec: https://upstash.com/docs/qstash/features/security
"""

import json
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt

from .._core.errors import ConfigurationError, QStashError
from .._core.settings import Settings
from ..server import identifiers
from ..server.signature import sign as signature_of

# Typed in part only.
_jwt: Any = jwt
_JSON = "application/json"
_CLAIMS = ("aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub")


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


def signed_request(url: str, body: str, claims: Sequence[str], *, method: str, curl: bool) -> str:
    """Header lines, or a curl line that sends the request; for the app whose QSTASH_* settings are set here.

    ``body`` is a text, ``@FILE`` or ``@-`` for stdin, as for curl's ``--data-binary``.
    """
    wrong: dict[str, Any] = dict(map(_claim, claims))
    headers = sign(url=url, body=_read(body), **wrong)
    if not curl:
        return "\n".join(f"{name}: {value}" for name, value in headers.items())
    return _curl(url, body, {**headers, "Content-Type": _JSON}, method)


def _current_key() -> str:
    key = Settings.load().signing_keys.current
    if not key:
        raise ConfigurationError(
            "QSTASH_CURRENT_SIGNING_KEY is not set; set it to the key of the app that the request is for, "
            "as qstash-integrations dev prints it"
        )
    return key


def _read(body: str) -> bytes:
    if not body.startswith("@"):
        return body.encode()
    if body == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(body[1:]).read_bytes()
    except OSError as error:
        raise QStashError(f"--body {body}: {error.strerror or error}") from error


def _claim(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if name not in _CLAIMS or not equals:
        raise QStashError(f"--claim takes NAME=VALUE with one of {', '.join(_CLAIMS)}, not {text!r}")
    argument = "body_hash" if name == "body" else name
    try:
        return argument, json.loads(value)
    except ValueError:
        return argument, value


def _curl(url: str, body: str, headers: Mapping[str, str], method: str) -> str:
    options = [("-H", f"{name}: {value}") for name, value in headers.items()]
    lines = [shlex.join(["curl", "-i", "-X", method, url]), *map(shlex.join, [*options, ("--data-binary", body)])]
    return " \\\n     ".join(lines)
