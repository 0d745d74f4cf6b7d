"""A message that QStash still holds, and what schedules and dead letters have in common with it.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/get-a-message
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .fields import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlProperties:
    key: str = field(metadata={"name": "flowControlKey"})
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
