"""What OpenTelemetry is told of messages that are sent. Where nothing records, nothing is done.

A message carries the context of its creation: of the span that sends it; of a span "create" of its own in a batch or
an outbox; or what the caller has written on it. Its callbacks carry the same. None is added where deduplication goes by
content, of which headers are a part. Calls that send no message are HTTP and nothing else: whoever traces the HTTP
client sees them.

Spec: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextvars import Token
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from ..errors import APIError
from ..otel import LINKS, OFF, telemetry
from ..task_urls import task_of
from .account import Account
from .header_maps import with_added
from .inputs import Header
from .operations import Operation
from .operations.message import ID_HEADER
from .options import OPTIONS
from .results.fields import is_list

if TYPE_CHECKING:
    from opentelemetry.trace import Link

    from ..otel.api import Telemetry

T = TypeVar("T")
Attributes = dict[str, str | int]

_PUBLISH, _ENQUEUE, _BATCH = "/v2/publish/", "/v2/enqueue/", "/v2/batch"
_FORWARD = OPTIONS["headers"].header
_BY_CONTENT = OPTIONS["content_based_deduplication"].header
# With the failure callback that a callback may have of its own.
_CALLBACK = re.compile(r"upstash-(?:failure-)?callback(?:-failure-callback)*", re.ASCII | re.IGNORECASE)
_SYSTEM = {"messaging.system": "qstash"}


class Destination(NamedTuple):
    """Where a message goes, without what only the destination is to know."""

    name: str
    """Of a span: a task, a URL group or a host; few, however many messages there are."""
    attributes: Attributes


class RecordedSending:
    """The span of one call that sends messages, and what it comes to."""

    __slots__ = ("_attributes", "_begun_at", "_count", "_entered", "_span", "_telemetry", "operation")

    def __init__(self, found: "Telemetry", operation: Operation[Any], account: Account) -> None:
        is_apart = account.otel == LINKS
        self._telemetry = found
        self._count = len(operation.own_ids) or 1
        self._begun_at = time.perf_counter()
        attributes: Attributes = {**_SYSTEM, "messaging.operation.name": "send", "messaging.operation.type": "send"}
        attributes |= _server(account.base_url)
        if operation.path == _BATCH:
            self.operation, items, links = _created_batch(found, operation, is_apart)
            self._count = len(items)
            place = _common([_place(item["destination"]) for item in items])
            self._span = found.begin(
                f"send {place.name or attributes['server.address']}",
                "CLIENT",
                {**attributes, **place.attributes, "messaging.batch.message_count": self._count},
                links,
            )
        else:
            place, queue = _place_of(operation.path)
            links = _links(found, operation.headers)
            may_carry = not links and _may_carry(operation.headers)
            more: Attributes = {} if queue is None else {"messaging.qstash.queue": queue}
            more["messaging.message.body.size"] = len(operation.body or b"")
            self._span = found.begin(
                f"send {place.name}",
                "PRODUCER" if may_carry else "CLIENT",
                {**attributes, **place.attributes, **more},
                links,
            )
            carried = found.headers_of(self._span, apart=is_apart) if may_carry else {}
            self.operation = replace(operation, headers=_carrying(operation.headers, carried))
        self._attributes = {**attributes, **_few(place)}
        self._entered: Token[Any] = found.enter(self._span)

    def accepted(self, result: object) -> None:
        """QStash has answered."""
        if self._count == 1 and (message_id := _message_id(result)):
            self._span.set_attribute("messaging.message.id", message_id)

    def end(self, error: BaseException | None) -> None:
        """The text of an error is in nobody's span: QStash's answer may repeat what was sent."""
        if error is not None:
            kind = str(error.status) if isinstance(error, APIError) else type(error).__qualname__
            self._telemetry.fail(self._span, kind)
            self._attributes["error.type"] = kind
        self._telemetry.duration.record(time.perf_counter() - self._begun_at, self._attributes)
        self._telemetry.sent.add(self._count, self._attributes)
        self._telemetry.leave(self._entered)
        self._span.end()


def sending(operation: Operation[Any], account: Account) -> RecordedSending | None:
    """None for a call that sends no message, and where nothing records."""
    found = telemetry() if operation.publishes and account.otel != OFF else None
    return None if found is None else RecordedSending(found, operation, account)


def created(operation: Operation[T], otel: str) -> Operation[T]:
    """The call with the contexts of its messages' creation, which is now, to be sent by whomever later."""
    found = telemetry() if operation.publishes and otel != OFF else None
    if found is None:
        return operation
    if operation.path == _BATCH:
        return _created_batch(found, operation, otel == LINKS)[0]
    place, queue = _place_of(operation.path)
    item: dict[str, Any] = {"headers": dict(operation.headers), "queue": queue}
    _create(found, item, otel == LINKS, place)
    return replace(operation, headers=tuple(item["headers"].items()))


