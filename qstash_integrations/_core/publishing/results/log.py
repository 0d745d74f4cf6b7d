"""Log entries: each change in the state of a message.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .fields import Headers
from .message import FlowControlProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What happened to a message at one moment. Bodies and headers do not show in its repr."""

    time: int
    """Unix milliseconds."""
    message_id: str
    # The documentation spells it with two L, the service with one.
    state: str = field(metadata={"instead": {"CANCELLED": "CANCELED"}})
    """One of ``LogState``, or what QStash has learnt to say since."""
    url: str
    error: str | None = None
    """Why an attempt failed."""
    next_delivery_time: int | None = None
    """Of the next attempt, in Unix milliseconds; None when there is none."""
    url_group: str | None = None
    endpoint: str | None = None
    queue: str | None = None
    schedule_id: str | None = None
    caller_ip: str | None = None
    method: str | None = None
    max_retries: int | None = None
    timeout: int | None = None
    """Milliseconds."""
    body_base64: str | None = field(default=None, repr=False, metadata={"name": "body"})
    """What was published, in Base64; cut by ``trim_body``."""
    headers: Headers | None = field(default=None, repr=False)
    callback: str | None = None
    callback_headers: Headers | None = field(default=None, repr=False)
    failure_callback: str | None = None
    failure_callback_headers: Headers | None = field(default=None, repr=False)
    response_status: int | None = None
    """Of the attempt that the entry is of; None of others."""
    response_headers: Headers | None = field(default=None, repr=False)
    response_body: str | None = field(default=None, repr=False)
    """Base64."""
    retry_delay_expression: str | None = None
    flow_control: FlowControlProperties | None = None
    label: str | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLogsResponse:
    """One page of log entries; ``cursor=page.cursor`` asks for the next one."""

    logs: Sequence[Log] = field(metadata={"name": "events"})
    cursor: str | None = field(default=None, metadata={"instead": {"": None}})
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLogs:
    """What happened to one message, as far as the filter lets it through."""

    message_id: str
    logs: Sequence[Log] = field(metadata={"name": "events"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGroupedLogsResponse:
    """One page of messages, each with its log entries; ``cursor=page.cursor`` asks for the next one."""

    messages: Sequence[MessageLogs]
    cursor: str | None = field(default=None, metadata={"instead": {"": None}})
    """Where the next page begins; None on the last one."""
