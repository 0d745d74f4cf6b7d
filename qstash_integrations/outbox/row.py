"""A row of the outbox: a message that was written in a transaction, until QStash has it.

Waiting: ``due_at`` is set. Parked: neither ``due_at`` nor ``sent_at`` is. Sent: ``sent_at`` is.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

from .._core.publishing.inputs import Header
from .._core.publishing.results.fields import is_list

# When the last id was made, and its digits behind that. Threads that go on from the same one have no order.
_last = 0, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Instants are Unix milliseconds. Only its id shows in the repr."""

    id: str
    """Also the deduplication id, unless the message has one of its own. Later rows have greater ids."""
    destination: str = field(repr=False)
    """A URL, or the name of a URL group."""
    queue: str | None = field(default=None, repr=False)
    headers: tuple[Header, ...] | None = field(default=(), repr=False)
    """Upstash-* and Content-Type, without what the client adds to every message. None: what is stored is none."""
    body: bytes | None = field(default=None, repr=False)
    created_at: int = field(repr=False)
    due_at: int | None = field(repr=False)
    """When it may be taken: at the end of its holder's lease, or at its next try."""
    holder: str | None = field(repr=False)
    """Who took it last. Nobody else changes it."""
    tries: int = field(default=0, repr=False)
    """Sends that were refused or lost."""
    error: str | None = field(default=None, repr=False)
    """Why the last one was; holds no secret."""
    message_id: str | None = field(default=None, repr=False)
    sent_at: int | None = field(default=None, repr=False)


def new_id(now: int) -> str:
    """32 hexadecimal digits, of which the first twelve are the moment: rows lie in the order of time.

    Those that a process makes within a millisecond ascend too: what goes through a queue keeps its order.
    """
    global _last
    last_at, last = _last
    # The step is random, so that whoever was forked in between goes on from elsewhere.
    following = last + 1 + int.from_bytes(os.urandom(5)) if now == last_at else int.from_bytes(os.urandom(10)) >> 1
    _last = now, following
    return f"{now:012x}{following:020x}"


def new_holder() -> str:
    """Whoever takes rows has one of its own each time, so that whoever comes back late is told from the next."""
    return os.urandom(16).hex()


def stored_headers(headers: Iterable[Header]) -> str:
    """As the column ``headers`` has them."""
    return json.dumps([list(pair) for pair in headers], separators=(",", ":"))


def headers_stored(text: str) -> tuple[Header, ...] | None:
    """None for what is no list of pairs of texts."""
    with suppress(ValueError, RecursionError):
        found: Any = json.loads(text)
        if is_list(found) and all(map(_is_pair, found)):
            return tuple((name, value) for name, value in found)
    return None


def columns_of(row: Row) -> dict[str, Any]:
    """As a table has them."""
    values = {column.name: getattr(row, column.name) for column in fields(row)}
    return {**values, "headers": stored_headers(row.headers or ())}


def row_stored(found: Any) -> Row:
    """From whatever has the columns as attributes."""
    values: dict[str, Any] = {column.name: getattr(found, column.name) for column in fields(Row)}
    values |= {"headers": headers_stored(found.headers), "body": _body(found.body)}
    return Row(**values)


def _body(value: Any) -> bytes | None:
    """SQLite keeps what somebody has written by hand as the text that it was."""
    return value.encode() if isinstance(value, str) else None if value is None else bytes(value)


def _is_pair(value: Any) -> bool:
    return is_list(value) and [type(text) for text in value] == [str, str]
