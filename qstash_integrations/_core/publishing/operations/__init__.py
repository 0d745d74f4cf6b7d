"""API calls as values: one pure function per call, none of which sends anything.

``QStash.run`` and ``AsyncQStash.run`` send them. A call that QStash learns tomorrow is one more function here, and one
method on each client.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from ..inputs import Header

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """One API call, and how to read its answer."""

    method: str
    path: str
    """Below the base URL; may hold a destination with its own query."""
    read: Callable[[Any], T]
    """From the answer's JSON, None when it has no body."""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[Header, ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    """Whether sending it twice does what sending it once does."""
    publishes: bool = False
    """Whether it asks QStash to deliver messages, which a framework may hold back until a transaction commits."""
    calls: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The URLs that it asks QStash to call, each with the argument that it came in."""
    has_token: bool = False
    """Whether a provider's token travels with it, which is not to be stored."""
    own_ids: tuple[bool, ...] = ()
    """Of each message that it publishes: whether deduplication is the caller's own wish."""
    in_parts: bool = False
    """Whether it is one call of the many of ``publish_many``, which cannot be held back."""


def nothing(answer: Any) -> None:
    """The answer of calls that have none worth reading."""


def change(method: str, path: str, content: Mapping[str, Any], *, repeatable: bool = True) -> Operation[None]:
    """The call that hands over a JSON object, and gets nothing worth reading."""
    return Operation(
        method=method,
        path=path,
        headers=(("Content-Type", "application/json"),),
        body=json.dumps(content).encode(),
        read=nothing,
        repeatable=repeatable,
    )


def merged(positional: Any, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keywords of a call, or the one mapping that was given instead of them."""
    if positional is None:
        return fields
    if fields:
        raise TypeError("give keywords or one dict, not both")
    if not isinstance(positional, Mapping):
        raise TypeError(f"give keywords or one dict, not {type(positional).__name__}")
    return cast("Mapping[str, Any]", positional)
