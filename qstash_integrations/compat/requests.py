"""The original package's request dicts as this package's messages; the caller's own dict stays as it is."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from .._core.errors import QStashError
from .._core.names import check_names

_DESTINATIONS = ("url", "topic", "url_group", "api")


def fields_of(request: object, known: Collection[str] | None = None) -> dict[str, Any]:
    """A copy of the dict. TypeError for anything else, and for a name that is not among the known ones."""
    if not isinstance(request, Mapping):
        raise TypeError(f"give one dict, not {type(request).__name__}; keywords are for qstash_integrations.QStash")
    fields = dict(cast("Mapping[str, Any]", request))
    if known is None:
        return fields
    try:
        check_names(tuple(fields), known, "part of the request")
    except TypeError:
        del request, fields  # they may hold keys, and error trackers print the locals of raising frames
        raise
    return fields


def message_of(request: object) -> dict[str, Any]:
    """A message to one destination: ``topic`` is what a URL group was called."""
    message = fields_of(request)
    given = [name for name in _DESTINATIONS if message.get(name) is not None]
    if len(given) != 1:
        raise QStashError(f"give exactly one of url and topic, not {' and '.join(given) or 'none'}")
    topic = message.pop("topic", None)
    return message if topic is None else {**message, "url_group": topic}


def has_body(message: Mapping[str, Any]) -> bool:
    """Whether there is something to encode: the original package sent ``null`` only for a body of None."""
    return "body" in message


def schedule_of(request: object) -> tuple[dict[str, Any], bool]:
    """A schedule, and whether its body is encoded as JSON: unless it has a Content-Type of its own."""
    schedule = fields_of(request)
    headers = schedule.get("headers")
    names = cast("Mapping[object, object]", headers) if isinstance(headers, Mapping) else ()
    typed = "content_type" in schedule or any(str(name).lower() == "content-type" for name in names)
    return schedule, not typed and schedule.get("body") is not None


def page_of(request: object, known: Collection[str]) -> dict[str, Any]:
    """Where a page begins, and what is in it.

    The original's loops begin with None, and its log's cursor was a number that ended at 0.
    """
    fields = {} if request is None else fields_of(request, ("cursor", *known))
    cursor = fields.pop("cursor", None)
    return {"cursor": str(cursor) if cursor else None, "wanted": fields.pop("filter", None), **fields}
