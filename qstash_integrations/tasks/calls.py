"""Calls as values: for batches, transactions and schedules, and one after the other."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

from .._core.extras import need
from .._core.publishing.discreet import discreet
from .._core.publishing.waiting import in_event_loop
from .options import CallOptions, is_task
from .origin import origin
from .wire import (
    RESULT_MARK,
    CallMessage,
    message_of,
    plain_options,
    ready_options,
    schedule_of,
    seconds_of,
    with_members,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
    from sqlalchemy.orm import Session, scoped_session

    from .._core.publishing.results.published import PublishResponse
    from .task import Task

    AnySession = Session | AsyncSession | scoped_session[Any] | async_scoped_session[Any]


class _Result:
    """Stands for what the call before returns."""

    def __repr__(self) -> str:
        return "RESULT"

    def __reduce__(self) -> str:
        return "RESULT"


RESULT: Any = _Result()
"""In a chain, in place of an argument: what the call before returns, in the form in which it travels as JSON."""


@discreet
class Publishable(ABC):
    """What can be published: a call, or a chain of them."""

    __slots__ = ()
    _shown = "chain(...)"

    @abstractmethod
    def message(self, task_url: Callable[[str], str] | None = None) -> CallMessage:
        """The keywords of ``publish``, or of ``enqueue`` where a queue is among them, with an id of its own."""

    def publish(self) -> "PublishResponse":
        """Publish it. RuntimeError in an event loop, where ``await ...apublish()`` is the way."""
        refuse_in_event_loop(f"{self._shown}.apublish()")
        here = origin()
        return here.publish([self.message(here.task_url)])[0]

    async def apublish(self) -> "PublishResponse":
        """``publish`` for ``async`` code."""
        here = origin()
        return (await here.apublish([self.message(here.task_url)]))[0]

    def publish_on_commit(self, *, using: str | None = None) -> "PublishResponse":
        """Publish it when the transaction of Django's database ``using`` commits, and not where it is rolled back.

        Checked at once; outside a transaction it is published at once. Until the commit whatever is asked of the
        receipt is a RuntimeError. ModuleNotFoundError without Django.
        """
        receipt: PublishResponse = _django().qstash.publish_on_commit(self.message(origin().task_url), using=using)
        return receipt

    async def apublish_on_commit(self, *, using: str | None = None) -> "PublishResponse":
        """``publish_on_commit`` for ``async`` code that sync code within ``atomic`` has called."""
        message = self.message(origin().task_url)
        receipt: PublishResponse = await _django().aqstash.publish_on_commit(message, using=using)
        return receipt

    def publish_in(self, session: "AnySession", /) -> str:
        """Write it into the outbox, in the transaction of an SQLAlchemy session; the id of its row.

        It is published once that commits, and not where it is rolled back. The outbox is the one of this process, or
        what ``session.info["qstash_outbox"]`` says. Nothing to await, also with an ``AsyncSession``.
        """
        written: str = _sqlalchemy().publish_in(session, self.message(origin().task_url))
        return written


@discreet
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Publishable):
    """One call of a task, checked and encoded when it was made: ``ship.bind(order_id=3)``.

    Frozen: ``using`` makes another. May be published any number of times, each with an id of its own.
    """

    task: "Task[..., Any]"
    """With the options of ``using``."""
    arguments: Mapping[str, Any]
    """By name, as they were given."""
    body: bytes
    """The JSON object of the arguments, without those that are ``RESULT``."""

    @property
    def name(self) -> str:
        """That of the task, under which it is served."""
        return self.task.name

    @property
    def _shown(self) -> str:  # type: ignore[override]
        return f"{self.task.__name__}.bind(...)"

    def using(self, **options: Unpack[CallOptions]) -> "Call":
        """The same call with these options as well, as of ``Task.using``."""
        return replace(self, task=self.task.using(**options))

    @property
    def awaits(self) -> tuple[str, ...]:
        """Parameters that take the result of the call before."""
        return tuple(name for name, value in self.arguments.items() if value is RESULT)

    def options(self, task_url: Callable[[str], str]) -> dict[str, Any]:
        """Publish options of this call, computed ones among them; without those of URL, body and content type."""
        given = {name: value for name, value in self.arguments.items() if value is not RESULT}
        return ready_options(self.task, self.task.arguments.parameters.with_defaults(given), task_url)

    def message(self, task_url: Callable[[str], str] | None = None) -> CallMessage:
        """The keywords of ``publish``, or of ``enqueue`` where a queue is among them, with an id of its own."""
        return Chain((self,)).message(task_url)

    def planned(self, task_url: Callable[[str], str] | None = None) -> dict[str, Any]:
        """The keywords of ``schedule.create`` but for ``cron`` and ``schedule_id``: a ``Target``."""
        return Chain((self,)).planned(task_url)

    def __repr__(self) -> str:
        return f"<Call of {self.name} with {', '.join(self.arguments) or 'nothing'}>"


@discreet
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Chain(Publishable):
    """Calls of which each is published when the one before has succeeded; all travel in the body of the first.

    TypeError for none, for what is no call, and for a ``RESULT`` in the first.
    """

    calls: tuple[Call, ...]
    """In their order; one at least."""
    on_error: "Task[..., Any] | None" = None
    """A task with a ``Callback`` parameter, which is told of the call that has failed for good."""

    def __post_init__(self) -> None:
        for call in self.calls:
            if not isinstance(call, Call):
                raise TypeError(f"a chain is made of calls, such as ship.bind(order_id=3), not of {call!r}")
        if not self.calls:
            raise TypeError("a chain needs a call")
        if self.calls[0].awaits:
            raise TypeError(f"{self.calls[0].name}: no call comes before the first, so it cannot take its RESULT")
        if self.on_error is not None and not is_task(self.on_error):
            raise TypeError(f"on_error must be a task with a Callback parameter, not {self.on_error!r}")
        for call in self.calls:
            if self.on_error is not None and "failure_callback" in call.task.options:
                raise TypeError(f"{call.name} has one of its own; give on_error or failure_callback, not both")

    def using(self, **options: Unpack[CallOptions]) -> "Chain":
        """The same chain with these options of its first call as well."""
        first, *others = self.calls
        return replace(self, calls=(first.using(**options), *others))

    def message(self, task_url: Callable[[str], str] | None = None) -> CallMessage:
        """Of its first call; the others are in the body."""
        return message_of(*self._first(task_url or origin().task_url))

    def planned(self, task_url: Callable[[str], str] | None = None) -> dict[str, Any]:
        """The keywords of ``schedule.create`` but for ``cron`` and ``schedule_id``: a ``Target``."""
        return schedule_of(*self._first(task_url or origin().task_url))

    def _first(self, task_url: Callable[[str], str]) -> tuple[str, bytes, dict[str, Any], Callable[[str], str]]:
        first, *others = self.calls
        options = self._options(first, task_url)
        members: dict[str, Any] = {}
        if others:
            members["$then"] = [self._following(call, task_url) for call in others]
        if options.get("timeout") != first.task.told_timeout:
            members["$timeout"] = seconds_of(options["timeout"])
        return first.name, with_members(first.body, members), options, task_url

    def _following(self, call: Call, task_url: Callable[[str], str]) -> dict[str, Any]:
        """As it travels with the one before. What it awaits is filled in there."""
        arguments = json.loads(call.body)
        for name, value in arguments.items():
            if value == RESULT_MARK:
                raise TypeError(f"{call.name}: {name} looks like RESULT in JSON, and would be taken for it in a chain")
        return {
            "task": call.name,
            "arguments": arguments | dict.fromkeys(call.awaits, RESULT_MARK),
            "options": plain_options(self._options(call, task_url)),
        }

    def _options(self, call: Call, task_url: Callable[[str], str]) -> dict[str, Any]:
        if self.on_error is not None:
            call = replace(call, task=call.task.using(failure_callback=self.on_error))
        return call.options(task_url)

    def __repr__(self) -> str:
        return f"<Chain of {', '.join(call.name for call in self.calls)}>"


def chain(*calls: Call, on_error: "Task[..., Any] | None" = None) -> Chain:
    """Calls of which each is published when the one before has succeeded.

    ``chain(invoice.bind(order_id=3), mail.bind(to="ada@example.com", pdf=RESULT)).publish()``.

    What follows travels in the signed body of the one before, and is published before that is answered, under an id
    made of its own: told twice, it is one call. Where it cannot be published the one before counts as failed, and runs
    again. Options are computed here, without what is a ``RESULT``. ``on_error``, a task with a ``Callback`` parameter,
    is told by QStash when one of them has failed for good, also where its process was killed.
    """
    return Chain(calls, on_error)


def _django() -> Any:
    """Its adapter, which is above this and may not be there."""
    need("django", "django")
    return import_module("qstash_integrations.django")


def _sqlalchemy() -> Any:
    need("sqlalchemy", "sqlalchemy")
    return import_module("qstash_integrations.sqlalchemy.outbox")


def refuse_in_event_loop(instead: str) -> None:
    """RuntimeError where waiting would hold up a whole event loop."""
    if in_event_loop():
        raise RuntimeError(f"this would hold up the whole event loop; await {instead} instead")
