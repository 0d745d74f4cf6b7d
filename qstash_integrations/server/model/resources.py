"""What messages pass through or come from: queues, URL groups, schedules, flow-control keys, signing keys."""

from dataclasses import dataclass, field

from .options import Header, Options


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
