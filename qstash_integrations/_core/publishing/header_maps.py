"""Headers that a caller gives for the delivery and for its callbacks, under the names that QStash forwards them by.

Spec: https://upstash.com/docs/qstash/features/callbacks
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from .inputs import Header, check_header_name, check_header_value
from .options import OPTIONS, Option

_OWN = "Upstash-"
# What a name in callback_headers sets instead of being forwarded to the callback.
_SETTINGS = frozenset(
    header.removeprefix(_OWN).lower()
    for option in OPTIONS.values()
    if "callback" in option.of
    for header in option.headers
)
# Settings of the callback's own failure callback.
_NESTED = OPTIONS["failure_callback_headers"].header.removeprefix(_OWN).lower()


def forwarded(option: Option, name: str, value: Any) -> list[Header]:
    found: list[Header] = []
    for key, text in _pairs(name, value):
        bare = _without(option.header, key, name)
        # The destination gets one Content-Type: that of the message.
        header = "Content-Type" if bare.lower() == "content-type" else option.header + bare
        found.append((header, text))
    return _unique(name, found)


def of_callback(option: Option, name: str, value: Any) -> list[Header]:
    """Settings of the callback, and what is forwarded to it."""
    found: list[Header] = []
    for key, text in _pairs(name, value):
        bare = _without(option.header, key, name)
        is_setting = bare.lower() in _SETTINGS or bare.lower().startswith(_NESTED)
        found.append((option.header + (bare if is_setting else "Forward-" + _without("Forward-", bare, name)), text))
    return _unique(name, found)


def with_added(headers: list[Header], added: Iterable[Header]) -> list[Header]:
    """Those that were given, and the others that have no name in common with them."""
    given = {name.lower() for name, _ in headers}
    return headers + [header for header in added if header[0].lower() not in given]


def _pairs(name: str, value: Any) -> list[Header]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict of header names and values, not {type(value).__name__}")
    pairs = cast("Mapping[object, object]", value)
    return [
        (check_header_name(key, name), check_header_value(text, f"{name}[{str(key)[:80]!r}]"))
        for key, text in pairs.items()
    ]


def _without(prefix: str, header: str, name: str) -> str:
    bare = header[len(prefix) :] if header.lower().startswith(prefix.lower()) else header
    if not bare:
        raise ValueError(f"{name} has a header name that ends too early: {header!r}")
    return bare


def _unique(name: str, headers: list[Header]) -> list[Header]:
    seen: set[str] = set()
    for header, _ in headers:
        if header.lower() in seen:
            raise ValueError(f"{name} has the header {header!r} twice")
        seen.add(header.lower())
    return headers
