"""Headers of a delivery as QStash makes them, genuine or wrong in whatever way a test needs; also as text to copy.

Spec: https://upstash.com/docs/qstash/features/security
"""

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jwt

from .._core.bodies import read_body
from .._core.errors import ConfigurationError, QStashError
from .._core.settings.values import Settings
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


class SignedRequest(NamedTuple):
    """A request as QStash would make it, to be copied."""

    url: str
    method: str
    body: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, url: str, body: str, claims: Sequence[str], *, method: str, key: str | None) -> "SignedRequest":
        """``body`` is a text, ``@FILE`` or ``@-`` for stdin; ``claims`` are those that are to be wrong, NAME=VALUE."""
        wrong: dict[str, Any] = dict(map(_claim, claims))
        return cls(url, method, body, sign(url=url, body=read_body(body), key=key, **wrong))

    @property
    def lines(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.headers.items())

    @property
    def curl(self) -> str:
        """A command that sends it."""
        return _curl(self.url, self.body, {**self.headers, "Content-Type": _JSON}, self.method)


def _current_key() -> str:
    key = Settings.load().signing_keys.current
    if not key:
        raise ConfigurationError(
            "QSTASH_CURRENT_SIGNING_KEY is not set; set it to the key of the app that the request is for, "
            "as qstash-integrations dev prints it"
        )
    return key


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
