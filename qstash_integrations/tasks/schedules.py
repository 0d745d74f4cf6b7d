"""``schedule(...)``: what is to be published again and again, as a value. Sends nothing: ``schedules sync`` does.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from inspect import currentframe, signature
from types import FrameType, MappingProxyType
from typing import Any, Protocol, Unpack, cast, overload, runtime_checkable

from .._core.names import check_names
from .._core.publishing.inputs import Header, check_name
from .._core.publishing.json_body import encode_json
from .._core.publishing.message_options import DeliveryOptions
from .._core.publishing.operations import Operation
from .._core.publishing.operations import schedule as operations
from .._core.publishing.texts import texts
from .calls import Call, Chain, Publishable
from .cron import cron_text
from .options import CallOptions
from .task import Task

# What a task decides by itself.
_OF_DESTINATIONS = ("body", "content_type", "method")


class ScheduleOptions(DeliveryOptions, total=False):
    """What a schedule's messages are published with. None counts as not given."""

    queue: str | None
    """Where they line up."""


@runtime_checkable
class Target(Protocol):
    """What a schedule may publish to besides a destination: the call of a task, or whatever has this method."""

    def planned(self, task_url: Callable[[str], str] | None = None, /) -> Mapping[str, Any]:
        """The keywords of ``schedule.create`` but for ``cron`` and ``schedule_id``.

        Asked when schedules are compared with QStash, not when they are written. ``task_url`` says where a task is
        served; None for where the running app or the environment says.
        """
        ...


