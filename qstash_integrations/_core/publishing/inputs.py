"""Destinations, ids and header texts as they may go on the wire; anything else is refused, never repaired.

A URL or an id often comes from an app's own users. Put into the path of an API call unchecked, ``../`` in it would
make a publish into any other call, key rotation included.

Spec: https://upstash.com/docs/qstash/howto/publishing
"""

import re
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, unquote

Header: TypeAlias = tuple[str, str]

_ID = re.compile(r"[A-Za-z0-9_.~-]{1,512}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,512}", re.ASCII)
# What stands in a request line as it is: HTTP libraries would encode anything else, and QStash sign another URL.
_URL = re.compile(r"https?://[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]|^]+", re.ASCII | re.IGNORECASE)
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-][A-Za-z0-9._-]*)(?::([0-9]{1,5}))?", re.ASCII)
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
MAX_URL = 8192
_MOST_DECODINGS = 5


def check_url(value: object, name: str) -> str:
    """An absolute http or https URL, unchanged; TypeError or ValueError names the argument."""
    text = check_text(value, name)
    problem = _url_problem(text)
    if problem:
        # What stands before an @ may be a password, what stands in a query a token.
        shown = "" if "@" in text else f": {text.partition('?')[0][:200]!r}"
        raise ValueError(f"{name} {problem}{shown}")
    return text


def check_id(value: object, name: str) -> str:
    """An id that QStash has given: of a message or a dead letter."""
    text = check_text(value, name)
    if not _ID.fullmatch(text) or text in (".", ".."):
        raise ValueError(f"{name} must be letters, digits, '-', '_', '.' or '~', not {text[:80]!r}")
    return text


def check_name(value: object, name: str) -> str:
    """What a caller names: a queue, schedule, URL group, flow control key or label. QStash has one rule for them."""
    text = check_text(value, name)
    if not _NAME.fullmatch(text) or text in (".", ".."):
        raise ValueError(f"{name} must be letters, digits, '-', '_' or '.', up to 512 of them, not {text[:80]!r}")
    return text


def check_segment(value: object, name: str) -> str:
    """Any header text as one percent-encoded segment of a path; what could lead out of the segment is refused."""
    text = check_option(value, name)
    if _has_dots(text):
        raise ValueError(f"{name} has a '.' or '..' segment: {text[:80]!r}")
    return quote(text, safe="", encoding="utf-8")


def check_text(value: object, name: str) -> str:
    """A text that is not empty: an empty id would address the bulk call."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{name} is empty")
    return value


def check_header_name(value: object, name: str) -> str:
    text = check_text(value, f"a header name in {name}")
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError(f"{name} has a header name that HTTP does not know: {text[:80]!r}")
    return text


def check_option(value: object, name: str) -> str:
    """A text that becomes a header of its own: not blank, since QStash would take a blank one as not given."""
    text = check_header_value(check_text(value, name), name)
    if not text:
        raise ValueError(f"{name} is blank")
    return text


def check_header_value(value: object, name: str) -> str:
    """The value without the space around it. Its text is not shown in errors: it may be a secret."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"{name} has line breaks, control characters or characters beyond latin-1")
    return value.strip(" \t")


@lru_cache(maxsize=64)  # most programs have few destinations
def _url_problem(text: str) -> str | None:
    if not text.lower().startswith(("http://", "https://")):
        return "must start with https:// or http://"
    if len(text) > MAX_URL:
        return f"is longer than {MAX_URL} characters"
    if "#" in text:
        return "has a fragment, which is never sent"
    if not _URL.fullmatch(text):
        return "has characters that must be percent-encoded (in the host name: written as xn--...)"
    if _PERCENT.search(text):
        return "has a % that encodes nothing"
    authority, path, query = _parts(text)
    if "@" in authority:
        return "has a user name or password, which would end up in logs"
    host = _HOST.fullmatch(authority)
    if not host or not 0 < int(host[1] or 443) <= 65535:
        return "has no valid host and port"
    if _has_dots(path):
        return "has a '.' or '..' segment"
    if any(_is_reserved(pair) for pair in re.split("[&;]", query)):
        return "has a query parameter that QStash takes for itself (upstash-*, qstash_token)"
    return None


def _parts(text: str) -> tuple[str, str, str]:
    rest, _, query = text.partition("://")[2].partition("?")
    authority, _, path = rest.partition("/")
    return authority, path, query


def _has_dots(path: str) -> bool:
    """Whether a server that decodes, once or more often, could see a ``.`` or ``..`` segment."""
    for _ in range(_MOST_DECODINGS):
        # A semicolon starts parameters, which some servers cut off first; a backslash separates for some.
        segments = path.replace("\\", "/").split("/")
        if any(segment.partition(";")[0] in (".", "..") for segment in segments):
            return True
        decoded = unquote(path)
        if decoded == path:
            return False
        path = decoded
    return True


def _is_reserved(pair: str) -> bool:
    name = unquote(pair.partition("=")[0]).lower()
    return name == "qstash_token" or name.startswith("upstash-")
