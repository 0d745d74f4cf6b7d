"""Queues: create or change, list, pause, delete.

Spec: https://upstash.com/docs/qstash/api/queues
"""

from ..engine import Engine
from ..model import Queue, Refused, milliseconds
from .api_call import ApiCall, Reply
from .contents import Fields


def upsert(engine: Engine, call: ApiCall) -> Reply:
    body = call.json_object()
    name = body.get("queueName")
    parallelism = body.get("parallelism", 1)
    paused = body.get("paused", False)
    if not isinstance(name, str):
        raise Refused(400, "invalid queueName: it must be a text")
    if isinstance(parallelism, bool) or not isinstance(parallelism, int):
        raise Refused(400, "invalid parallelism: it must be a whole number from 1 on")
    if not isinstance(paused, bool):
        raise Refused(400, "invalid paused: it must be true or false")
    engine.queues.upsert(name, parallelism, paused)
    return Reply()


def list_all(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_fields(queue) for queue in engine.queues.all()])


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine.queues.get(call.path["name"])))


def delete(engine: Engine, call: ApiCall) -> Reply:
    engine.queues.delete(call.path["name"])
    return Reply()


def pause(engine: Engine, call: ApiCall) -> Reply:
    engine.queues.pause(call.path["name"])
    return Reply()


def resume(engine: Engine, call: ApiCall) -> Reply:
    engine.queues.resume(call.path["name"])
    return Reply()


def _fields(queue: Queue) -> Fields:
    return {
        "name": queue.name,
        "parallelism": queue.parallelism,
        "createdAt": milliseconds(queue.created_at),
        "updatedAt": milliseconds(queue.updated_at),
        "lag": queue.lag,
        "paused": queue.paused,
    }
