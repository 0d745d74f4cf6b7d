"""What just happened, for whoever watches the server: without bodies."""

from dataclasses import dataclass, field

from .options import Options
from .workflows import CallType


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
    run_id: str | None = None  # of the workflow run that it belongs to, as what follows
    call_type: CallType | None = None
    step_name: str = ""  # as the run's list has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Of anything else."""

    at: float
    text: str
