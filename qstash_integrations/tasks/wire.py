"""A call as a message: its URL, its body, its options.

What is known of a call is signed with its URL: an id of its own, when it was published (``at``, Unix milliseconds) and
how many retries it was published with (``of``). The URLs of schedules and callbacks have the last alone, since each of
their deliveries is another call. In the body, members that are no parameters begin with a ``$``.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from .._core.durations import parse_duration
from .._core.publishing.json_body import encode_json
from .._core.publishing.message_options import UrlMessage
from .._core.publishing.options import OPTIONS
from .._core.publishing.wire import headers_of
from .options import DEFAULT_RETRIES, computed, content_id, is_task

if TYPE_CHECKING:
    from .task import Task


RESULT_MARK = {"$result": True}
_CONTENT_TYPE = "application/json"
_TaskUrl = Callable[[str], str]


class CallMessage(UrlMessage, total=False):
    """A call as ``publish`` takes it, or ``enqueue`` where there is a queue."""

    queue: str


def ready_options(task: "Task[..., Any]", arguments: Mapping[str, Any], task_url: _TaskUrl) -> dict[str, Any]:
    """Of one call: computed, tasks as URLs, the retries and the task's own label always among them."""
    options = computed(task.options, arguments)
    options.setdefault("retries", len(task.failing.backoff) or DEFAULT_RETRIES)
    options["label"] = [*_labels(options.get("label")), task.name]
    for name in ("callback", "failure_callback"):
        target = options.get(name)
        if is_task(target):
            options |= _called_back(name, cast("Task[..., Any]", target), options, task_url)
    return options


def message_of(
    name: str, body: bytes, options: Mapping[str, Any], task_url: _TaskUrl, call_id: str | None = None
) -> CallMessage:
    """For ``publish`` or ``enqueue``; ``options`` are ready ones."""
    at = int(time.time() * 1000)
    message: dict[str, Any] = {
        **options,
        "url": f"{task_url(name)}?id={call_id or uuid4().hex}&at={at}&of={options['retries']}",
        "body": body,
        "content_type": _CONTENT_TYPE,
    }
    if message.pop("content_based_deduplication", False) and message.get("deduplication_id") is None:
        message["deduplication_id"] = content_id(name, body, message.get("headers") or {})
    return cast("CallMessage", message)


def schedule_of(name: str, body: bytes, options: Mapping[str, Any], task_url: _TaskUrl) -> dict[str, Any]:
    """What ``schedule.create`` takes, but for the cron expression and the id.

    TypeError for an option that means nothing to a schedule.
    """
    for option in options:
        if "schedule" not in OPTIONS[option].of:
            raise TypeError(f"{option} is no option of a schedule, whose calls are made by QStash")
    destination = f"{task_url(name)}?of={options['retries']}"
    return {**options, "destination": destination, "body": body, "content_type": _CONTENT_TYPE}


def with_members(body: bytes, members: Mapping[str, Any]) -> bytes:
    """A JSON object with more members."""
    if not members:
        return body
    more = encode_json(members)
    return more if body == b"{}" else body[:-1] + b"," + more[1:]


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Ready options as JSON holds them."""
    plain = {name: value.timestamp() if isinstance(value, datetime) else value for name, value in options.items()}
    return cast("dict[str, Any]", json.loads(encode_json(plain, "options")))


def seconds_of(timeout: Any) -> float | None:
    """Of the option ``timeout``."""
    return None if timeout is None else parse_duration(timeout, "timeout").total_seconds()


def _labels(label: str | Sequence[str] | None) -> list[str]:
    if label is None:
        return []
    return [part.strip() for part in label.split(",")] if isinstance(label, str) else list(label)


def _called_back(name: str, target: "Task[..., Any]", options: Mapping[str, Any], task_url: _TaskUrl) -> dict[str, Any]:
    """The URL of a task that is called back, and its own options in the headers for it."""
    target.check_takes_callback(name)
    own = {
        option: value
        for option, value in {"retries": len(target.failing.backoff) or DEFAULT_RETRIES, **target.options}.items()
        if "callback" in OPTIONS[option].of and not callable(value)
    }
    headers = {header.removeprefix("Upstash-"): text for header, text in headers_of(own)}
    given: Mapping[str, str] = options.get(f"{name}_headers") or {}
    return {
        name: f"{task_url(target.name)}?of={own['retries']}",
        f"{name}_headers": {**headers, **given},
    }
