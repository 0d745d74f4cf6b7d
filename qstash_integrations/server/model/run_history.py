"""A Workflow run as its log shows it: what was sent for it, and the groups of steps that this comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .messages import DeadLetter, Event, Message, Outcome
from .options import Header
from .workflows import FailureState, Run, Step, Waiter

StepState: TypeAlias = Literal["STEP_PROGRESS", "STEP_SUCCESS", "STEP_RETRY", "STEP_FAILED", "STEP_CANCELED"]
GroupType: TypeAlias = Literal["sequential", "parallel", "next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One attempt that failed."""

    at: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message of a run with what came of it so far."""

    message: Message
    failures: tuple[Failure, ...] = ()  # the oldest first
    answer: Outcome | None = None  # the last one, where it succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked:
    """A run that a step of another one started."""

    run: Run
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStep:
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
    waiting: Waiter | None = None
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
    steps: tuple[LoggedStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLog:
    """The message that told of a run's failure, and of what failed."""

    sent: Sent
    failed: Outcome
    dlq_id: str | None

    @property
    def state(self) -> FailureState:
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
class RunLog:
    """A run with its steps."""

    run: Run
    groups: tuple[Group, ...]
    failure_call: FailureLog | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One line of what happened to runs and their messages."""

    seq: int
    at: float
    state: str
    run: Run
    event: Event | None  # None: it happened to the run itself
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRun:
    """The dead letter of a run, with how the run began."""

    letter: DeadLetter
    run: Run
    payload: bytes = field(repr=False)
    headers: tuple[Header, ...] = field(repr=False)
    failure_call: FailureLog | None = None
