"""Schedules: create or replace, list, pause, delete.

Spec: https://upstash.com/docs/qstash/api/schedules
"""

from ..engine import Engine
from ..model import Schedule, milliseconds
from .api_call import ApiCall, Reply
from .contents import Fields, body_fields, given
from .option_fields import option_fields
from .publishing import publication


def create(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, {"scheduleId": engine.schedules.create(publication(call))})


def list_all(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_fields(engine, schedule) for schedule in engine.schedules.all()])


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine, engine.schedules.get(call.path["id"])))


def delete(engine: Engine, call: ApiCall) -> Reply:
    engine.schedules.delete(call.path["id"])
    return Reply()


def pause(engine: Engine, call: ApiCall) -> Reply:
    engine.schedules.pause(call.path["id"])
    return Reply()


def resume(engine: Engine, call: ApiCall) -> Reply:
    engine.schedules.resume(call.path["id"])
    return Reply()


def _fields(engine: Engine, schedule: Schedule) -> Fields:
    options = schedule.options
    return {
        "scheduleId": schedule.id,
        "destination": schedule.destination,
        "cron": schedule.cron,
        "createdAt": milliseconds(schedule.created_at),
        "isPaused": schedule.paused,
        **option_fields(options, "schedules"),
        **body_fields(schedule.body, options.redaction),
        **given(
            callerIP=schedule.caller_ip or None,
            lastScheduleTime=None if schedule.last_at is None else milliseconds(schedule.last_at),
            nextScheduleTime=None if schedule.next_at is None else milliseconds(schedule.next_at),
            lastScheduleStates=engine.schedules.states(schedule) or None,
            error=schedule.error,
        ),
    }
