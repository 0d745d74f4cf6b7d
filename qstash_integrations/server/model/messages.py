"""A message on its way: published, accepted, attempted, over."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .options import Header, Options
from .workflows import CallType

State: TypeAlias = Literal["queued", "waiting", "held", "active", "done"]
"""queued: behind others of its queue; waiting: until ``due_at``; held: by flow control, or until its destination
has a slot; active: being delivered."""

Ending: TypeAlias = Literal["DELIVERED", "FAILED", "CANCELED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A publish call as it came in, nothing of it checked."""

    destination: str
    headers: tuple[Header, ...] = ()  # query parameters first, so that a header of the same name wins
    body: bytes = b""
    queue: str | None = None
    caller_ip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    message_id: str
    url: str
    deduplicated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    each: tuple[Receipt, ...]
    grouped: bool  # sent to a URL group: one receipt per endpoint
    schedule_id: str | None = None  # made instead of a message, of which there is then none
    deduplicated: bool = False  # the schedule was made by an earlier call


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that was checked and is about to be stored."""

    id: str
    url: str
    body: bytes
    options: Options
    created_at: float
    due_at: float
    queue: str | None = None
    topic: str | None = None
    endpoint: str | None = None
    schedule_id: str | None = None
    caller_ip: str = ""
    source: int | None = None  # seq of the message that this one is a callback of
    run: int | None = None  # seq of the workflow run that it belongs to
    call_type: CallType | None = None
    entry: int | None = None  # its place in the run's list, which has its body
    step: int | None = None  # of a call: the step that waits for its result


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    seq: int  # order of acceptance
    id: str
    state: State
    url: str
    body: bytes = field(repr=False)
    options: Options = field(repr=False)
    created_at: float
    not_before_at: float
    due_at: float
    retried: int  # retries before the next attempt
    queue: str | None
    flow_key: str | None
    topic: str | None
    endpoint: str | None
    schedule_id: str | None
    caller_ip: str
    source: int | None
    cancel_requested: bool
    finished_at: float | None
    ended: Ending | None
    unread: int = 0  # bytes of its body where that is too large to be held, and was left in the store
    run: int | None = None  # seq of the workflow run that it belongs to
    call_type: CallType | None = None
    entry: int | None = None  # its place in the run's list, which has its body
    step: int | None = None  # of a call: the step that waits for its result
    run_id: str | None = None
    step_name: str = ""  # as the run's list has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt."""

    status: int  # 0: no answer arrived
    headers: tuple[Header, ...] = ()
    body: bytes = field(default=b"", repr=False)
    error: str = ""  # why there was no answer, or why the one that came does not count

    @property
    def delivered(self) -> bool:
        return self.answered_well and not self.error

    @property
    def answered_well(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a message's history."""

    seq: int
    at: float
    state: str
    message: Message
    error: str | None
    next_at: float | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    id: str
    seq: int
    at: float
    message: Message
    outcome: Outcome
