"""What ``qstash-integrations sign`` reads and prints."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.errors import QStashError
from .signing import sign

_JSON = "application/json"
_CLAIMS = ("aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub")


def signed_request(url: str, body: str, claims: Sequence[str], *, method: str, curl: bool) -> str:
    """Header lines, or a curl line that sends the request; for the app whose QSTASH_* settings are set here.

    ``body`` is a text, ``@FILE`` or ``@-`` for stdin, as for curl's ``--data-binary``.
    """
    wrong: dict[str, Any] = dict(map(_claim, claims))
    headers = sign(url=url, body=_read(body), **wrong)
    if not curl:
        return "\n".join(f"{name}: {value}" for name, value in headers.items())
    return _curl(url, body, {**headers, "Content-Type": _JSON}, method)


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
    words = ["curl", "-X", method, url]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "--data-binary", body])
