"""What a publisher sent to QStash, read back from the API call: messages and schedules.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from urllib.parse import unquote

from .._core.durations import parse_duration
from .._core.publishing.client import APIRequest

Header = tuple[str, str]
_FORWARD = "upstash-forward-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A message, or a schedule, as QStash got it. Its repr shows neither headers nor body."""

    destination: str
    """A URL, or the name of a URL group."""
    headers: Sequence[Header] = field(repr=False)
    """Those that went to QStash for it, ``Upstash-Delay`` for one; without the token."""
    body: bytes = field(repr=False)
    queue: str | None = None

    @property
    def url(self) -> str | None:
        return self.destination if "://" in self.destination else None

    @property
    def url_group(self) -> str | None:
        return None if "://" in self.destination else self.destination

    def json(self) -> Any:
        """The body, decoded; ValueError when it is no JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """One of the headers that went to QStash, by its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def forwarded(self) -> Mapping[str, str]:
        """The headers that the destination will get, by lower-case name."""
        named = {name.lower(): value for name, value in self.headers}
        found = {name.removeprefix(_FORWARD): value for name, value in named.items() if name.startswith(_FORWARD)}
        return {**{name: value for name, value in named.items() if name == "content-type"}, **found}

    @property
    def delay(self) -> timedelta | None:
        text = self.header("Upstash-Delay")
        return None if text is None else parse_duration(text, "Upstash-Delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedMessage(Published):
    """A message that was published, enqueued or part of a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedSchedule(Published):
    """A schedule that was created or replaced."""

    cron: str
    schedule_id: str | None = None


def read_call(request: APIRequest) -> list[PublishedMessage] | CreatedSchedule | None:
    """What an API call asks QStash to deliver; None for one that asks nothing of the kind."""
    if request.method != "POST":
        return None
    kind, _, rest = request.url.partition("/v2/")[2].partition("/")
    body = request.body or b""
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in ("authorization", "user-agent"))
    match kind:
        case "publish":
            return [PublishedMessage(destination=rest, headers=headers, body=body)]
        case "enqueue":
            queue, _, destination = rest.partition("/")
            return [PublishedMessage(destination=destination, headers=headers, body=body, queue=unquote(queue))]
        case "batch":
            return [_item(item) for item in json.loads(body)]
        case "schedules":
            return _schedule(rest, headers, body)
        case _:
            return None


def _item(item: Mapping[str, Any]) -> PublishedMessage:
    return PublishedMessage(
        destination=str(item["destination"]),
        headers=tuple(cast("Mapping[str, str]", item.get("headers") or {}).items()),
        body=str(item.get("body") or "").encode(),
        queue=item.get("queue"),
    )


def _schedule(destination: str, headers: Sequence[Header], body: bytes) -> CreatedSchedule:
    named = {name.lower(): value for name, value in headers}
    return CreatedSchedule(
        destination=destination,
        headers=headers,
        body=body,
        queue=named.get("upstash-queue-name"),
        cron=named.get("upstash-cron", ""),
        schedule_id=named.get("upstash-schedule-id"),
    )
