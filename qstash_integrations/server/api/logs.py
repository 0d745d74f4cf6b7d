"""What happened to messages: the same entries under ``events`` and ``logs``, which differ in their envelope.

Spec: https://upstash.com/docs/qstash/api/logs
"""

from typing import Any

from ..engine import Engine
from ..model import Event, Page, Refused
from .call import Call, Reply
from .filters import EVENTS, count_of, earliest_first, filter_of, value_of
from .render import Fields, event_fields


def events(engine: Engine, call: Call) -> Reply:
    return Reply(200, _listed(_page(engine, call, 1000, 1000), "events"))


def logs(engine: Engine, call: Call) -> Reply:
    group_by = value_of(call.parameters, "groupBy")
    if group_by is None:
        return Reply(200, _listed(_page(engine, call, 100, 100), "logs"))
    if group_by != "messageId":
        raise Refused(400, f"invalid groupBy {group_by[:40]!r}: only messageId is supported")
    return Reply(200, _grouped(_page(engine, call, 10, 100)))


def _page(engine: Engine, call: Call, default: int, largest: int) -> Page[Event]:
    parameters = call.parameters
    return engine.events(
        filter_of(parameters, EVENTS),
        cursor=value_of(parameters, "cursor"),
        count=count_of(parameters, default, largest) or default,
        earliest_first=earliest_first(parameters, False),
    )


def _listed(page: Page[Event], name: str) -> Fields:
    return _with_cursor({name: [event_fields(event) for event in page.items]}, page.cursor)


def _grouped(page: Page[Event]) -> Fields:
    """The page's entries under their messages, in the order in which those come first."""
    groups: dict[str, list[Any]] = {}
    for event in page.items:
        groups.setdefault(event.message.id, []).append(event_fields(event))
    messages = [{"messageId": message_id, "events": entries} for message_id, entries in groups.items()]
    return _with_cursor({"messages": messages}, page.cursor)


def _with_cursor(fields: Fields, cursor: str | None) -> Fields:
    return {**fields, "cursor": cursor} if cursor else fields
