"""Publish, enqueue, batch; get and cancel a message.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/publish-a-message
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from ..errors import APIError, TransportError
from ..filters import MessageFilter
from ..inputs import check_name, check_url
from ..message import Api, BatchMessage
from ..names import check_names
from ..providers import Provider
from ..responses.fields import Fields, is_list, is_object
from ..responses.message import Message, read_message
from ..responses.published import PublishResponse, PublishUrlGroupResponse, read_published
from ..wire import Header, headers_of
from . import Operation, nothing
from .body import body_of, with_content_type
from .bulk import selection

Published = PublishResponse | list[PublishUrlGroupResponse]
NewId = Callable[[], str]

_DESTINATIONS = ("url", "url_group", "api")
_OPTIONS = frozenset(BatchMessage.__annotations__)


def publish(message: Mapping[str, Any], new_id: NewId | None, *, as_json: bool = False) -> Operation[Published]:
    """``new_id`` makes deduplication ids for messages without one, so that sending again publishes once."""
    if message.get("queue") is not None:
        raise TypeError("publish takes no queue; use enqueue, which does")
    check_names(message, _OPTIONS)
    return _publish("/v2/publish/", message, new_id, as_json)


def enqueue(message: Mapping[str, Any], new_id: NewId | None, *, as_json: bool = False) -> Operation[Published]:
    check_names(message, _OPTIONS)
    queue = check_name(message.get("queue"), "queue")
    return _publish(f"/v2/enqueue/{queue}/", message, new_id, as_json)


class Batch:
    """One call for many messages, ``first`` being the index of the first of them; filled one by one, then sent.

    No tuple or list, which error trackers would print: bodies and providers' tokens are in it.
    """

    __slots__ = ("_items", "_new_id", "_own_ids", "first", "size")

    def __init__(self, new_id: NewId | None, first: int = 0) -> None:
        self.first = first
        self.size = 2
        """Bytes of the call's body."""
        self._new_id = new_id
        self._items: list[str] = []
        self._own_ids: list[bool] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, message: Mapping[str, Any], *, as_json: bool) -> None:
        """TypeError or ValueError that names the message's index when it is wrong; the batch is then of no use."""
        try:
            item, own_id = _batch_item(message, self._new_id, as_json)
        except (TypeError, ValueError) as error:
            of_caller = TypeError if isinstance(error, TypeError) else ValueError
            raise of_caller(f"messages[{self.first + len(self)}]: {error}") from error
        self._items.append(json.dumps(item, separators=(",", ":")))
        self._own_ids.append(own_id)
        self.size += len(self._items[-1]) + (len(self) > 1)

    def split(self) -> "Batch":
        """Take the last message out, into a batch of its own."""
        rest = Batch(self._new_id, self.first + len(self) - 1)
        rest._items.append(self._items.pop())
        rest._own_ids.append(self._own_ids.pop())
        rest.size += len(rest._items[0])
        self.size -= len(rest._items[0]) + (len(self) > 0)
        return rest

    def operation(self, *, in_parts: bool = False) -> Operation[list[Published]]:
        first, own_ids = self.first, self._own_ids
        return Operation(
            method="POST",
            path="/v2/batch",
            headers=(("Content-Type", "application/json"),),
            body=f"[{','.join(self._items)}]".encode(),
            read=lambda answer: _read_batch(answer, own_ids, first),
            repeatable=self._new_id is not None,
            publishes=True,
            in_parts=in_parts,
        )


def batch(
    messages: Iterable[Mapping[str, Any]], new_id: NewId | None, *, as_json: bool = False
) -> Operation[list[Published]]:
    """One call for many messages; an error names the index of the message that it is about."""
    if isinstance(messages, Mapping | str) or not isinstance(messages, Iterable):
        kind = type(cast("object", messages)).__name__
        raise TypeError(f"messages must be a list of dicts, not {kind}")
    filled = Batch(new_id)
    for message in messages:
        filled.add(message, as_json=as_json)
    return filled.operation()


def get(message_id: str) -> Operation[Message]:
    path = f"/v2/messages/{check_name(message_id, 'message_id')}"
    return Operation(method="GET", path=path, read=read_message, repeatable=True)


def cancel(message_id: str) -> Operation[None]:
    # Not sent again: the second time QStash would say that there is no such message.
    return Operation(method="DELETE", path=f"/v2/messages/{check_name(message_id, 'message_id')}", read=nothing)


