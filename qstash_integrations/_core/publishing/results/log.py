"""Log entries: each change in the state of a message.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .fields import Fields, Headers, read_list
from .message import FlowControlProperties, read_flow_control


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What happened to a message at one moment."""

    time: int
    """Unix milliseconds."""
    message_id: str
    state: str
    """One of ``LogState``, or what QStash has learnt to say since."""
    url: str
    error: str | None = None
    next_delivery_time: int | None = None
    """Unix milliseconds."""
    url_group: str | None = None
    endpoint: str | None = None
    queue: str | None = None
    schedule_id: str | None = None
    caller_ip: str | None = None
    method: str | None = None
    max_retries: int | None = None
    timeout: int | None = None
    """Milliseconds."""
    body_base64: str | None = field(default=None, repr=False)
    headers: Headers | None = field(default=None, repr=False)
    callback: str | None = None
    callback_headers: Headers | None = field(default=None, repr=False)
    failure_callback: str | None = None
    failure_callback_headers: Headers | None = field(default=None, repr=False)
    response_status: int | None = None
    response_headers: Headers | None = field(default=None, repr=False)
    response_body: str | None = field(default=None, repr=False)
    """Base64."""
    retry_delay_expression: str | None = None
    flow_control: FlowControlProperties | None = None
    label: str | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLogsResponse:
    """One page of log entries."""

    logs: Sequence[Log]
    cursor: str | None = None
    """Where the next page begins; None on the last one."""


def read_log_page(answer: Any) -> ListLogsResponse:
    fields = Fields(answer)
    return ListLogsResponse(
        logs=tuple(read_list(fields.need("events", list), _read_log, "events")),
        cursor=fields.get("cursor", str) or None,
    )


def _read_log(answer: Any) -> Log:
    fields = Fields(answer)
    state: str = fields.need("state", str)
    return Log(
        time=fields.need("time", int),
        message_id=fields.need("messageId", str),
        # The documentation spells it with two L, the service with one.
        state="CANCELED" if state == "CANCELLED" else state,
        url=fields.need("url", str),
        error=fields.get("error", str),
        next_delivery_time=fields.get("nextDeliveryTime", int),
        url_group=fields.get("topicName", str),
        endpoint=fields.get("endpointName", str),
        queue=fields.get("queueName", str),
        schedule_id=fields.get("scheduleId", str),
        caller_ip=fields.get("callerIP", str) or fields.get("callerIp", str),
        method=fields.get("method", str),
        max_retries=fields.get("maxRetries", int),
        timeout=fields.get("timeout", int),
        body_base64=fields.get("body", str),
        headers=fields.get("header", dict),
        callback=fields.get("callback", str),
        callback_headers=fields.get("callbackHeaders", dict),
        failure_callback=fields.get("failureCallback", str),
        failure_callback_headers=fields.get("failureCallbackHeaders", dict),
        response_status=fields.get("responseStatus", int),
        response_headers=fields.get("responseHeaders", dict) or fields.get("responseHeader", dict),
        response_body=fields.get("responseBody", str),
        retry_delay_expression=fields.get("retryDelayExpression", str) or fields.get("retryDelayExpr", str),
        flow_control=read_flow_control(fields),
        label=fields.get("label", str),
        labels=tuple(fields.get("labels", list) or ()),
    )
