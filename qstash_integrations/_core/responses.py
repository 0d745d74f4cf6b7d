"""What comes back from QStash, as frozen values under the official SDK's names.

Instants stay as QStash sends them, Unix milliseconds. A field that QStash left out is None. Bodies and headers, which
may hold secrets, are left out of every repr.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/get-a-message
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from .errors import TransportError

Headers: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResponse:
    """A message that QStash has accepted and will deliver."""

    message_id: str
    deduplicated: bool = False
    """True: it was a duplicate of the message that ``message_id`` names, and is not delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishUrlGroupResponse:
    """One endpoint's message of a publish to a URL group."""

    message_id: str
    url: str
    deduplicated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlProperties:
    key: str
    parallelism: int | None = None
    rate: int | None = None
    period: int | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that QStash still holds."""

    message_id: str
    url: str
    method: str
    max_retries: int
    not_before: int
    """Unix milliseconds."""
    created_at: int
    """Unix milliseconds."""
    url_group: str | None = None
    endpoint: str | None = None
    queue: str | None = None
    body: str | None = field(default=None, repr=False)
    body_base64: str | None = field(default=None, repr=False)
    """Instead of ``body`` when that is not UTF-8."""
    headers: Headers | None = field(default=None, repr=False)
    callback_headers: Headers | None = field(default=None, repr=False)
    failure_callback_headers: Headers | None = field(default=None, repr=False)
    callback: str | None = None
    failure_callback: str | None = None
    schedule_id: str | None = None
    caller_ip: str | None = None
    flow_control: FlowControlProperties | None = None
    retry_delay_expression: str | None = None
    label: str | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule and what it last did."""

    schedule_id: str
    destination: str
    cron: str
    created_at: int
    """Unix milliseconds."""
    method: str
    retries: int
    paused: bool = False
    body: str | None = field(default=None, repr=False)
    body_base64: str | None = field(default=None, repr=False)
    headers: Headers | None = field(default=None, repr=False)
    callback: str | None = None
    failure_callback: str | None = None
    callback_headers: Headers | None = field(default=None, repr=False)
    failure_callback_headers: Headers | None = field(default=None, repr=False)
    queue: str | None = None
    delay: int | None = None
    """Seconds."""
    timeout: int | None = None
    """Seconds."""
    caller_ip: str | None = None
    flow_control: FlowControlProperties | None = None
    retry_delay_expression: str | None = None
    label: str | None = None
    labels: Sequence[str] = ()
    last_schedule_time: int | None = None
    """Unix milliseconds."""
    next_schedule_time: int | None = None
    """Unix milliseconds."""
    last_schedule_states: Mapping[str, str] | None = None
    """Of the messages of the last tick, by id: IN_PROGRESS, SUCCESS or FAIL."""
    error: str | None = None
    """Why the last tick could not publish."""


def read_published(answer: Any, *, own_id: bool) -> PublishResponse | list[PublishUrlGroupResponse]:
    """One receipt, or one per endpoint of a URL group.

    Without ``own_id`` the deduplication id was the client's: a duplicate is then a try of its own that had arrived.
    """
    if not is_list(answer):
        fields = Fields(answer)
        return PublishResponse(
            message_id=fields.need("messageId", str), deduplicated=own_id and fields.get("deduplicated", bool) is True
        )
    return [
        PublishUrlGroupResponse(
            message_id=fields.need("messageId", str),
            url=fields.need("url", str),
            deduplicated=own_id and fields.get("deduplicated", bool) is True,
        )
        for fields in map(Fields, answer)
    ]


def is_list(answer: object) -> TypeGuard[list[Any]]:
    return isinstance(answer, list)


def is_object(answer: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(answer, dict)


def read_message(answer: Any) -> Message:
    fields = Fields(answer)
    return Message(
        message_id=fields.need("messageId", str),
        max_retries=fields.need("maxRetries", int),
        not_before=fields.need("notBefore", int),
        url=fields.need("url", str),
        url_group=fields.get("topicName", str),
        endpoint=fields.get("endpointName", str),
        schedule_id=fields.get("scheduleId", str),
        **_common(fields),
    )


def read_schedule(answer: Any) -> Schedule:
    fields = Fields(answer)
    return Schedule(
        schedule_id=fields.need("scheduleId", str),
        destination=fields.need("destination", str),
        cron=fields.need("cron", str),
        retries=fields.need("retries", int),
        paused=fields.get("isPaused", bool) is True,
        delay=fields.get("delay", int),
        timeout=fields.get("timeout", int),
        last_schedule_time=fields.get("lastScheduleTime", int),
        next_schedule_time=fields.get("nextScheduleTime", int),
        last_schedule_states=fields.get("lastScheduleStates", dict),
        error=fields.get("error", str),
        **_common(fields),
    )


def _common(fields: "Fields") -> dict[str, Any]:
    """What messages and schedules have in common."""
    return {
        "created_at": fields.need("createdAt", int),
        "method": fields.need("method", str),
        "queue": fields.get("queueName", str),
        "body": fields.get("body", str),
        "body_base64": fields.get("bodyBase64", str),
        "headers": fields.get("header", dict),
        "callback": fields.get("callback", str),
        "failure_callback": fields.get("failureCallback", str),
        "callback_headers": fields.get("callbackHeader", dict),
        "failure_callback_headers": fields.get("failureCallbackHeader", dict),
        "caller_ip": fields.get("callerIP", str) or fields.get("callerIp", str),
        "flow_control": _flow_control(fields),
        "retry_delay_expression": fields.get("retryDelayExpression", str),
        "label": fields.get("label", str),
        "labels": tuple(fields.get("labels", list) or ()),
    }


def _flow_control(fields: "Fields") -> FlowControlProperties | None:
    key = fields.get("flowControlKey", str)
    if not key:
        return None
    limits = {name: fields.get(name, int) for name in ("parallelism", "rate", "period")}
    return FlowControlProperties(key=key, **limits)


class Fields:
    """The fields of one JSON object of an answer, by QStash's names."""

    def __init__(self, answer: Any) -> None:
        if not is_object(answer):
            kind = "is empty" if answer is None else f"has a {type(answer).__name__} where an object was expected"
            raise TransportError(f"QStash's answer {kind}")
        self._fields = answer

    def get(self, name: str, kind: type) -> Any:
        """None for a field that is absent or of another type."""
        value = self._fields.get(name)
        return value if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) else None

    def need(self, name: str, kind: type) -> Any:
        """TransportError that names the field when it is absent: a proxy may have answered instead of QStash."""
        value = self.get(name, kind)
        if value is None:
            raise TransportError(f"QStash's answer has no {name}")
        return value
