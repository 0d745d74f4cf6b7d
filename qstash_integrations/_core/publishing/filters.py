"""Which messages, dead letters or log entries are meant, and the query that says so.

Different names must all fit; of the values of one name, any may. A filter that says nothing is refused wherever it
would mean everything.

Spec: https://upstash.com/docs/qstash/api-refernce/dlq/list-messages-in-the-dlq
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypedDict, cast, get_args

from ..names import check_names
from .inputs import check_text

Query: TypeAlias = tuple[tuple[str, str], ...]
Texts: TypeAlias = str | Sequence[str]
Moment: TypeAlias = datetime | int
"""An aware ``datetime``, or Unix milliseconds as in the answers. Both ends of a span are inside."""
LogState: TypeAlias = Literal[
    "CREATED", "ACTIVE", "RETRY", "ERROR", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCEL_REQUESTED", "CANCELED"
]
"""IN_PROGRESS stands for ACTIVE, RETRY and ERROR in filters."""

Order: TypeAlias = Literal["earliestFirst", "latestFirst"]


class Filter(TypedDict, total=False):
    """What all three kinds have in common."""

    url: Texts
    """Destinations, exactly."""
    url_group: Texts
    queue: Texts
    schedule_id: Texts
    label: Texts
    flow_control_key: Texts
    caller_ip: Texts
    """Addresses of publishers."""
    from_time: Moment
    to_time: Moment


class MessageFilter(Filter, total=False):
    """Which of the messages that are not delivered yet. Names must all fit; of the values of one name, any may."""

    host: Texts
    """Of the destination."""
    path: Texts
    """Of the destination."""


class DlqFilter(Filter, total=False):
    """Which dead letters. Names must all fit; of the values of one name, any may."""

    message_id: str
    response_status: int | Sequence[int]
    """Of the last attempt."""


class LogFilter(Filter, total=False):
    """Which log entries. Names must all fit; of the values of one name, any may."""

    message_id: str
    message_ids: Sequence[str]
    state: LogState | Sequence[LogState]
    host: Texts
    """Of the destination."""
    path: Texts
    """Of the destination."""


_NAMES = {
    "url": "url",
    "url_group": "topicName",
    "queue": "queueName",
    "schedule_id": "scheduleId",
    "label": "label",
    "flow_control_key": "flowControlKey",
    "caller_ip": "callerIp",
    "from_time": "fromDate",
    "to_time": "toDate",
    "host": "host",
    "path": "path",
    "message_id": "messageId",
    "message_ids": "messageIds",
    "response_status": "responseStatus",
    "state": "state",
}


def filter_query(wanted: Any, kind: type[Filter]) -> Query:
    """The query parameters; TypeError or ValueError names the part of the filter that is wrong."""
    if wanted is None:
        return ()
    if not isinstance(wanted, Mapping):
        raise TypeError(f"filter must be a dict such as {{'label': 'signup'}}, not {type(wanted).__name__}")
    parts = cast("Mapping[str, Any]", wanted)
    check_names(parts, kind.__annotations__, "part of filter")
    return tuple(
        (_NAMES[name], text)
        for name, value in parts.items()
        if value is not None
        for text in _texts(f"filter[{name!r}]", name, value)
    )


def page_query(
    cursor: str | None, count: int | None, most: int, order: str | None = None, trim_body: int | None = None
) -> Query:
    """Which page, how large it may be, and how much of each body stands in it."""
    query: list[tuple[str, str]] = []
    if cursor is not None:
        query.append(("cursor", check_text(cursor, "cursor")))
    if count is not None:
        query.append(("count", _count(count, most)))
    if order is not None:
        if order not in get_args(Order):
            raise ValueError(f"order must be one of {', '.join(get_args(Order))}, not {order!r}")
        query.append(("order", order))
    if trim_body is not None:
        query.append(("trimBody", _bytes(trim_body)))
    return tuple(query)


def _bytes(trim_body: Any) -> str:
    if type(trim_body) is not int:
        raise TypeError(f"trim_body must be an int, not {type(trim_body).__name__}")
    if trim_body < 0:
        raise ValueError(f"trim_body must be a number of bytes, not {trim_body}")
    return str(trim_body)


def _texts(shown: str, name: str, value: Any) -> list[str]:
    if name in ("from_time", "to_time"):
        return [_milliseconds(shown, value)]
    if not isinstance(value, list | tuple | set | frozenset):
        return [_text(shown, name, value)]
    texts = [_text(shown, name, item) for item in cast("Iterable[Any]", value)]
    if not texts:
        raise ValueError(f"{shown} is empty; leave it out to mean any")
    return texts


def _text(shown: str, name: str, value: Any) -> str:
    if name == "response_status":
        if type(value) is not int:
            raise TypeError(f"{shown} must be an int, not {type(value).__name__}")
        return str(value)
    return check_text(value, shown)


def _milliseconds(shown: str, value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{shown} is a datetime without a time zone; give it one, such as datetime.now(UTC)")
        return str(round(value.timestamp() * 1000))
    if type(value) is not int:
        raise TypeError(f"{shown} must be an aware datetime or Unix milliseconds, not {type(value).__name__}")
    # Seconds taken for milliseconds would be a day in 1970.
    if value and not 10**11 <= value < 10**15:
        raise ValueError(f"{shown} must be Unix milliseconds, not {value!r}")
    return str(value)


def _count(count: Any, most: int) -> str:
    if type(count) is not int:
        raise TypeError(f"count must be an int, not {type(count).__name__}")
    if not 1 <= count <= most:
        raise ValueError(f"count must be a number from 1 to {most}, not {count}")
    return str(count)
