"""The original package's requests as this package's API calls."""

from collections.abc import Iterable
from typing import Any

from .._core.publishing.operations import Operation
from .._core.publishing.operations import message as messages
from .._core.publishing.operations import schedule as schedules
from .._core.publishing.operations.batch import batch
from .._core.publishing.operations.message import NewId
from .requests import has_body, message_of, schedule_of


def published(request: object, new_id: NewId | None, *, as_json: bool = False) -> Operation[Any]:
    message = message_of(request)
    return messages.publish(message, new_id, as_json=as_json and has_body(message))


def enqueued(request: object, queue: str, new_id: NewId | None, *, as_json: bool = False) -> Operation[Any]:
    message = {**message_of(request), "queue": queue}
    return messages.enqueue(message, new_id, as_json=as_json and has_body(message))


def batched(requests: Iterable[object], new_id: NewId | None, *, as_json: bool = False) -> Operation[Any]:
    return batch(map(message_of, requests), new_id, as_json=as_json)


def scheduled(request: object) -> Operation[str]:
    """Its body goes as JSON, unless it has a Content-Type of its own."""
    schedule, as_json = schedule_of(request)
    return schedules.create(schedule, as_json=as_json)
