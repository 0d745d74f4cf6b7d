"""What strangers have written, as far as it may be repeated: QStash's log holds whatever URLs and answers there were.

Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

_LONGEST = 2000  # characters, of a URL
_LONGEST_HEADER = 200
_LATEST = 1e12  # Unix seconds


def bare(url: str) -> str:
    """A URL, or the reference in a Location, without user, query and fragment; empty for what is none."""
    text = url[:_LONGEST].partition("?")[0].partition("#")[0]
    try:
        parts = urlsplit(text)
        # What is no number fails at the first look.
        _ = parts.port
    except ValueError:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def header_of(headers: Mapping[str, object] | None, name: str) -> str:
    """The texts among what QStash has noted of a header of somebody's answer."""
    values = next((values for noted, values in (headers or {}).items() if noted.lower() == name), ())
    texts = cast("Iterable[object]", values) if isinstance(values, list | tuple) else (values,)
    return ", ".join(text for text in texts if isinstance(text, str))[:_LONGEST_HEADER]


def instant_of(at: int) -> str | None:
    """Unix milliseconds as a text; None for what is no instant."""
    try:
        return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def seconds_of(value: object) -> float | None:
    """Unix seconds, if a stranger's number can be such."""
    if not isinstance(value, int | float) or not abs(value) < _LATEST:
        return None
    return float(value)
