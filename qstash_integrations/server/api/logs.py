"""What happened to messages: the same entries under ``events`` and ``logs``, which differ in their envelope.

Spec: https://upstash.com/docs/qstash/api/logs
"""

from typing import Any

from ..engine import Engine
from ..model import Refused
from .api_call import ApiCall, Reply
from .contents import Fields
from .filters import EVENTS, count_of, earliest_first, filter_of, trim_of, value_of
from .render import event_fields


def events(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _listed(engine, call, "events", 1000))


def logs(engine: Engine, call: ApiCall) -> Reply:
    group_by = value_of(call.parameters, "groupBy")
    if group_by is None:
        return Reply(200, _listed(engine, call, "logs", 100))
    if group_by != "messageId":
        raise Refused(400, f"invalid groupBy {group_by[:40]!r}: only messageId is supported")
    return Reply(200, _grouped(engine, call))


def _listed(engine: Engine, call: ApiCall, name: str, most: int) -> Fields:
    page = engine.log.events(**_asked(call, most, most))
    trim = trim_of(call.parameters)
    return _with_cursor({name: [event_fields(event, trim) for event in page.items]}, page.cursor)


def _grouped(engine: Engine, call: ApiCall) -> Fields:
    """By message, of which ``count`` is the number, each with all of its entries that are asked for."""
    page = engine.log.groups(**_asked(call, 10, 100))
    trim = trim_of(call.parameters)
    messages = [
        {"messageId": group[0].message.id, "events": [event_fields(event, trim) for event in group]}
        for group in page.items
    ]
    return _with_cursor({"messages": messages}, page.cursor)


def _asked(call: ApiCall, default: int, largest: int) -> dict[str, Any]:
    parameters = call.parameters
    return {
        "wanted": filter_of(parameters, EVENTS, of_runs=False),
        "cursor": value_of(parameters, "cursor"),
        "count": count_of(parameters, default, largest) or default,
        "earliest_first": earliest_first(parameters, False),
    }


def _with_cursor(fields: Fields, cursor: str | None) -> Fields:
    return {**fields, "cursor": cursor} if cursor else fields
