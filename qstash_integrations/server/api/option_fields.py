"""A publisher's options as the API and the dashboard show them, by the table that they were read by.

Spec: https://upstash.com/docs/qstash/api-reference
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.publishing.options import OPTIONS, Option, Place
from ..model import FlowControl, Options, Redaction
from ..rules.options import attribute_of
from .contents import Fields, given, header_fields

Shown = tuple[tuple[Option, str], ...]


def shown_in(options: Iterable[Option]) -> Mapping[Place | None, Shown]:
    """For each place the rows that it shows, with their fields; for None, the dashboard, all of them."""
    places: tuple[Place | None, ...] = (None, "messages", "logs", "schedules")
    rows = tuple(options)
    return {
        place: tuple((row, field) for row in rows if (field := row.field if place is None else row.field_in(place)))
        for place in places
    }


_SHOWN = shown_in(OPTIONS.values())


def option_fields(options: Options, place: Place | None, shown: Mapping[Place | None, Shown] = _SHOWN) -> Fields:
    """What was asked for. What the message itself knows better, such as its queue, is laid over it by the caller."""
    found: Fields = {}
    for option, field in shown[place]:
        value = _value(option, options)
        match option.kind:
            case "headers":
                found[field] = header_fields(options.headers, options.redaction)
            case "callback":
                found[field] = value and value.url
            case "callback_headers":
                found[field] = value and header_fields(value.headers, options.redaction)
            case "labels":
                found |= {"label": value[0] if value else None, field: list(value) or None}
            case "flow_control":
                found |= _parts(option, value)
            case "redaction":
                found[field] = value and _redacted(value)
            case "duration":
                found[field] = (value * 1000 if place == "logs" else value) if value else None
            case "instant":
                found[field] = value and value * 1000
            case "flag":
                found[field] = value or None
            case "content_type":
                pass  # a header as any other
            case _:
                found[field] = value
    return given(**found)


def _value(option: Option, options: Options) -> Any:
    """None for one that was not asked for, or that the message itself has."""
    if option.kind == "callback_headers":
        return getattr(options, option.name.removesuffix("_headers"))
    name = attribute_of(option.name)
    return getattr(options, name) if hasattr(options, name) else dict(options.others).get(name)


def _parts(option: Option, flow: FlowControl | None) -> Fields:
    return {part.field: flow and getattr(flow, part.name) for part in option.parts}


def _redacted(redaction: Redaction) -> Fields:
    return {"body": redaction.body, "header": redaction.all_headers or list(redaction.headers)}