_OPTIONS = frozenset((*DeliveryOptions.__annotations__, "queue"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """What ``schedule`` returns. Tell it nothing: change the code, and run ``schedules sync``.

    Spec: https://upstash.com/docs/qstash/features/schedules
    """

    name: str
    """Unique in the app and environment; with these it makes the id that QStash knows."""
    cron: str
    """Five fields, with CRON_TZ=<zone> in front where it has a zone."""
    target: Target | None = None
    """A call, a chain or a task whose arguments all have defaults; None where the options say a destination."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    renamed_from: tuple[str, ...] = ()
    """Names that it had before."""
    place: str = field(default="", repr=False)
    """Where it stands in the code."""

    def planned(self, task_url: Callable[[str], str] | None = None) -> Mapping[str, Any]:
        """What it publishes: that of its target, and its own options before those."""
        return {**(self.target.planned(task_url) if self.target else {}), **self.options}


@overload
def schedule(
    name: str,
    cron: str,
    target: Any,
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    tz: str | tzinfo | None = None,
    renamed_from: str | Sequence[str] = (),
    **options: Unpack[CallOptions],
) -> Schedule: ...
@overload
def schedule(
    name: str,
    cron: str,
    *,
    destination: str,
    tz: str | tzinfo | None = None,
    renamed_from: str | Sequence[str] = (),
    **options: Unpack[ScheduleOptions],
) -> Schedule: ...
def schedule(
    name: str,
    cron: str,
    target: Any = None,
    *,
    destination: str | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    tz: Any = None,
    renamed_from: str | Sequence[str] = (),
    **options: Any,
) -> Schedule:
    """A schedule that stands in the code: ``schedule("daily-report", "0 7 * * *", report.bind(region="eu"))``.

    ``target`` is the call of a task, a chain of them, or a task, also one of Django's, which is called with ``args``
    and ``kwargs``; for anything else there is ``destination``, a URL or the name of a URL group. ``tz`` is the name of
    a time zone, UTC by default. ``renamed_from`` is the name that it had before, or all of those, so that ``sync``
    moves it. The options win over those of the task.

    Nothing is sent. TypeError or ValueError names what is wrong.
    """
    check_name(name, "the name of a schedule")
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    try:
        if (target is None) == (destination is None):
            raise TypeError("give either the call of a task or destination=, a URL or the name of a URL group")
        if target is None:
            _check_plain(given, args, kwargs)
            found, given = None, {"destination": destination, **given}
        else:
            found, given = _target(target, args, kwargs or {}, given)
        made = Schedule(
            name=name,
            cron=cron_text(cron, tz),
            target=found,
            options=MappingProxyType(given),
            renamed_from=_earlier_names(name, renamed_from),
            place=_place(currentframe()),
        )
        # What can be known without an app.
        known = made.planned(_nowhere) if isinstance(found, Publishable | None) else given
        creation({"destination": _nowhere(""), **known, "cron": made.cron})
    except (TypeError, ValueError) as error:
        kind, text = (TypeError if isinstance(error, TypeError) else ValueError), str(error)
    else:
        return made
    # Not while that error is handled: a body may be in it.
    raise kind(f"schedule {name!r}: {text}")


def creation(options: Mapping[str, Any], added: Sequence[Header] = ()) -> Operation[str]:
    """The call that makes the schedule; a body that is neither text nor bytes travels as JSON."""
    body = options.get("body")
    as_json = not isinstance(body, str | bytes | bytearray | memoryview | None)
    return operations.create({**options, "body": _in_order(body)}, added, as_json=as_json)


def _check_plain(options: Mapping[str, Any], args: Sequence[Any], kwargs: object) -> None:
    check_names(options, _OPTIONS)
    if args or kwargs is not None:
        raise TypeError("args and kwargs are those of a task; what goes to destination is body=")


def _in_order(value: Any) -> Any:
    """Sets as lists that are the same in every process: else each deploy would find another body."""
    match value:
        case set() | frozenset():
            return sorted(map(_in_order, cast("set[Any]", value)), key=encode_json)
        case list() | tuple():
            return [_in_order(one) for one in cast("list[Any]", value)]
        case dict():
            return {key: _in_order(one) for key, one in cast("Any", value).items()}
        case _:
            return value


def _target(
    target: Any, args: Sequence[Any], kwargs: Mapping[str, Any], options: dict[str, Any]
) -> tuple[Target, dict[str, Any]]:
    """And the options that it does not take itself. A task's own URL says with how many retries it is called."""
    for name in _OF_DESTINATIONS:
        if name in options:
            raise TypeError(f"{name} goes with destination=; a task says its own")
    if isinstance(target, Task):
        return _settled(cast("Task[..., Any]", target).using(**options).bind(*args, **kwargs)), {}
    if _is_task_of_django(target):
        bind: Any = getattr(target, "bind", None)
        call: Any = bind(*args, **kwargs) if bind else _CallOfDjango(target, [*args], dict(kwargs))
        return call.using(**options) if options else call, {}
    if args or kwargs:
        raise TypeError("args and kwargs go with a task; a call has its arguments already")
    if isinstance(target, Call):
        return _settled(target.using(**options)), {}
    if isinstance(target, Chain):
        chained = target.using(**options)
        return replace(chained, calls=tuple(map(_settled, chained.calls))), {}
    if isinstance(target, Target) and not isinstance(target, type):
        using: Any = getattr(target, "using", None)
        if using is not None:
            return (using(**options) if options else target), {}
        check_names(options, _OPTIONS)
        return target, options
    raise TypeError(
        f"its target must be the call of a task, as in report.bind(region='eu'), not {type(target).__name__}; "
        "for a URL there is destination="
    )


def _settled(call: Call) -> Call:
    """With its sets in one order."""
    encoded = json.loads(call.body)
    ordered = {name: _in_order_of(call.arguments[name], value) for name, value in encoded.items()}
    return call if ordered == encoded else replace(call, body=encode_json(ordered))


def _in_order_of(value: Any, encoded: Any) -> Any:
    """The JSON of a value, in which what is no list any more when it arrives is sorted."""
    match value, encoded:
        case (set() | frozenset(), list()):
            return sorted(cast("Any", encoded), key=encode_json)
        case (list() | tuple(), list()):
            pairs = zip(cast("Any", value), cast("Any", encoded), strict=True)
            return [_in_order_of(one, other) for one, other in pairs]
        case (dict(), dict()):
            pairs = zip(cast("Any", value).values(), cast("Any", encoded).items(), strict=True)
            return {key: _in_order_of(one, other) for one, (key, other) in pairs}
        case _:
            return encoded


def _is_task_of_django(target: Any) -> bool:
    return all(hasattr(target, name) for name in ("module_path", "get_backend", "takes_context"))


class _CallOfDjango:
    """Of a task that is made for another backend, as tests have one; what its own is says the project at run time."""

    def __init__(self, task: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
        context = (None,) if task.takes_context else ()
        signature(task.func).bind(*context, *args, **kwargs)
        json.dumps([args, kwargs], default=_text_of_bytes)
        self._task = task
        self._args = args
        self._kwargs = kwargs

    def using(self, **options: Any) -> "_CallOfDjango":
        """What another backend makes of them is its affair."""
        check_names(options, _OPTIONS)
        return self

    def planned(self, task_url: Callable[[str], str] | None = None, /) -> Mapping[str, Any]:
        """Where it is served is for its backend to say."""
        backend = self._task.get_backend()
        planned = getattr(backend, "planned", None)
        if planned is None:
            raise TypeError(
                f"the backend {backend.alias!r} of {self._task.module_path} is {type(backend).__name__}, which has no "
                "schedules; qstash_integrations.django.tasks.QStashBackend has"
            )
        return cast("Mapping[str, Any]", planned(self._task, self._args, self._kwargs))


def _text_of_bytes(value: Any) -> str:
    """As Django's own JSON has them, and nothing else that is none."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} is no JSON, and a task of Django's is called with JSON alone")
    return value.decode()


def _nowhere(name: str) -> str:
    """Stands for where a task is served, which nobody knows at import."""
    return f"https://none.example/{name}"


def _place(frame: FrameType | None) -> str:
    """Where the function of this frame was called."""
    caller = frame and frame.f_back
    return f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else "somewhere"


def _earlier_names(name: str, renamed_from: str | Sequence[str]) -> tuple[str, ...]:
    names = (renamed_from,) if isinstance(renamed_from, str) else tuple(texts("renamed_from", renamed_from))
    for earlier in names:
        if check_name(earlier, "renamed_from") == name:
            raise ValueError("renamed_from is its own name")
    return names
