"""Publish, enqueue; get and cancel a message.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/publish-a-message
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ...names import check_names
from ..filters import MessageFilter, page_query
from ..header_maps import with_added
from ..inputs import Header, check_id, check_name, check_url
from ..message_options import Api, BatchMessage
from ..options import OPTIONS
from ..providers import Provider
from ..results.fields import Fields, reads
from ..results.message import Message
from ..results.published import PublishResponse, PublishUrlGroupResponse, read_published
from ..wire import headers_of
from . import Operation, nothing
from .body import body_of, with_content_type
from .bulk import selection

PublishResult = PublishResponse | list[PublishUrlGroupResponse]
NewId = Callable[[], str]

_DESTINATIONS = ("url", "url_group", "api")
_URLS = ("url", "destination", "callback", "failure_callback")
NAMES = frozenset(BatchMessage.__annotations__)
ID_HEADER = OPTIONS["deduplication_id"].header
MOST_CANCELLED = 500  # of those that a filter means


def publish(
    message: Mapping[str, Any], new_id: NewId | None, added: Sequence[Header] = (), *, as_json: bool = False
) -> Operation[PublishResult]:
    """``new_id`` makes deduplication ids for messages without one, so that sending again publishes once.

    ``added`` are headers of the client's, for messages that have none of the name.
    """
    if message.get("queue") is not None:
        raise TypeError("publish takes no queue; use enqueue, which does")
    check_names(message, NAMES)
    return _publish("/v2/publish/", message, new_id, added, as_json)


def enqueue(
    message: Mapping[str, Any], new_id: NewId | None, added: Sequence[Header] = (), *, as_json: bool = False
) -> Operation[PublishResult]:
    check_names(message, NAMES)
    queue = check_name(message.get("queue"), "queue")
    return _publish(f"/v2/enqueue/{queue}/", message, new_id, added, as_json)


def get(message_id: str) -> Operation[Message]:
    path = f"/v2/messages/{check_id(message_id, 'message_id')}"
    return Operation(method="GET", path=path, read=reads(Message), repeatable=True)


def cancel(message_id: str) -> Operation[None]:
    # Not sent again: the second time QStash would say that there is no such message.
    return Operation(method="DELETE", path=f"/v2/messages/{check_id(message_id, 'message_id')}", read=nothing)


def cancel_many(message_ids: Sequence[str] | None, wanted: MessageFilter | None, count: int | None) -> Operation[int]:
    query = selection(
        message_ids,
        wanted,
        MessageFilter,
        count,
        most=MOST_CANCELLED,
        name="message_ids",
        parameter="messageIds",
        all_="cancel_all",
    )
    return Operation(method="DELETE", path="/v2/messages", query=query, read=_read_cancelled)


def cancel_all(count: int | None) -> Operation[int]:
    query = page_query(None, count, MOST_CANCELLED)
    return Operation(method="DELETE", path="/v2/messages", query=query, read=_read_cancelled)


def _publish(
    prefix: str, message: Mapping[str, Any], new_id: NewId | None, added: Sequence[Header], as_json: bool
) -> Operation[PublishResult]:
    body, default_type = body_of(message, as_json)
    destination, headers = destination_of(message, default_type, added)
    own_id = has_own_id(message)
    if new_id is not None and not own_id:
        headers.append((ID_HEADER, new_id()))
    return Operation(
        method="POST",
        path=prefix + destination,
        headers=tuple(headers),
        body=body,
        read=lambda answer: read_published(answer, own_id=own_id),
        repeatable=new_id is not None or own_id,
        publishes=True,
        own_ids=(own_id,),
        calls=urls_in(message),
        has_token=message.get("api") is not None,
    )


def destination_of(
    message: Mapping[str, Any], default_type: str | None, added: Sequence[Header]
) -> tuple[str, list[Header]]:
    """The path's tail, and the headers of all options but the body."""
    # What may be wrong first: nothing is raised once a provider's token is among the locals.
    headers = headers_of(message)
    destination, forwarded = _destination(message)
    headers = with_added(with_added(headers, forwarded), added)
    return destination, with_content_type(headers, message, default_type)


def urls_in(options: Mapping[str, Any]) -> Mapping[str, str]:
    """Where QStash is to call, by URL: the option that says so. They have been checked."""
    found: dict[str, str] = {}
    for name in _URLS:
        value = options.get(name)
        if isinstance(value, Mapping):
            own = urls_in(cast("Mapping[str, Any]", value))
            found |= {url: f"{name}[{part!r}]" for url, part in own.items()}
        elif value is not None and "://" in value:
            found[value] = name
    return found


def has_own_id(message: Mapping[str, Any]) -> bool:
    """Whether deduplication is the caller's own wish, which an id of ours would be in the way of."""
    return message.get("deduplication_id") is not None or bool(message.get("content_based_deduplication"))


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
    forward = OPTIONS["headers"].header
    return check_url(provider.url, "api"), [(forward + name, value) for name, value in provider.headers]


def _read_cancelled(answer: Any) -> int:
    return int(Fields(answer).need("cancelled", int))
