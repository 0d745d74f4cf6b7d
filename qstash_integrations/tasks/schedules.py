"""``schedule(...)``: what is to be published again and again, as a value. Sends nothing: ``schedules sync`` does.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, Unpack, cast, runtime_checkable

from .._core.names import check_names
from .._core.publishing.inputs import Header, check_name
from .._core.publishing.json_body import encode_json
from .._core.publishing.message import DeliveryOptions
from .._core.publishing.operations import Operation
from .._core.publishing.operations import schedule as operations
from .._core.publishing.texts import texts
from .calls import Call, Chain
from .cron import cron_text
from .task import Task

# What a task decides by itself.
_OF_DESTINATIONS = ("body", "content_type", "method")


class ScheduleOptions(DeliveryOptions, total=False):
    """What a schedule's messages are published with. None counts as not given."""

    queue: str | None
    """Where they line up."""


class Planned(ScheduleOptions, total=False):
    """A target as it stands in the call that makes the schedule."""

    destination: str
    """A URL or the name of a URL group."""


@runtime_checkable
class Target(Protocol):
    """What a schedule may publish to besides a destination: the call of a task, or whatever has this method."""

    def planned(self) -> Planned:
        """Destination, body and options. Asked when schedules are compared with QStash, not when they are written."""
        ...


_OPTIONS = frozenset((*DeliveryOptions.__annotations__, "queue"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """What ``schedule`` returns. Tell it nothing: change the code, and run ``schedules sync``."""

    name: str
    cron: str
    """Five fields, with CRON_TZ=<zone> in front where it has a zone."""
    target: Target | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    renamed_from: tuple[str, ...] = ()
    """Names that it had before."""

    def planned(self) -> Mapping[str, Any]:
        """What it publishes: that of its target, and its own options before those."""
        target: Any = self.target
        if isinstance(target, Call | Chain | Task):
            # A task's URL says its retries, and its name is a label beside any other.
            return target.using(**self.options).planned()
        return {**(target.planned() if target else {}), **self.options}


def schedule(
    name: str,
    cron: str,
    target: Any = None,
    *,
    destination: str | None = None,
    tz: Any = None,
    renamed_from: str | Sequence[str] = (),
    **options: Unpack[ScheduleOptions],
) -> Schedule:
    """A schedule that stands in the code: ``schedule("daily-report", "0 7 * * *", report.bind(region="eu"))``.

    ``target`` is the call of a task, or a task that needs no arguments; for anything else there is ``destination``, a
    URL or the name of a URL group. ``tz`` is the name of a time zone, UTC by default. ``renamed_from`` is the name that
    it had before, or all of those, so that ``sync`` moves it. The options win over those of the task.

    Nothing is sent. TypeError or ValueError names what is wrong.
    """
    check_name(name, "the name of a schedule")
    try:
        _check_options(options, has_target=target is not None)
        if (target is None) == (destination is None):
            raise TypeError("give either the call of a task or destination=, a URL or the name of a URL group")
        own = {key: value for key, value in {"destination": destination, **options}.items() if value is not None}
        made = Schedule(
            name=name,
            cron=cron_text(cron, tz),
            target=None if target is None else _target(target),
            options=MappingProxyType(own),
            renamed_from=_earlier_names(name, renamed_from),
        )
        creation({"destination": "https://none.example", **own, "cron": made.cron})
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


def _check_options(options: Mapping[str, Any], *, has_target: bool) -> None:
    check_names(options, _OPTIONS)
    if has_target:
        for name in _OF_DESTINATIONS:
            if options.get(name) is not None:
                raise TypeError(f"{name} goes with destination=; a task says its own")


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


def _target(target: Any) -> Target:
    if isinstance(target, Target):
        return target
    raise TypeError(
        f"its target must be the call of a task, as in report.bind(region='eu'), not {type(target).__name__}; "
        "for a URL there is destination="
    )


def _earlier_names(name: str, renamed_from: str | Sequence[str]) -> tuple[str, ...]:
    names = (renamed_from,) if isinstance(renamed_from, str) else tuple(texts("renamed_from", renamed_from))
    for earlier in names:
        if check_name(earlier, "renamed_from") == name:
            raise ValueError("renamed_from is its own name")
    return names
