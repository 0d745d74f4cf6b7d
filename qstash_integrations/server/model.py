"""The values that engine, store, delivery and rules share. Imports nothing of the server.

Instants are Unix seconds and end in ``_at``; spans are seconds unless the comment says otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from .._core.errors import QStashError
from .._core.publishing.options import OPTIONS

T = TypeVar("T")

Header: TypeAlias = tuple[str, str]

READABLE_FOR = 60
"""Seconds for which a finished message is shown, however full the store is."""

State: TypeAlias = Literal["queued", "waiting", "held", "active", "done"]
"""queued: behind others of its queue; waiting: until ``due_at``; held: by flow control; active: being delivered."""

Ending: TypeAlias = Literal["DELIVERED", "FAILED", "CANCELED"]

Flaw: TypeAlias = Literal["missing", "malformed", "wrong_key", "issuer", "expired", "url_mismatch", "body_mismatch"]
"""What is wrong with a signature, named as a Receiver's reasons for refusing it are."""


class Refused(Exception):
    """A call that the server does not accept: an HTTP status from 400 on and the text of its ``error``."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    def __str__(self) -> str:
        return self.text


class StorageFull(Refused):
    """Nothing of a call was stored: the disk is full, or the database as large as it may be. Its status is 507."""


class StartupError(QStashError):
    """The local server cannot start: one line that names the port or the file, and what to do."""


def milliseconds(instant: float) -> int:
    """An instant as the API and the ids spell it."""
    return round(instant * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one server takes on. Bytes count bodies; what the server makes itself, callbacks, is never refused."""

    body: int = 1024 * 1024
    batch: int = 10_000  # messages out of one call, URL groups unfolded
    unfinished: int = 1_000_000
    unfinished_bytes: int = 1024 * 1024 * 1024
    parallelism: int = 100  # requests in flight, all together
    rate: int | None = None  # deliveries started in a second, all together; None: as many as there are
    # To one host and port, for messages that have no flow control of their own.
    destination_parallelism: int | None = None
    destination_rate: int | None = None  # deliveries started in a second
    queue_parallelism: int = 1000
    queues: int = 10_000
    schedules: int = 1000
    url_groups: int = 1000
    endpoints: int = 100  # of one URL group


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is over stays, and how much of it: whichever limit is reached first.

    ValueError for less than ``READABLE_FOR`` seconds, for which clients may still ask what became of a message.
    """

    messages: float = 3 * 86_400  # seconds; a finished message and its events
    message_count: int = 100_000
    message_bytes: int = 256 * 1024 * 1024
    dead_letters: float = 7 * 86_400  # seconds
    dead_letter_count: int = 50_000

    def __post_init__(self) -> None:
        for name in ("messages", "dead_letters"):
            if not getattr(self, name) >= READABLE_FOR:
                raise ValueError(
                    f"Retention.{name} must be at least {READABLE_FOR} seconds, not {getattr(self, name)!r}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControl:
    key: str
    parallelism: int | None = None  # requests in flight; None: unlimited
    rate: int | None = None  # deliveries started in a period; None: unlimited
    period: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    url: str
    method: str = OPTIONS["method"].default
    headers: tuple[Header, ...] = ()
    retries: int | None = None  # None: as many as the message itself
    retry_delay: str | None = None
    timeout: int | None = None
    flow_control: FlowControl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is shown as a hash in every answer; deliveries always carry the original."""

    body: bool = False
    all_headers: bool = False
    headers: tuple[str, ...] = ()  # canonical names


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a publisher may ask for, read from the ``Upstash-*`` headers: what this server acts upon by its name."""

    method: str = OPTIONS["method"].default
    headers: tuple[Header, ...] = ()  # to forward, canonical names, Content-Type included
    retries: int = int(OPTIONS["retries"].default)
    retry_delay: str | None = None  # expression, milliseconds
    timeout: int | None = None
    delay: int = 0
    not_before_at: int | None = None
    deduplication_id: str | None = None
    content_based_deduplication: bool = False
    callback: CallbackOptions | None = None
    failure_callback: CallbackOptions | None = None
    flow_control: FlowControl | None = None
    labels: tuple[str, ...] = ()
    redaction: Redaction | None = None
    queue: str | None = None
    others: tuple[tuple[str, Any], ...] = ()  # options that are kept and shown, no more, by the client's names
    hops: int = 0  # deliveries by a local server that led to its publication, one through the other
    flaw: Flaw | None = None  # sign it wrong; asked for by the dashboard's API only


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
class Published:
    receipts: tuple[Receipt, ...]
    grouped: bool  # sent to a URL group: one receipt per endpoint


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt."""

    status: int  # 0: no answer arrived
    headers: tuple[Header, ...] = ()
    body: bytes = field(default=b"", repr=False)
    error: str = ""  # why there was no answer

    @property
    def delivered(self) -> bool:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    name: str
    parallelism: int
    paused: bool
    created_at: float
    updated_at: float
    lag: int  # messages not yet finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    url: str  # empty where an endpoint is meant by its name
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlGroup:
    name: str
    endpoints: tuple[Endpoint, ...]
    headers: tuple[Header, ...]  # defaults for every publish to the group
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    id: str
    destination: str
    cron: str
    body: bytes = field(repr=False)
    options: Options = field(repr=False)
    caller_ip: str
    created_at: float
    headers: tuple[Header, ...] = field(default=(), repr=False)  # as they came, for a URL group's defaults
    paused: bool = False
    next_at: float | None = None
    last_at: float | None = None
    last_message_ids: tuple[str, ...] = ()
    error: str | None = None  # why the last tick could not publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What flow control knows of a key."""

    key: str
    parallelism: int | None
    rate: int | None
    period: int
    paused: bool = False
    pinned_parallelism: bool = False
    pinned_rate: bool = False
    active: int = 0
    rate_count: int = 0
    period_start_at: float = 0.0
    wake_at: float | None = None  # when held messages may start; None: when an active one ends
    held: int = 0  # waiting for it; counted only where a key is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    current: str = field(repr=False)
    next: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Values of one field are alternatives; different fields must all hold. Empty means: not asked for."""

    message_ids: Sequence[str] = ()
    dlq_ids: Sequence[str] = ()
    states: Sequence[str] = ()
    urls: Sequence[str] = ()
    hosts: Sequence[str] = ()
    paths: Sequence[str] = ()
    topics: Sequence[str] = ()
    schedules: Sequence[str] = ()
    queues: Sequence[str] = ()
    labels: Sequence[str] = ()
    flow_keys: Sequence[str] = ()
    caller_ips: Sequence[str] = ()
    statuses: Sequence[int] = ()
    from_at: float | None = None  # inclusive
    to_at: float | None = None  # inclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a person looks for in the list of messages. Empty means: not asked for."""

    exact: Filter = field(default_factory=Filter)
    states: Sequence[str] = ()  # as in ``Listed``
    url: str = ""  # a part of it, in any case
    text: str = ""  # a part of the id, the destination, a name, a label or the body, in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message in a list: all but its bodies."""

    seq: int
    id: str
    state: str  # a State, or "retrying", and for a finished one its Ending in lower case
    url: str
    options: Options = field(repr=False)
    created_at: float
    due_at: float
    queue: str | None
    topic: str | None
    schedule_id: str | None
    is_callback: bool
    attempts: int
    status: int | None  # of the last attempt, 0: no answer arrived
    finished_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    now: float
    position: int  # grows with every event of every message
    unfinished: int
    finished: int
    dead_letters: int
    active: int
    parallelism: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """How the attempts ended that were over in one second."""

    at: int  # Unix seconds
    delivered: int
    retried: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    cursor: str | None  # where the next page starts; None: this was the last one