def _created_batch(
    found: "Telemetry", operation: Operation[T], is_apart: bool
) -> "tuple[Operation[T], list[Any], list[Link]]":
    """The batch with a context in each message that may carry one, its messages, and the links to them."""
    items: list[Any] = json.loads(operation.body or b"[]")
    links = [link for item in items for link in _create(found, item, is_apart)]
    return replace(operation, body=json.dumps(items, separators=(",", ":")).encode()), items, links


def _create(found: "Telemetry", item: Any, is_apart: bool, place: Destination | None = None) -> "list[Link]":
    """One message of several, which gets a context of its own unless it has one; the link to that."""
    headers: dict[str, str] = item["headers"]
    links = _links(found, headers.items())
    if links or not _may_carry(headers.items()):
        return links
    place = place or _place(item["destination"])
    queue: str | None = item.get("queue")
    span = found.begin(
        f"create {place.name}",
        "PRODUCER",
        {
            **_SYSTEM,
            "messaging.operation.name": "create",
            "messaging.operation.type": "create",
            **place.attributes,
            **({} if queue is None else {"messaging.qstash.queue": queue}),
        },
    )
    carried = found.headers_of(span, apart=is_apart)
    span.end()
    item["headers"] = dict(_carrying(tuple(headers.items()), carried))
    return found.links_to([{name.lower(): value for name, value in carried.items()}])


def _links(found: "Telemetry", headers: Iterable[Header]) -> "list[Link]":
    """To the context that a message has already."""
    known = set(found.headers_known())
    prefix = len(_FORWARD)
    forwarded = {name[prefix:].lower(): value for name, value in headers if name.lower().startswith(_FORWARD.lower())}
    given = {name: value for name, value in forwarded.items() if name in known}
    return found.links_to([given]) if given else []


def _may_carry(headers: Iterable[Header]) -> bool:
    names = {name.lower() for name, _ in headers}
    return _BY_CONTENT.lower() not in names or ID_HEADER.lower() in names


def _carrying(headers: Sequence[Header], carried: Mapping[str, str]) -> tuple[Header, ...]:
    """For the delivery and for each callback; what the caller has written stays."""
    prefixes = [_FORWARD, *(f"{name}-Forward-" for name, _ in headers if _CALLBACK.fullmatch(name))]
    added = [(prefix + name.title(), value) for prefix in prefixes for name, value in carried.items()]
    return tuple(with_added(list(headers), added))


def _place_of(path: str) -> tuple[Destination, str | None]:
    """And the queue."""
    if not path.startswith(_ENQUEUE):
        return _place(path.removeprefix(_PUBLISH)), None
    queue, _, destination = path.removeprefix(_ENQUEUE).partition("/")
    return _place(destination), queue


def _place(destination: str) -> Destination:
    if "://" not in destination:
        return Destination(destination, {"messaging.destination.name": destination})
    task = task_of(destination)
    parts = urlsplit(destination)
    host = parts.netloc.rpartition("@")[2]
    attributes: Attributes = {"messaging.destination.name": f"{parts.scheme}://{host}{parts.path}"}
    if task is not None:
        attributes["messaging.destination.template"] = task
    return Destination(task or host, attributes)


def _common(places: Sequence[Destination]) -> Destination:
    """Of a batch: what all of its messages have in common."""
    if len({place.name for place in places}) != 1:
        return Destination("", {})
    shared = set(places[0].attributes.items()).intersection(*(place.attributes.items() for place in places))
    return Destination(places[0].name, dict(shared))


def _few(place: Destination) -> Attributes:
    """What a metric may have: a task or a URL group, but no URL, of which there may be any number."""
    name = place.attributes.get("messaging.destination.name", "")
    return {
        key: value
        for key, value in place.attributes.items()
        if key != "messaging.destination.name" or "://" not in str(name)
    }


def _server(base_url: str) -> Attributes:
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}


def _message_id(result: object) -> str | None:
    """Of the one message that was sent; those of a URL group are several."""
    if is_list(result) and len(result) == 1:
        (result,) = result
    found = result if isinstance(result, str) else getattr(result, "message_id", None)
    return found if isinstance(found, str) else None
