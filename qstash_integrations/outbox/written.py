"""Rows of a call that publishes: what would be sent now is written down, as it has to be sent later.

Spec: https://upstash.com/docs/qstash/features/deduplication
"""

import json
from collections.abc import Iterable
from typing import Any

from .._core.durations import parse_duration
from .._core.publishing.inputs import Header
from .._core.publishing.operations import Operation
from .._core.publishing.options import OPTIONS
from .._core.receiving.delivery import OUTBOX_HEADER
from .row import Row, new_id
from .rule import BORN

ROW_HEADER = OPTIONS["headers"].header + OUTBOX_HEADER
_PUBLISH, _ENQUEUE, _BATCH = "/v2/publish/", "/v2/enqueue/", "/v2/batch"
_ID = OPTIONS["deduplication_id"].header
_BY_CONTENT = OPTIONS["content_based_deduplication"].header
_DELAY, _NOT_BEFORE = OPTIONS["delay"].header, OPTIONS["not_before"].header
_LONGEST_QUEUE = 256


def rows_of(operation: Operation[Any], now: int, holder: str) -> list[Row]:
    """A row for each message of the call, in their order, held by ``holder`` for as long as its transaction may take.

    The call is one that was made without ids and headers of a client's. ValueError for a provider's token, which would
    be stored, and for what is too long for its column.
    """
    path = operation.path
    if operation.has_token:
        raise ValueError(
            "api cannot go through the outbox, where the provider's token would be stored; publish it without, or to a "
            "url of yours that calls the provider"
        )
    if path == _BATCH:
        items: list[dict[str, Any]] = json.loads(operation.body or b"[]")
        return [_of_item(item, now, holder) for item in items]
    if path.startswith(_PUBLISH):
        return [_row(path.removeprefix(_PUBLISH), None, operation.headers, operation.body, now, holder)]
    if path.startswith(_ENQUEUE):
        queue, _, destination = path.removeprefix(_ENQUEUE).partition("/")
        return [_row(destination, queue, operation.headers, operation.body, now, holder)]
    raise ValueError(f"{operation.method} {path.partition('?')[0]!r} publishes nothing that the outbox could keep")


def _of_item(item: dict[str, Any], now: int, holder: str) -> Row:
    body: str | None = item.get("body")
    encoded = None if body is None else body.encode()
    return _row(item["destination"], item.get("queue"), item["headers"].items(), encoded, now, holder)


def _row(
    destination: str, queue: str | None, headers: Iterable[Header], body: bytes | None, now: int, holder: str
) -> Row:
    if queue is not None and len(queue) > _LONGEST_QUEUE:
        raise ValueError(f"queue is longer than {_LONGEST_QUEUE} characters, which the outbox has no room for")
    row_id = new_id(now)
    return Row(
        id=row_id,
        destination=destination,
        queue=queue,
        headers=_with_id(_in_time(list(headers), now), row_id),
        body=body,
        created_at=now,
        due_at=now + BORN,
        holder=holder,
    )


def _in_time(headers: list[Header], now: int) -> list[Header]:
    """A delay counts from when the message was written, however long it waits here."""
    delay = next((value for name, value in headers if name == _DELAY), None)
    if delay is None:
        return headers
    rest = [header for header in headers if header[0] != _DELAY]
    if any(name == _NOT_BEFORE for name, _ in rest):
        return rest  # to QStash, too, the delay would be nothing
    # Up: never before the moment that was asked for.
    return [*rest, (_NOT_BEFORE, str(-(-now // 1000) + int(parse_duration(delay, "delay").total_seconds())))]


def _with_id(headers: list[Header], row_id: str) -> tuple[Header, ...]:
    """By which QStash knows the row when it is sent again, and an inbox later than that."""
    names = {name for name, _ in headers}
    if _BY_CONTENT in names and _ID not in names:
        # What is forwarded is content: two messages that are alike would no longer be.
        return tuple(headers)
    # Whoever else gives the header means another row.
    own = [header for header in headers if header[0].lower() != ROW_HEADER.lower()]
    return (*own, *(() if _ID in names else ((_ID, row_id),)), (ROW_HEADER, row_id))
