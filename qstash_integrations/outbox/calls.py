"""The API calls that rows become: one alone, or many in a batch. Sends nothing.

What is stored may have been changed by hand, and the account may be another than when it was written, so all of it is
checked again: a row of which no call can be made is said, and is in nobody's way.

Spec: https://upstash.com/docs/qstash/features/batch
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from .._core.errors import TransportError
from .._core.publishing.call import check_reachable
from .._core.publishing.header_maps import with_added
from .._core.publishing.inputs import Header, check_header_name, check_header_value, check_name, check_url
from .._core.publishing.operations import Operation
from .._core.publishing.operations.many import CHUNK_BYTES
from .._core.publishing.operations.outline import encode
from .._core.publishing.results.fields import is_list
from .._core.publishing.results.published import read_published
from .row import Row
from .rule import BATCH, TRIES_TOGETHER

# With the failure callback that a callback may have of its own.
_CALLBACK = re.compile(r"upstash-((?:failure-)?callback(?:-failure-callback)*)", re.ASCII | re.IGNORECASE)
Receipts = list[str | None]
"""For each row the id of its message, the first of a URL group's; None where QStash has refused it."""


class Account(NamedTuple):
    """What of the client goes into every call."""

    base_url: str
    added: Sequence[Header]


def problem_of(row: Row, account: Account) -> str | None:
    """Why no call can be made of it."""
    if row.headers is None:
        return "its headers are no list of pairs any more"
    try:
        is_url = "://" in row.destination
        (check_url if is_url else check_name)(row.destination, "destination")
        if row.queue is not None:
            check_name(row.queue, "queue")
        urls = {row.destination: "destination"} if is_url else {}
        for name, value in row.headers:
            check_header_value(value, check_header_name(name, "headers"))
            if not name.lower().startswith("upstash-") and name.lower() != "content-type":
                return f"its header {name[:80]!r} is none that a message has"
            if callback := _CALLBACK.fullmatch(name):
                urls[value] = callback[1].lower().replace("-", "_")
        check_reachable(urls, account.base_url)
    except (TypeError, ValueError) as error:
        return str(error)
    return None


class Chunk:
    """Rows that go in one call. No tuple, which error trackers would print: bodies are in it."""

    __slots__ = ("_items", "rows", "size")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.size: int = 2
        """Bytes of the call's body."""
        self._items: list[str] = []

    def add(self, row: Row, item: str) -> None:
        self.rows.append(row)
        self.size += len(item) + 1
        self._items.append(item)

    def operation(self, account: Account) -> Operation[Receipts]:
        if len(self.rows) == 1:
            return call_of(self.rows[0], account)
        count = len(self.rows)
        return Operation(
            method="POST",
            path="/v2/batch",
            headers=(("Content-Type", "application/json"),),
            body=f"[{','.join(self._items)}]".encode(),
            read=lambda answer: _read_batch(answer, count),
            repeatable=True,
            publishes=True,
        )


def chunks(rows: Sequence[Row], account: Account) -> Iterator[Chunk]:
    """The rows in their order, as many together as may go in one call."""
    chunk = Chunk()
    for row in rows:
        item = _item(row, account) if row.tries < TRIES_TOGETHER else None
        is_full = item is None or len(chunk.rows) == BATCH or chunk.size + len(item) + 1 > CHUNK_BYTES
        if chunk.rows and is_full:
            yield chunk
            chunk = Chunk()
        chunk.add(row, item or "")
        if item is None:
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        yield chunk


def call_of(row: Row, account: Account) -> Operation[Receipts]:
    """As ``publish`` and ``enqueue`` send it."""
    return Operation(
        method="POST",
        path=f"{'/v2/publish/' if row.queue is None else f'/v2/enqueue/{row.queue}/'}{row.destination}",
        headers=tuple(_headers(row, account)),
        body=row.body,
        read=lambda answer: [_message_id(answer)],
        repeatable=True,
        publishes=True,
    )


def _item(row: Row, account: Account) -> str | None:
    """None for a body that is no text, which JSON cannot hold."""
    item: dict[str, Any] = {"destination": row.destination, "headers": dict(_headers(row, account))}
    if row.queue is not None:
        item["queue"] = row.queue
    with suppress(UnicodeDecodeError):
        if row.body is not None:
            item["body"] = row.body.decode("utf-8")
        return encode(item)
    return None


def _headers(row: Row, account: Account) -> list[Header]:
    return with_added(list(row.headers or ()), account.added)


def _read_batch(answer: Any, count: int) -> Receipts:
    if not is_list(answer) or len(answer) != count:
        raise TransportError(f"QStash's answer is not a list of {count} results")
    return [_accepted(receipt) for receipt in answer]


def _accepted(receipt: Any) -> str | None:
    with suppress(TransportError):
        return _message_id(receipt)
    return None


def _message_id(answer: Any) -> str:
    receipt = read_published(answer, own_id=True)
    if not isinstance(receipt, list):
        return receipt.message_id
    return receipt[0].message_id if receipt else ""
