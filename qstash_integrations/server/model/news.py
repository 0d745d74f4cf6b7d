"""What just happened, for whoever watches the server: without bodies."""

from dataclasses import dataclass, field

from .options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Of a message."""

    seq: int
    state: str  # as in the log: CREATED, RETRY, FAILED, CANCELED
    at: float
    next_at: float | None  # when it is due, or is tried again
    id: str
    url: str
    options: Options = field(repr=False)
    caller_ip: str
    queue: str | None
    queue_paused: bool
    flow_key: str | None
    flow_paused: bool
    topic: str | None
    schedule_id: str | None
    callback_of: str | None  # id of the message


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Of anything else."""

    at: float
    text: str
