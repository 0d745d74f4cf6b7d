"""The options of a task and of the backend, checked where they are written.

A task's options are those of publishing but for what the backend sees to itself: where the message goes, its id, when
it is due (Django's ``run_after``), its queue (Django's ``queue_name``) and its failure callback.

Spec: https://docs.djangoproject.com/en/stable/ref/settings/#tasks
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypedDict, TypeVar, cast

from ..._core.durations import Duration, parse_duration
from ..._core.names import check_names
from ..._core.publishing.inputs import check_name, check_url
from ..._core.publishing.message_options import FlowControl, Redact
from ..._core.publishing.operations.message import publish
from .api import InvalidTaskBackend

T = TypeVar("T")

RETRIES = 3  # as QStash's own
TIMEOUT = timedelta(minutes=5)
GRACE = timedelta(seconds=10)
LONGEST_DELAY = timedelta(days=366)
ON_FUNCTION = "qstash_options"
_MODES = ("on_commit", "now", "outbox")
_PLACES = ("message", "database")


class TaskOptions(TypedDict, total=False):
    """The options of a task. None counts as not given."""

    retries: int | None
    """Runs after a failed one; three by default, the plan sets the limit."""
    retry_delay: str | int | None
    """Milliseconds between runs, as a number or an expression over ``retried``: ``"pow(2, retried) * 1000"``."""
    timeout: Duration | None
    """For one run; five minutes by default. QStash stops waiting then, and the task may run again."""
    flow_control: FlowControl | None
    label: str | Sequence[str] | None
    """Labels to find the message by, in logs and filters; no commas in them."""
    delay: Duration | None
    """From publishing to the first run; ``run_after`` wins."""
    headers: Mapping[str, str] | None
    """Forwarded to the task's URL; for a proxy in front of it."""
    callback: str | None
    """URL that is told of every attempt."""
    callback_headers: Mapping[str, str] | None
    redact: Redact | None


class _AllOptions(TaskOptions, total=False):
    ENQUEUE: str
    ARGUMENTS: str
    RESULTS: bool
    QUEUES: Mapping[str, str | None]
    URL: str
    MAX_DELAY: Duration
    GRACE: Duration
    INBOX: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """``OPTIONS`` of the setting TASKS."""

    enqueue: str = "on_commit"
    """Whether a message waits for the commit of the transaction that its row is written in, and in an outbox."""
    arguments_in_message: bool = True
    results: bool = True
    """Whether there are rows."""
    queues: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """QStash's queue by Django's queue name; None is none."""
    url: str | None = None
    """Where the URLs of this package are included, if tasks are for another service than the one that enqueues."""
    max_delay: timedelta = LONGEST_DELAY
    grace: timedelta = GRACE
    """After the timeout: until then a run may still end, by the clock of another machine too."""
    inbox: bool = False
    """Whether a task runs in a transaction, and commits with its mark and its row."""
    of_tasks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """For tasks that do not say otherwise."""

    @classmethod
    def read(cls, given: Any, alias: str) -> "BackendOptions":
        """InvalidTaskBackend names the backend and the option that is unknown or wrong."""
        try:
            return cls._read(given)
        except (TypeError, ValueError) as error:
            raise InvalidTaskBackend(f"OPTIONS of the task backend {alias!r}: {error}") from None

    @classmethod
    def _read(cls, given: Any) -> "BackendOptions":
        if not isinstance(given, Mapping):
            raise TypeError(f"they must be a dict, not {type(given).__name__}")
        options = dict(cast("Mapping[str, Any]", given))
        check_names(options, _AllOptions.__annotations__, "option")
        of_tasks = {name: options.pop(name) for name in [*options] if name in TaskOptions.__annotations__}
        return cls(
            enqueue=_one_of(options.pop("ENQUEUE", "on_commit"), _MODES, "ENQUEUE"),
            arguments_in_message=_one_of(options.pop("ARGUMENTS", "message"), _PLACES, "ARGUMENTS") == "message",
            results=_one_of(options.pop("RESULTS", True), (True, False), "RESULTS"),
            queues=_queues(options.pop("QUEUES", {})),
            url=_url(options.pop("URL", None)),
            max_delay=parse_duration(options.pop("MAX_DELAY", LONGEST_DELAY), "MAX_DELAY"),
            grace=parse_duration(options.pop("GRACE", GRACE), "GRACE"),
            inbox=_one_of(options.pop("INBOX", False), (True, False), "INBOX"),
            of_tasks=checked(of_tasks),
        )._consistent()

    def _consistent(self) -> "BackendOptions":
        if not self.results and not self.arguments_in_message:
            raise ValueError('ARGUMENTS "database" needs the table that RESULTS False does without')
        return self


def qstash_options(**options: Any) -> Callable[[T], T]:
    """Options of a task, written on its function, above or below ``@task``, where other backends may run it as well.

    What the task itself says, by ``@task(retries=5)`` or ``using(retries=5)``, wins. TypeError for an unknown option.
    """
    found = checked(options)

    def decorate(decorated: T) -> T:
        setattr(getattr(decorated, "func", decorated), ON_FUNCTION, found)
        return decorated

    return decorate


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given; TypeError or ValueError names the one that is unknown or wrong."""
    check_names(options, TaskOptions.__annotations__)
    given = {name: value for name, value in options.items() if value is not None}
    publish({"url": "https://example.com", **given}, None)
    if "timeout" in given and parse_duration(given["timeout"], "timeout") < timedelta(seconds=1):
        raise ValueError("timeout must be one second at least")
    return given


def _one_of(value: Any, choices: tuple[Any, ...], name: str) -> Any:
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}")
    return value


def _queues(value: Any) -> dict[str, str | None]:
    if not isinstance(value, Mapping):
        raise TypeError(f"QUEUES must be a dict of queue names, not {type(value).__name__}")
    queues = cast("Mapping[str, Any]", value)
    return {name: None if queue is None else check_name(queue, "a queue in QUEUES") for name, queue in queues.items()}


def _url(value: Any) -> str | None:
    return None if value is None else check_url(value, "URL").rstrip("/")
