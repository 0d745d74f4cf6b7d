"""A schedule and what it last did.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .fields import Headers
from .message import FlowControlProperties


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
