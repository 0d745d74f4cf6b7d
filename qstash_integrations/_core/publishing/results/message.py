"""A message that QStash still holds, and what schedules and dead letters have in common with it.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/get-a-message
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .fields import Fields, Headers


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


def read_message(answer: Any) -> Message:
    return Message(**message_fields(Fields(answer)))


def message_fields(fields: Fields) -> dict[str, Any]:
    """What messages and dead letters have in common."""
    return {
        "message_id": fields.need("messageId", str),
        "max_retries": fields.need("maxRetries", int),
        "not_before": fields.need("notBefore", int),
        "url": fields.need("url", str),
        "url_group": fields.get("topicName", str),
        "endpoint": fields.get("endpointName", str),
        "schedule_id": fields.get("scheduleId", str),
        **common_fields(fields),
    }


def common_fields(fields: Fields) -> dict[str, Any]:
    """What messages, dead letters and schedules have in common."""
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
        "flow_control": read_flow_control(fields),
        "retry_delay_expression": fields.get("retryDelayExpression", str),
        "label": fields.get("label", str),
        "labels": tuple(fields.get("labels", list) or ()),
    }


def read_flow_control(fields: Fields) -> FlowControlProperties | None:
    key = fields.get("flowControlKey", str)
    if not key:
        return None
    limits = {name: fields.get(name, int) for name in ("parallelism", "rate", "period")}
    return FlowControlProperties(key=key, **limits)
