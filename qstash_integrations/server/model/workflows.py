"""A workflow run: the list of messages that it consists of, what it keeps for them, and what it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .options import Header, Options

RunState: TypeAlias = Literal["RUN_STARTED", "RUN_SUCCESS", "RUN_FAILED", "RUN_CANCELED"]

CallType: TypeAlias = Literal["step", "toCallback", "fromCallback", "failureCall"]
"""To the workflow: what a step came to, a call's result, its failure. toCallback: the call itself, to somebody else."""

FailureState: TypeAlias = Literal["CALLBACK_INPROGRESS", "CALLBACK_SUCCESS", "CALLBACK_FAIL", "CALLBACK_CANCELED"]

KEEPS = "WF_TriggerOnConfig"
INITIAL_BODY = "InitialBody"
DETECTS = "WF_DetectTrigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the server reads of a step's JSON; the rest is between the SDK and itself."""

    id: int | None = None  # None: the initial payload, or no step at all; 0: a plan
    target: int | None = None  # of a plan: the step that its delivery executes
    name: str = ""
    type: str = ""
    concurrent: int = 1
    sleep_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message in the list of a run, in the order in which they were accepted."""

    position: int  # 0: the initial payload
    message_id: str
    call_type: CallType
    step: Step
    body: bytes = field(repr=False)
    created_at: float
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the initial message brought for the run as a whole."""

    options: Options = field(default_factory=Options, repr=False)  # headers: the user's own, no Content-Type
    features: tuple[str, ...] = ()

    @property
    def keeps(self) -> bool:
        """Whether the options count for later messages that do not bring their own."""
        return KEEPS in self.features

    @property
    def detects(self) -> bool:
        """Whether what answers without being a Workflow SDK fails the run."""
        return DETECTS in self.features


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoker:
    """The run that waits for another one's end, and its step that does."""

    run_id: str
    created_at: float
    url: str
    headers: tuple[Header, ...] = field(default=(), repr=False)  # as for a publish, prefixes and all
    step: str = ""  # JSON, as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCall:
    """What became of the call that tells of a failure."""

    message_id: str
    url: str
    state: FailureState = "CALLBACK_INPROGRESS"
    status: int | None = None  # of its last answer
    headers: tuple[Header, ...] = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Its id may come again once it is over: id and ``created_at`` together are its identity."""

    seq: int
    id: str
    created_at: float
    url: str  # of the workflow
    state: RunState
    ended_at: float | None
    settings: RunSettings = field(repr=False)
    caller_ip: str
    labels: tuple[str, ...]
    flow_key: str | None
    response: bytes | None = field(repr=False)  # what the workflow returned, as it came
    invoker: Invoker | None
    dlq_id: str | None
    failure: FailureCall | None

    @property
    def active(self) -> bool:
        return self.state == "RUN_STARTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """A run that somebody without an SDK has asked for."""

    run: Run
    deduplicated: bool  # it was active already


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """As ``Filter``: values of one field are alternatives, different fields must all hold, empty is not asked for."""

    ids: Sequence[str] = ()
    runs: Sequence[str] = ()  # as "<id>@<milliseconds of its creation>"
    urls: Sequence[str] = ()
    url_prefixes: Sequence[str] = ()
    states: Sequence[str] = ()
    labels: Sequence[str] = ()
    flow_keys: Sequence[str] = ()
    caller_ips: Sequence[str] = ()
    message_ids: Sequence[str] = ()
    created_at: Sequence[float] = ()
    from_at: float | None = None  # inclusive, both of when it was created
    to_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a step wants to wait for, as it came in."""

    run_id: str
    event_id: str
    step_id: int
    url: str
    timeout: str  # as it came
    seconds: float  # what that means
    headers: tuple[Header, ...] = field(default=(), repr=False)  # as for a publish, prefixes and all
    step: str = ""  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A step of a run that waits for an event."""

    run: int  # seq
    step_id: int
    event_id: str
    url: str
    timeout: str  # as it came
    deadline_at: float
    headers: tuple[Header, ...] = field(default=(), repr=False)  # as for a publish, prefixes and all
    step: str = ""  # JSON, as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A waiter that does not wait any more, its run, and the step that this made of it."""

    waiter: Waiter
    run: Run
    message_id: str
    deduplicated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An event that came before anybody waited for it."""

    seq: int
    run: int  # seq
    event_id: str
    body: bytes = field(repr=False)
    at: float
