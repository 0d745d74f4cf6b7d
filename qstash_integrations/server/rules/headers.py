"""HTTP headers that pass through: canonical names, legal values, and the ones that never pass.

Spec: https://upstash.com/docs/qstash/howto/publishing
"""

import re
from collections.abc import Iterable
from typing import Any

from ..model import Header, Refused

MAX_HEADERS = 64
MAX_BYTES = 16 * 1024
MAX_LISTED = 100
MAX_BYTES_LISTED = 32 * 1024
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# Hop by hop, or made by the sender of the delivery itself.
_NEVER = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upstash-caller-ip",
        "upstash-hops",
        "upstash-message-id",
        "upstash-region",
        "upstash-retried",
        "upstash-schedule-id",
        "upstash-signature",
        "upstash-topic-name",
    )
)
# What a relayed request must not give away, or what says nothing about it.
_NOT_RELAYED = frozenset(("accept-encoding", "authorization", "content-type", "user-agent"))


def canonical(name: str) -> str:
    """``x-job`` is ``X-Job``, as Go spells it."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def is_value(text: str) -> bool:
    """Whether a header can carry it."""
    return _VALUE.fullmatch(text) is not None


def forwarded(name: str, value: str) -> Header | None:
    """The header to deliver; None for one that is never passed on. Refused when it is not legal HTTP."""
    if not _NAME.fullmatch(name):
        raise Refused(400, f"invalid header name to forward: {name[:60]!r}")
    if not is_value(value):
        raise Refused(400, f"invalid value of the header to forward {name!r}: line breaks or characters beyond latin-1")
    lower = name.lower()
    return None if lower in _NEVER or lower.startswith("proxy-") else (canonical(name), value.strip(" \t"))


def relayed(headers: Iterable[Header]) -> list[Header]:
    """The incoming request's own headers, as ``Upstash-Header-Forward: true`` asks for them."""
    kept: list[Header] = []
    pairs = tuple(headers)
    # What the caller's connection names is meant for this hop as well.
    named = {part.strip().lower() for name, value in pairs if name.lower() == "connection" for part in value.split(",")}
    for name, value in pairs:
        lower = name.lower()
        if lower not in _NOT_RELAYED and lower not in named and not lower.startswith("upstash-"):
            header = forwarded(name, value)
            if header is not None:
                kept.append(header)
    return kept


def is_passed_on(name: str) -> bool:
    """Whether a publish call's header is for the receiver: it stays the same bytes, as latin-1."""
    lower = name.lower()
    return not lower.startswith("upstash-") or "-forward-" in lower


def of_lists(given: Any, what: str) -> tuple[Header, ...]:
    """Headers as JSON has them, the first value of each name; a name may come twice, spelled differently.

    Refused with 412: the SDKs of Workflow take any 400 for a run that is gone.
    """
    if given is None:
        return ()
    if not isinstance(given, dict):
        raise Refused(412, f"invalid {what}: it must be an object of lists of texts")
    found: dict[str, Header] = {}
    size = 0
    for name, values in given.items():  # pyright: ignore[reportUnknownVariableType]
        value: Any = values[0] if isinstance(values, list) and values else values  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(name, str) or not isinstance(value, str):
            raise Refused(412, f"invalid {what} {str(name)[:60]!r}: it must be a list of texts")  # pyright: ignore[reportUnknownArgumentType]
        size += len(name) + len(value)
        text = value.encode("utf-8", "replace").decode("latin-1") if is_passed_on(name) else value
        found.setdefault(name.lower(), (name, text))
    if len(found) > MAX_LISTED or size > MAX_BYTES_LISTED:
        raise Refused(412, f"invalid {what}: at most {MAX_LISTED} headers and {MAX_BYTES_LISTED} bytes of them")
    return tuple(found.values())


def check_size(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    if len(headers) > MAX_HEADERS:
        raise Refused(400, f"too many headers to forward: at most {MAX_HEADERS}")
    if sum(len(name) + len(value) for name, value in headers) > MAX_BYTES:
        raise Refused(400, f"the headers to forward are larger than {MAX_BYTES} bytes")
    return headers


def by_name(headers: Iterable[Header]) -> dict[str, list[str]]:
    """Canonical names, each with all its values, as QStash shows headers."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(canonical(name), []).append(value)
    return found