def cancel_many(message_ids: Sequence[str] | None, wanted: MessageFilter | None) -> Operation[int]:
    query = selection(
        message_ids, wanted, MessageFilter, None, name="message_ids", parameter="messageIds", all_="cancel_all"
    )
    return Operation(method="DELETE", path="/v2/messages", query=query, read=_read_cancelled)


def cancel_all() -> Operation[int]:
    return Operation(method="DELETE", path="/v2/messages", read=_read_cancelled)


def _publish(prefix: str, message: Mapping[str, Any], new_id: NewId | None, as_json: bool) -> Operation[Published]:
    body, default_type = body_of(message, as_json)
    destination, headers = _parts(message, default_type)
    headers, own_id = _with_id(message, headers, new_id)
    return Operation(
        method="POST",
        path=prefix + destination,
        headers=tuple(headers),
        body=body,
        read=lambda answer: read_published(answer, own_id=own_id),
        repeatable=new_id is not None or own_id,
        publishes=True,
    )


def _batch_item(message: Mapping[str, Any], new_id: NewId | None, as_json: bool) -> tuple[dict[str, Any], bool]:
    if not isinstance(message, Mapping):
        raise TypeError(f"a message must be a dict, not {type(message).__name__}")
    check_names(message, _OPTIONS)
    queue = None if message.get("queue") is None else check_name(message["queue"], "queue")
    body, default_type = body_of(message, as_json)
    text = _batch_body(body)
    destination, headers = _parts(message, default_type)
    headers, own_id = _with_id(message, headers, new_id)
    item = {"destination": destination, "headers": dict(headers), "body": text, "queue": queue}
    return {name: value for name, value in item.items() if value is not None}, own_id


def _batch_body(body: bytes | None) -> str | None:
    try:
        return None if body is None else body.decode("utf-8")
    except UnicodeDecodeError:
        # No cause: its repr is the body.
        raise ValueError("body is not UTF-8, and a batch is JSON: publish it on its own") from None


def _parts(message: Mapping[str, Any], default_type: str | None) -> tuple[str, list[Header]]:
    # What may be wrong first: nothing is raised once a provider's token is among the locals.
    headers = headers_of(message)
    destination, forwarded = _destination(message)
    given = {name.lower() for name, _ in headers}
    headers += [header for header in forwarded if header[0].lower() not in given]
    return destination, with_content_type(headers, message, default_type)


def _destination(message: Mapping[str, Any]) -> tuple[str, list[Header]]:
    """The path's tail, and the headers that the ``api`` behind it wants."""
    given = [name for name in _DESTINATIONS if message.get(name) is not None]
    if len(given) != 1:
        raise ValueError(f"give exactly one of url, url_group and api, not {' and '.join(given) or 'none'}")
    match given[0]:
        case "url":
            return check_url(message["url"], "url"), []
        case "url_group":
            return check_name(message["url_group"], "url_group"), []
        case _:
            return _api(message["api"])


def _api(api: Any) -> tuple[str, list[Header]]:
    fields = cast("Mapping[str, Any]", api if isinstance(api, Mapping) else {})
    check_names(fields, Api.__annotations__, "part of api")
    provider = fields.get("provider")
    if not isinstance(provider, Provider) or fields.get("name") != provider.name:
        raise ValueError(
            "api must be {'name': 'llm', 'provider': openai(token)} or {'name': 'email', 'provider': resend(token)}, "
            "with a provider of qstash_integrations.chat"
        )
    return check_url(provider.url, "api"), [(f"Upstash-Forward-{name}", value) for name, value in provider.headers]


def _with_id(message: Mapping[str, Any], headers: list[Header], new_id: NewId | None) -> tuple[list[Header], bool]:
    """The headers with a deduplication id, and whether deduplication was the caller's own wish."""
    own = message.get("deduplication_id") is not None or bool(message.get("content_based_deduplication"))
    if own or new_id is None:
        return headers, own
    return [*headers, ("Upstash-Deduplication-Id", new_id())], False


def _read_batch(answer: Any, own_ids: list[bool], first: int) -> list[Published]:
    if not is_list(answer) or len(answer) != len(own_ids):
        raise TransportError(f"QStash's answer is not a list of {len(own_ids)} results")
    for index, receipt in enumerate(answer, first):
        if is_object(receipt) and "error" in receipt and "messageId" not in receipt:
            # No lost answer: whoever sent the whole batch again would publish the others twice.
            raise APIError(400, f"messages[{index}]: {str(receipt['error'])[:500]}; the others may be accepted")
    return [read_published(receipt, own_id=own_id) for receipt, own_id in zip(answer, own_ids, strict=True)]


def _read_cancelled(answer: Any) -> int:
    return int(Fields(answer).need("cancelled", int))
