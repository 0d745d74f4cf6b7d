"""What a task may be told about its calls: the publish options, and how it fails.

An option may be computed from the arguments of each call, by a function that is given them by name, defaults among
them. ``method`` and ``content_type`` are no options of a task: its route and its body decide them.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, cast

from .._core.durations import Duration, parse_duration
from .._core.names import check_names
from .._core.publishing.inputs import check_name
from .._core.publishing.message_options import CallbackOptions, FlowControl, Instant, Redact
from .._core.publishing.options import OPTIONS
from .._core.publishing.wire import headers_of

if TYPE_CHECKING:
    from .task import Task

T = TypeVar("T")
Computed: TypeAlias = T | Callable[[Mapping[str, Any]], T | None] | None
"""A value, or a function that makes one of a call's arguments. None counts as not given."""
DEFAULT_RETRIES = int(OPTIONS["retries"].default)
# Beyond it QStash takes its own backoff.
_LONGEST_DELAY = 86_400
CALLBACKS = ("callback", "failure_callback")


class CallOptions(TypedDict, total=False):
    """How a call is delivered: the options of ``publish`` under their names. Each may be computed.

    None takes back what was given before. A function gets the call's arguments by name.
    """

    headers: Computed[Mapping[str, str]]
    """Forwarded with the call."""
    queue: Computed[str]
    """First in, first out; it is made when there is none of this name."""
    delay: Computed[Duration]
    """From acceptance to the first attempt; the plan sets the limit."""
    not_before: Computed[Instant]
    """When the first attempt may be made; wins over ``delay``."""
    retries: Computed[int]
    """Further attempts after a failed one; three by default, the plan sets the limit."""
    retry_delay: Computed[str | int]
    """Milliseconds between attempts, as a number or an expression over ``retried``; ``backoff`` wins over it."""
    timeout: Computed[Duration]
    """For each attempt, one second at least. An ``async`` task is cancelled then; a plain one cannot be."""
    callback: "Computed[str | CallbackOptions | Task[..., Any]]"
    """URL, or a task with a ``Callback`` parameter, that is told of every attempt."""
    failure_callback: "Computed[str | CallbackOptions | Task[..., Any]]"
    """The same when the last attempt has failed."""
    callback_headers: Computed[Mapping[str, str]]
    failure_callback_headers: Computed[Mapping[str, str]]
    flow_control: Computed[FlowControl]
    """Such as a lane for each tenant: ``lambda call: {"key": f"smtp-{call['org']}", "parallelism": 1}``."""
    deduplication_id: Computed[str]
    """A second call with this id within ten minutes is accepted and not delivered. No colon."""
    content_based_deduplication: Computed[bool]
    """The same with an id made of the task, its arguments and the headers."""
    label: Computed[str | Sequence[str]]
    """Beside the task's name, which is a label of each of its calls."""
    redact: Computed[Redact]


class DecoratorOptions(CallOptions, total=False):
    """What ``@task`` takes beside ``name`` and ``also_known_as``: how calls are delivered, and how they fail."""

    backoff: Sequence[Duration] | None
    """Delays before each further attempt after an exception, a day at most; their number is that of the retries. Where
    there was no answer, as of a process that was killed, QStash waits by ``retry_delay`` or as it does by default."""
    gives_up_on: type[BaseException] | Sequence[type[BaseException]] | None
    """Exceptions after which trying again is of no use: answered 489, with their text."""


class Failing:
    """What becomes of an exception."""

    __slots__ = ("backoff", "gives_up_on")

    def __init__(self, backoff: object = None, gives_up_on: object = None) -> None:
        self.backoff: tuple[int, ...] = () if backoff is None else _delays(backoff)
        """Seconds."""
        self.gives_up_on: tuple[type[Exception], ...] = () if gives_up_on is None else _exceptions(gives_up_on)

    def delay_after(self, attempt: int) -> int | None:
        """Seconds before the attempt behind this one, which counts from 1; None leaves it to QStash."""
        return self.backoff[min(attempt, len(self.backoff)) - 1] if self.backoff else None


def check_options(options: Mapping[str, Any], known: type[Any] = CallOptions) -> dict[str, Any]:
    """Those that were given. TypeError or ValueError names the option that is unknown or has no such value."""
    check_names(options, known.__annotations__)
    given = {name: value for name, value in options.items() if value is not None}
    _check_values({name: value for name, value in given.items() if not callable(value)})
    return given


def computed(options: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With values in the place of functions."""
    values = {
        name: value(arguments) if callable(value) and not is_task(value) else value for name, value in options.items()
    }
    given = {name: value for name, value in values.items() if value is not None}
    _check_values({name: value for name, value in given.items() if not is_task(value)})
    return given


def is_task(value: object) -> bool:
    """A task is callable as well, and no function that computes."""
    from .task import Task

    return isinstance(value, Task)


def content_id(name: str, body: bytes, headers: Mapping[str, str]) -> str:
    """What ``content_based_deduplication`` goes by: to QStash each call has a URL of its own."""
    digest = hashlib.sha256()
    for part in (name.encode(), body, *(f"{key.lower()}={value}".encode() for key, value in sorted(headers.items()))):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _check_values(values: Mapping[str, Any]) -> None:
    headers_of(values)
    if "queue" in values:
        check_name(values["queue"], "queue")


def _delays(backoff: object) -> tuple[int, ...]:
    if not isinstance(backoff, list | tuple) or not backoff:
        raise TypeError(f"backoff must be a list of delays, such as [10, 60, '5m'], not {backoff!r}")
    delays = [int(parse_duration(delay, "backoff").total_seconds()) for delay in cast("Sequence[Duration]", backoff)]
    if max(delays) > _LONGEST_DELAY:
        raise ValueError("backoff has a delay of more than a day, which QStash would ignore")
    return tuple(delays)


def _exceptions(kinds: object) -> tuple[type[Exception], ...]:
    several = cast("Sequence[object]", kinds if isinstance(kinds, list | tuple) else (kinds,))
    for kind in several:
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            raise TypeError(f"gives_up_on must be exception classes, not {kind!r}")
    return cast("tuple[type[Exception], ...]", tuple(several))
