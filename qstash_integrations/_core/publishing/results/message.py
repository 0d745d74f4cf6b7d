"""A message that QStash still holds, and what schedules and dead letters have in common with it.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/get-a-message
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .fields import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlProperties:
    """The limits that a message asked for; None where it named none."""

    key: str = field(metadata={"name": "flowControlKey"})
    parallelism: int | None = None
    """Deliveries in flight at once."""
    rate: int | None = None
    """Deliveries started per ``period``."""
    period: int | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that QStash still holds. Bodies and headers do not show in its repr.

    What it was not published with is None.
    """

    message_id: str
    url: str
    """The destination."""
    method: str
    max_retries: int
    """Attempts after the first one."""
    not_before: int
    """When the first attempt may be made, in Unix milliseconds."""
    created_at: int
    """Unix milliseconds."""
    url_group: str | None = None
    endpoint: str | None = None
    """Its name in the URL group."""
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
    """Address of the publisher."""
    flow_control: FlowControlProperties | None = None
    retry_delay_expression: str | None = None
    """Gives milliseconds."""
    label: str | None = None
    labels: Sequence[str] = ()
