"""What ``client.messages()`` and its neighbours return. Each method is one call of this package's own.

One set of classes for both clients: on an ``AsyncClient`` every result is awaited.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from .._core.publishing.discreet import discreet
from .._core.publishing.operations import Operation
from .._core.publishing.operations import dlq as dlq_calls
from .._core.publishing.operations import message as message_calls
from .._core.publishing.operations import queue as queue_calls
from .._core.publishing.operations import schedule as schedule_calls
from .._core.publishing.operations import signing_key as signing_key_calls
from .._core.publishing.operations import url_group as url_group_calls
from .._core.publishing.operations.message import NewId
from .answers import CreatedSchedule
from .requests import fields_of, has_body, message_of, page_of, schedule_of

Run: TypeAlias = Callable[[Operation[Any]], Any]
Request: TypeAlias = Mapping[str, Any]


@discreet
class Messages:
    """``client.messages()``."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def get(self, message_id: str) -> Any:
        return self._run(message_calls.get(message_id))

    def cancel(self, message_id: str) -> Any:
        return self._run(message_calls.cancel(message_id))

    def delete(self, message_id: str) -> Any:
        """``cancel`` under the name that the original had for it."""
        return self.cancel(message_id)


@discreet
class Topics:
    """``client.topics()``: URL groups."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def upsert_or_add_endpoints(self, request: str | Request, endpoints: Sequence[Request] | None = None) -> Any:
        """``("my-topic", [...])`` as in the first README, or ``{"name": ..., "endpoints": [...]}`` as later."""
        return self._run(url_group_calls.upsert_endpoints(*_topic(request, endpoints)))

    def add_endpoints(self, request: str | Request, endpoints: Sequence[Request] | None = None) -> Any:
        """``upsert_or_add_endpoints`` under its first name."""
        return self.upsert_or_add_endpoints(request, endpoints)

    def remove_endpoints(self, request: str | Request, endpoints: Sequence[Request] | None = None) -> Any:
        """In both forms; the last endpoint takes the topic along."""
        return self._run(url_group_calls.remove_endpoints(*_topic(request, endpoints)))

    def get(self, name: str) -> Any:
        return self._run(url_group_calls.get(name))

    def list(self) -> Any:
        return self._run(url_group_calls.list_all())

    def delete(self, name: str) -> Any:
        return self._run(url_group_calls.delete(name))


@discreet
class Dlq:
    """``client.dlq()``."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def list_messages(self, request: Request | None = None) -> Any:
        """One page, from ``{"cursor": ...}`` on; with ``count``, ``filter``, ``order`` and ``trim_body``."""
        return self._run(dlq_calls.list_page(**page_of(request, ("count", "filter", "order", "trim_body"))))

    def get(self, dlq_id: str) -> Any:
        return self._run(dlq_calls.get(dlq_id))

    def delete(self, dlq_id: str) -> Any:
        return self._run(dlq_calls.delete(dlq_id))


@discreet
class Schedules:
    """``client.schedules()``."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def create(self, request: Request) -> Any:
        """Its body goes as JSON, unless it has a Content-Type of its own."""
        schedule, as_json = schedule_of(request)
        return self._run(_with_name(schedule_calls.create(schedule, as_json=as_json)))

    def get(self, schedule_id: str) -> Any:
        return self._run(schedule_calls.get(schedule_id))

    def list(self) -> Any:
        return self._run(schedule_calls.list_all())

    def delete(self, schedule_id: str) -> Any:
        return self._run(schedule_calls.delete(schedule_id))


@discreet
class Queue:
    """``client.queue({"queue_name": ...})``; only ``list`` works without a name."""

    def __init__(self, run: Run, name: str | None, new_id: NewId | None) -> None:
        self._run = run
        self._queue_name = name
        self._new_id = new_id

    @property
    def _name(self) -> str:
        if not self._queue_name:
            raise ValueError('the queue has no name; give client.queue({"queue_name": ...})')
        return self._queue_name

    def upsert(self, request: Request) -> Any:
        """``{"parallelism": 2}``."""
        fields = fields_of(request, ("parallelism", "paused"))
        parallelism, paused = fields.get("parallelism", 1), fields.get("paused", False)
        return self._run(queue_calls.upsert(self._name, parallelism=parallelism, paused=paused))

    def enqueue(self, request: Request) -> Any:
        return self._run(message_calls.enqueue({**message_of(request), "queue": self._name}, self._new_id))

    def enqueue_json(self, request: Request) -> Any:
        message = {**message_of(request), "queue": self._name}
        return self._run(message_calls.enqueue(message, self._new_id, as_json=has_body(message)))

    def get(self) -> Any:
        return self._run(queue_calls.get(self._name))

    def list(self) -> Any:
        return self._run(queue_calls.list_all())

    def delete(self) -> Any:
        return self._run(queue_calls.delete(self._name))


@discreet
class Keys:
    """``client.keys()``: the signing keys."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def get(self) -> Any:
        return self._run(signing_key_calls.get())

    def rotate(self) -> Any:
        return self._run(signing_key_calls.rotate())


def _with_name(create: Operation[str]) -> Operation[CreatedSchedule]:
    """The id of the schedule under its name, as the original had it, instead of alone."""

    def read(answer: Any) -> CreatedSchedule:
        return CreatedSchedule(create.read(answer))

    return replace(cast("Operation[Any]", create), read=read)


def _topic(request: str | Request, endpoints: Sequence[Request] | None) -> tuple[str, Any]:
    if isinstance(request, str):
        return request, endpoints
    fields = fields_of(request, ("name", "endpoints"))
    return fields.get("name", ""), fields.get("endpoints")
