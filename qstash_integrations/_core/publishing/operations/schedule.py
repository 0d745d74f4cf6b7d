"""Create, read, pause and delete schedules.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...names import check_names
from ..header_maps import with_added
from ..inputs import Header, check_name, check_text, check_url
from ..message_options import NewSchedule
from ..options import OPTIONS
from ..results.fields import Fields, read_list, reads
from ..results.schedule import Schedule
from ..wire import headers_of
from . import Operation, nothing
from .body import body_of, with_content_type
from .message import urls_in

_NAMES = frozenset(NewSchedule.__annotations__)


def create(schedule: Mapping[str, Any], added: Sequence[Header] = (), *, as_json: bool = False) -> Operation[str]:
    """The id of the schedule. Sent again only when it has an id of the caller's: otherwise there would be two."""
    check_names(schedule, _NAMES)
    if schedule.get("cron") is None:
        raise TypeError("cron is missing; give five fields such as '*/5 * * * *'")
    body, default_type = body_of(schedule, as_json)
    headers = with_content_type(with_added(headers_of(schedule), added), schedule, default_type)
    if schedule.get("queue") is not None:
        headers.append((OPTIONS["queue"].header, check_name(schedule["queue"], "queue")))
    return Operation(
        method="POST",
        path=f"/v2/schedules/{_destination(schedule.get('destination'))}",
        headers=tuple(headers),
        body=body,
        read=lambda answer: str(Fields(answer).need("scheduleId", str)),
        repeatable=schedule.get("schedule_id") is not None,
        calls=urls_in(schedule),
    )


def get(schedule_id: str) -> Operation[Schedule]:
    return Operation(method="GET", path=_path(schedule_id), read=reads(Schedule), repeatable=True)


def list_all() -> Operation[list[Schedule]]:
    return Operation(method="GET", path="/v2/schedules", read=_read_schedules, repeatable=True)


def delete(schedule_id: str) -> Operation[None]:
    return Operation(method="DELETE", path=_path(schedule_id), read=nothing, repeatable=True)


def pause(schedule_id: str) -> Operation[None]:
    return Operation(method="PATCH", path=f"{_path(schedule_id)}/pause", read=nothing, repeatable=True)


def resume(schedule_id: str) -> Operation[None]:
    return Operation(method="PATCH", path=f"{_path(schedule_id)}/resume", read=nothing, repeatable=True)


def _path(schedule_id: str) -> str:
    return f"/v2/schedules/{check_name(schedule_id, 'schedule_id')}"


def _destination(value: Any) -> str:
    if value is None:
        raise TypeError("destination is missing; give a URL or the name of a URL group")
    text = check_text(value, "destination")
    return check_url(text, "destination") if "/" in text or ":" in text else check_name(text, "destination")


def _read_schedules(answer: Any) -> list[Schedule]:
    return read_list(answer, reads(Schedule), "schedules")
