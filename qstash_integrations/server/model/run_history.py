"""A Workflow run as its log shows it: what was sent for it, and the groups of steps that this comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .messages import Message, Outcome
from .options import Header, Redaction

StepState: TypeAlias = Literal["STEP_PROGRESS", "STEP_SUCCESS", "STEP_RETRY", "STEP_FAILED", "STEP_CANCELED"]
GroupType: TypeAlias = Literal["sequential", "parallel", "next"]
CallbackState: TypeAlias = Literal["CALLBACK_INPROGRESS", "CALLBACK_SUCCESS", "CALLBACK_FAIL", "CALLBACK_CANCELED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One attempt that failed."""

    at: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message of a run with what came of it so far."""

    message: Message
    call_type: str  # step, toCallback, fromCallback or failureCall
    failures: tuple[Failure, ...] = ()  # the oldest first
    answer: Outcome | None = None  # the last one, where it succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry of a run's list."""

    message_id: str
    body: bytes = field(repr=False)
    created_at: float
    call_type: str = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A step that waits for an event."""

    step: Mapping[str, Any]
    created_at: float
    deadline_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked:
    """A run that a step of another one started."""

    step: Mapping[str, Any]
    run_id: str
    url: str
    created_at: float
    payload: bytes = field(repr=False)
    headers: tuple[Header, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``facts`` is the step's own JSON, with a result's ``out``; ``sent`` its last message, of which ``call`` is one
    to a third party.
    """

    id: int  # 0: how the run began
    state: StepState
    facts: Mapping[str, Any]
    created_at: float
    message_id: str
    payload: bytes | None = field(default=None, repr=False)  # of the run, at its beginning only
    sent: Sent | None = None
    call: Sent | None = None
    waiting: Waiting | None = None
    invoked: Invoked | None = None
    failures: tuple[Failure, ...] = ()

    @property
    def concurrent(self) -> int:
        """How many steps there are in its group."""
        number = self.facts.get("concurrent")
        return number if isinstance(number, int) and number > 1 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    type: GroupType
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCall:
    """The message that told of a run's failure, and of what failed."""

    sent: Sent
    failed: Outcome
    dlq_id: str | None

    @property
    def state(self) -> CallbackState:
        match self.sent.message.ended:
            case "DELIVERED":
                return "CALLBACK_SUCCESS"
            case "FAILED":
                return "CALLBACK_FAIL"
            case "CANCELED":
                return "CALLBACK_CANCELED"
            case None:
                return "CALLBACK_INPROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoker:
    run_id: str
    url: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """A run with its steps."""

    id: str
    url: str
    state: str
    created_at: float
    ended_at: float | None
    groups: tuple[Group, ...]
    response: bytes | None = field(default=None, repr=False)
    redaction: Redaction | None = None
    labels: tuple[str, ...] = ()
    flow_key: str | None = None
    caller_ip: str = ""
    invoker: Invoker | None = None
    dlq_id: str | None = None
    failure_call: FailureCall | None = None
