"""What lists are asked for, and what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .options import Options
from .workflows import Run

T = TypeVar("T")


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
    of_runs: bool | None = None  # messages of Workflow runs only, or for False none of those
    run_ids: Sequence[str] = ()
    run_urls: Sequence[str] = ()
    runs_created_at: Sequence[float] = ()
    failure_states: Sequence[str] = ()  # what became of the call that tells of a run's failure
    from_at: float | None = None  # inclusive
    to_at: float | None = None  # inclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a person looks for in the list of messages. Empty means: not asked for."""

    exact: Filter = field(default_factory=Filter)
    states: Sequence[str] = ()  # as in ``Listed``
    url: str = ""  # a part of it, in any case
    text: str = ""  # a part of what the page of a message shows, in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message in a list: of its bodies only the beginning of one."""

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
    source_id: str | None  # of the message that it is a callback of, while that is kept
    attempts: int
    retried: int  # retries before the next attempt, or those that were made
    status: int | None  # of the last attempt, 0: no answer arrived
    finished_at: float | None
    dlq_id: str | None  # of its dead letter; one of a workflow run is found with the run
    size: int = 0  # of the body
    beginning: bytes = field(default=b"", repr=False)  # of the body; of a redacted one there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What else there is of a message."""

    dlq_id: str | None  # of its dead letter; one of a workflow run is found with the run
    source_id: str | None  # as in ``Listed``
    run: Run | None  # the workflow run that it belongs to
    callbacks: tuple[Listed, ...]
    failure_callbacks: tuple[Listed, ...]  # those of its callbacks, too


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
