"""The origins under which QStash calls an app: what a sender builds URLs on, and a receiver compares with.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Iterable
from typing import cast
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .texts import problem_of_text

_HTTP = re.compile(r"https?://", re.IGNORECASE)
NO_PUBLIC_URL = (
    "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
    "such as https://api.example.com"
)


def public_urls(value: object, name: str) -> tuple[str, ...]:
    """The origins in a comma-separated text or a list of texts; ConfigurationError names ``name``."""
    if value is None:
        return ()
    if not isinstance(value, str | list | tuple):
        raise ConfigurationError(f"{name} must be a text or a list of texts, not {type(value).__name__}")
    if isinstance(value, str) and (problem := problem_of_text(value)):
        raise ConfigurationError(f"{name} {problem}")
    parts = value.split(",") if isinstance(value, str) else list(cast("Iterable[object]", value))
    return tuple(_public_url(part, name) for part in parts if part != "" or len(parts) > 1)


def join_public_url(bases: tuple[str, ...], path: str) -> str:
    """The public URL of one's own route; ConfigurationError where no public URL is set."""
    if not bases:
        raise ConfigurationError(NO_PUBLIC_URL)
    return bases[0] + path


def _public_url(text: object, name: str) -> str:
    problem = problem_of_text(text) or _problem(str(text).strip())
    if problem or not isinstance(text, str):
        # What stands before an @ may be a password.
        shown = "" if isinstance(text, str) and "@" in text else f": {text!r}"
        raise ConfigurationError(
            f"{name} {problem}{shown}; set it to the origin that QStash calls, such as https://api.example.com"
        )
    scheme, _, rest = text.strip().partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{authority}{slash}{path}"


def _problem(text: str) -> str | None:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "has blanks or characters that no URL has"
    if not _HTTP.match(text):
        return "has no scheme (https:// or http://)"
    try:
        parts = urlsplit(text)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "is not a URL"
    if not valid:
        return "has no host"
    if "@" in parts.netloc:
        return "has a user name"
    if "?" in text or "#" in text:
        return "has a query or a fragment"
    if text.endswith("/"):
        return "ends with a slash"
    return None
