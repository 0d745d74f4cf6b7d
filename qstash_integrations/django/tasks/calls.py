"""A call of a task as a message to QStash, and what the signed URL of a delivery says of its call. No I/O.

The URL is ``<include>/django/<task>?id=<row>&at=<Unix ms>&of=<retries>``. The query is signed with it, unlike the
message's id, its time and its retries, which are headers.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, quote, urlsplit

from ..._core.durations import parse_duration
from .fields import encoded
from .options import RETRIES, TIMEOUT, BackendOptions

CALLBACK_RETRIES = "3"
"""Of the failure callback. It would inherit those of the task, where none means that nobody hears of a dead worker."""
_NOT_OF_SCHEDULES = ("delay",)


def new_id() -> str:
    """32 hexadecimal digits, in the order of time: a UUID of version 7."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | (0x7 << 76)
    return f"{number & ~(0x3 << 62) | (0x2 << 62):032x}"


class Called(NamedTuple):
    """What a signed URL says."""

    id: str | None
    """None where a schedule has made the message."""
    at: float | None
    """When it was published, in Unix seconds."""
    retries: int

    @property
    def published_at(self) -> datetime | None:
        return None if self.at is None else datetime.fromtimestamp(self.at, UTC)

    @classmethod
    def from_url(cls, url: str) -> "Called":
        query = dict(parse_qsl(urlsplit(url).query))
        at, retries = _number(query.get("at")), _number(query.get("of"))
        return cls(query.get("id") or None, None if at is None else at / 1000, retries or 0)


class Content(NamedTuple):
    """What a message carries."""

    backend: str
    args: list[Any]
    kwargs: dict[str, Any]

    @classmethod
    def from_body(cls, body: bytes) -> "Content":
        """ValueError when it is no body of ours."""
        try:
            content: Any = json.loads(body, parse_constant=_refuse)
        except RecursionError:
            raise ValueError("the body of a task is nested too deeply") from None
        if not isinstance(content, dict):
            raise ValueError("the body of a task must be a JSON object")
        fields = cast("dict[str, Any]", content)
        found = cls(fields.get("backend", "default"), fields.get("args", []), fields.get("kwargs", {}))
        if not all(isinstance(value, kind) for value, kind in zip(found, (str, list, dict), strict=True)):
            raise ValueError("the body of a task has a backend, args or kwargs of another type")
        return found


def id_of_scheduled(message_id: str) -> str:
    """The row of a message that a schedule has made."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


class Urls(NamedTuple):
    """The URLs of a task, without their query."""

    run: str
    failed: str

    @classmethod
    def below(cls, base: str, name: str) -> "Urls":
        run = f"{base}/django/{quote(name, safe='')}"
        return cls(run, f"{run}/failed")


def with_defaults(options: Mapping[str, Any], backend: BackendOptions) -> dict[str, Any]:
    """The options of a task, with those of its backend and ours, as they are kept in its row: what JSON can hold."""
    merged: dict[str, Any] = {"retries": RETRIES, "timeout": TIMEOUT, **backend.of_tasks, **options}
    for name in ("timeout", "delay"):
        if name in merged:
            merged[name] = int(parse_duration(merged[name], name).total_seconds())
    flow_control: dict[str, Any] = dict(merged.get("flow_control") or {})
    if isinstance(flow_control.get("period"), timedelta):
        period = int(parse_duration(flow_control["period"], "period").total_seconds())
        merged["flow_control"] = {**flow_control, "period": period}
    return merged


def body_of(backend: str, args: list[Any], kwargs: dict[str, Any], *, with_arguments: bool = True) -> bytes:
    """What a message carries; the backend's name where it is not "default"."""
    content: dict[str, Any] = {"args": args, "kwargs": kwargs} if with_arguments else {}
    if backend != "default":
        content["backend"] = backend
    return encoded(content).encode()


def message(
    urls: Urls,
    *,
    id: str,  # noqa: A002 - its name in the URL
    at: datetime,
    retries: int,
    body: bytes,
    queue: str | None,
    options: Mapping[str, Any],
    run_after: datetime | None = None,
    again: int = 0,
    reaped: bool = True,
) -> dict[str, Any]:
    """``again`` counts the messages that the call had before; ``reaped`` asks for the failure callback."""
    query = f"?id={id}&at={int(at.timestamp() * 1000)}&of={retries}"
    made = {
        **{name: value for name, value in options.items() if not (again and name in _NOT_OF_SCHEDULES)},
        "url": urls.run + query,
        "body": body,
        "content_type": "application/json",
        "retries": retries,
        "deduplication_id": f"{id}-{again}" if again else id,
        **_callback(urls, query, reaped),
    }
    if queue is not None:
        made["queue"] = queue
    if run_after is not None and not again:
        made["not_before"] = run_after.timestamp()
    return made


def schedule(urls: Urls, *, body: bytes, queue: str | None, options: Mapping[str, Any], reaped: bool) -> dict[str, Any]:
    """The options of a QStash schedule that calls a task; its id and time are those of each delivery."""
    query = f"?of={options['retries']}"
    made = {
        **{name: value for name, value in options.items() if name not in _NOT_OF_SCHEDULES},
        "destination": urls.run + query,
        "body": body,
        "content_type": "application/json",
        **_callback(urls, query, reaped),
    }
    return made if queue is None else {**made, "queue": queue}


def _callback(urls: Urls, query: str, reaped: bool) -> dict[str, Any]:
    if not reaped:
        return {}
    return {"failure_callback": urls.failed + query, "failure_callback_headers": {"Retries": CALLBACK_RETRIES}}


def _refuse(constant: str) -> Any:
    raise ValueError(f"the body of a task has {constant}, which is no JSON")


def _number(text: str | None) -> int | None:
    # Milliseconds of this many digits are a date that Python has.
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 14 else None
