"""A schedule and what it last did.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .fields import Headers
from .message import FlowControlProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule and what it last did. Bodies and headers do not show in its repr."""

    schedule_id: str
    destination: str
    """A URL or the name of a URL group."""
    cron: str
    """Five fields in UTC, or in the zone that ``CRON_TZ=`` in front of them names."""
    created_at: int
    """Unix milliseconds."""
    method: str
    retries: int
    """Attempts after the first one, of each message."""
    paused: bool = False
    """Whether its ticks are skipped until ``resume``."""
    body: str | None = field(default=None, repr=False)
    body_base64: str | None = field(default=None, repr=False)
    """Instead of ``body`` when that is not UTF-8."""
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
