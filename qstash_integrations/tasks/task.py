"""``@task``: a function that can be published.

Spec: https://upstash.com/docs/qstash/howto/publishing
"""

import inspect
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from functools import update_wrapper
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, cast, overload
from urllib.parse import urlsplit

from .._core.durations import Duration
from .._core.names import check_names
from .._core.publishing.discreet import discreet
from .._core.publishing.filters import MessageFilter
from .._core.receiving.delivery import Callback
from .arguments import Arguments
from .calls import RESULT, Call, Chain, refuse_in_event_loop
from .dead_letters import DeadLetters
from .naming import check_name, is_same, name_of
from .options import CALLBACKS, CallOptions, DecoratorOptions, Failing, check_options
from .origin import Origin, origin
from .results import Results

if TYPE_CHECKING:
    from .._core.publishing._async.many import AsyncMany
    from .._core.publishing._sync.many import Many
    from .._core.publishing.operations.many import Progress
    from .._core.publishing.results.published import PublishResponse
    from .calls import AnySession, Publishable

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


@discreet
class Task(Generic[P, R_co]):
    """A function that can be published, and is run when QStash calls the app. A plain call is the function.

    Immutable: ``using`` returns a copy. It belongs to no app until one mounts it, and may be published from anywhere.
    """

    __name__: str
    __qualname__: str

    def __init__(self, function: Callable[P, R_co], name: str | None, also_known_as: object, options: Any) -> None:
        self.function: Callable[P, R_co] = _checked(function)
        self.name: str = name_of(function) if name is None else check_name(name)
        """Under which it is served, and with which each of its calls is labelled."""
        self.also_known_as: tuple[str, ...] = _names(also_known_as)
        """Names under which it was published before, and is served as well."""
        check_names(options, DecoratorOptions.__annotations__)
        self.failing: Failing = Failing(options.pop("backoff", None), options.pop("gives_up_on", None))
        if self.failing.backoff and options.get("retries") is not None:
            raise TypeError("give backoff or retries, not both: the delays' number is that of the retries")
        self.options: Mapping[str, Any] = check_options(options)
        """Publish options of each call, as they were given."""
        timeout = self.options.get("timeout")
        self.told_timeout: Any = None if callable(timeout) else timeout
        """What was said to ``@task``, whatever ``using`` says; None where it is computed."""
        self.is_copy: bool = False
        """Whether ``using`` made it."""
        self.is_async: bool = inspect.iscoroutinefunction(function)
        self.arguments: Arguments = Arguments(function, self.name)
        self.results: Results = Results(function)
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function, here and now. TypeError where a framework would have injected what is missing."""
        self.arguments.check_plain_call(args, kwargs)
        return self.function(*args, **kwargs)

    def using(self, **options: Unpack[CallOptions]) -> "Task[P, R_co]":
        """A copy whose calls have these options as well. None takes one back. TypeError for an unknown one."""
        given = check_options(cast("Mapping[str, Any]", options))
        kept = {name: value for name, value in self.options.items() if name not in options}
        copy: Task[P, R_co] = Task.__new__(type(self))
        copy.__dict__.update(self.__dict__, options={**kept, **given}, is_copy=True)
        return copy

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """The call as a value, checked and encoded: for batches, chains, transactions and schedules.

        TypeError that names the argument for what is missing, unknown, refused by its annotation, or would arrive as
        another value.
        """
        given = self.arguments.bind(args, kwargs)
        body = self.arguments.encode({name: value for name, value in given.items() if value is not RESULT})
        return Call(self, given, body)

    def publish(self, *args: P.args, **kwargs: P.kwargs) -> "PublishResponse":
        """Publish a call, with the options of ``using``. TypeError as of ``bind``.

        RuntimeError in an event loop, where ``await ship.apublish(...)`` is the way. ConfigurationError where no public
        URL is set; APIError and TransportError as of ``QStash.publish``.
        """
        refuse_in_event_loop(f"{self.__name__}.apublish(...)")
        return self.bind(*args, **kwargs).publish()

    async def apublish(self, *args: P.args, **kwargs: P.kwargs) -> "PublishResponse":
        """``publish`` for ``async`` code. Raises what ``publish`` raises, but for the RuntimeError."""
        return await self.bind(*args, **kwargs).apublish()

    def publish_on_commit(self, *args: P.args, **kwargs: P.kwargs) -> "PublishResponse":
        """Publish a call when the transaction of Django's default database commits.

        Of another database: ``ship.bind(order_id=3).publish_on_commit(using="other")``. Rolled back, it publishes
        nothing; outside a transaction it publishes at once. TypeError as of ``bind``, at once.
        """
        return self.bind(*args, **kwargs).publish_on_commit()

    async def apublish_on_commit(self, *args: P.args, **kwargs: P.kwargs) -> "PublishResponse":
        """``publish_on_commit`` for ``async`` code that sync code within ``atomic`` has called."""
        return await self.bind(*args, **kwargs).apublish_on_commit()

    def publish_in(self, session: "AnySession", /, *args: P.args, **kwargs: P.kwargs) -> str:
        """Write a call into the outbox, in the transaction of an SQLAlchemy session; the id of its row.

        It is published once that commits, and not where it is rolled back. Nothing to await, also with an
        ``AsyncSession``. TypeError as of ``bind``.
        """
        return self.bind(*args, **kwargs).publish_in(session)

    def publish_many(
        self, calls: "Iterable[Publishable]", *, chunk_size: int = 100, on_progress: "Progress | None" = None
    ) -> "Many[PublishResponse]":
        """Any number of its calls, in batches of ``chunk_size``: the receipts, or ``send()`` that keeps none.

        As of ``QStash.publish_many``: nothing is sent before it is iterated over, memory stays flat, and an error names
        the calls that it is about.
        """
        refuse_in_event_loop(f"{self.__name__}.apublish_many(...).send()")
        here = origin()
        messages: Any = (self._own(call).message(here.task_url) for call in calls)
        client: Any = here.client()
        return cast(
            "Many[PublishResponse]", client.publish_many(messages, chunk_size=chunk_size, on_progress=on_progress)
        )

    def apublish_many(
        self,
        calls: "Iterable[Publishable] | AsyncIterable[Publishable]",
        *,
        chunk_size: int = 100,
        on_progress: "Progress | None" = None,
    ) -> "AsyncMany[PublishResponse]":
        """``publish_many`` for ``async`` code, which is iterated over with ``async for``, as ``calls`` may be."""
        here = origin()
        messages: Any
        if isinstance(calls, AsyncIterable):
            messages = (self._own(call).message(here.task_url) async for call in calls)
        else:
            messages = (self._own(call).message(here.task_url) for call in calls)
        client: Any = here.aclient()
        return cast(
            "AsyncMany[PublishResponse]", client.publish_many(messages, chunk_size=chunk_size, on_progress=on_progress)
        )

    def dead_letters(self, *, since: Duration | datetime | None = None) -> DeadLetters:
        """Calls of it that have failed for good: ``ship.dead_letters(since="1h").retry()``.

        ``since`` is an aware ``datetime``, or how long before now: of those published after it. Asks nothing yet.
        """
        return DeadLetters(self._labels, since)

    def cancel(self, message_id: str | None = None, *, label: str | None = None) -> int:
        """Deliver its calls no more; how many that were. One by the id of its receipt, or those with a label.

        Without either all of its calls that are not delivered yet, as many as QStash takes at once. An attempt that is
        under way goes on. RuntimeError in an event loop; APIError and TransportError where QStash does not do it.
        """
        refuse_in_event_loop(f"{self.__name__}.acancel(...)")
        here = origin()
        messages = here.client().message
        if message_id is not None:
            return messages.cancel_many([message_id])
        return messages.cancel_many(filter=self._undelivered(label, here))

    async def acancel(self, message_id: str | None = None, *, label: str | None = None) -> int:
        """``cancel`` for ``async`` code."""
        here = origin()
        messages = here.aclient().message
        if message_id is not None:
            return await messages.cancel_many([message_id])
        return await messages.cancel_many(filter=self._undelivered(label, here))

    @overload
    def result(self: "Task[P, Coroutine[Any, Any, T]]", callback: Callback, /) -> T: ...
    @overload
    def result(self, callback: Callback, /) -> R_co: ...
    def result(self, callback: Callback, /) -> Any:
        """What the task returned in the call that a callback tells of. ValueError unless that was answered 2xx.

        Decoded by the annotation of what the function returns.
        """
        if not 200 <= callback.status < 300:
            raise ValueError(f"the call of {self.name} was answered {callback.status}, so it has no result")
        return self.results.decode(callback.body)

    def check(self) -> None:
        """TypeError that names the parameter whose annotation is unknown, or is nothing that JSON holds.

        Also that names the option whose task could not take a callback.
        """
        self.arguments.parameters.check()
        for option in CALLBACKS:
            if isinstance(target := self.options.get(option), Task):
                cast("Task[..., Any]", target).check_takes_callback(option)

    def check_takes_callback(self, option: str) -> None:
        """TypeError for a task that could not take what ``option`` would bring it."""
        if self.arguments.parameters.callback is None:
            raise TypeError(
                f"{option}: {self.name} is told of the call with a Callback, so it needs a parameter annotated "
                "qstash_integrations.Callback"
            )

    def planned(self) -> dict[str, Any]:
        """For ``schedule``: a call without arguments."""
        return cast("Callable[[], Call]", self.bind)().planned()

    @property
    def _labels(self) -> list[str]:
        return [self.name, *self.also_known_as]

    def _own(self, call: "Publishable") -> "Publishable":
        first = call.calls[0] if isinstance(call, Chain) else call
        if not isinstance(first, Call) or not is_same(first.task.function, self.function):
            raise TypeError(f"publish_many takes calls of {self.name}, such as {self.__name__}.bind(...), not {call!r}")
        return call

    def _undelivered(self, label: str | None, here: Origin) -> MessageFilter:
        if label is None:
            return {"label": self._labels}
        # Any of several labels may fit, so both are asked for in two ways.
        return {"label": label, "path": [urlsplit(here.task_url(name)).path for name in self._labels]}

    def __reduce__(self) -> str:
        """It is copied and pickled as what its module calls by this name."""
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<Task {self.name}>"


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(
    *, name: str | None = None, also_known_as: str | Sequence[str] = (), **options: Unpack[DecoratorOptions]
) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    also_known_as: str | Sequence[str] = (),
    **options: Any,
) -> Any:
    """A function that can be published: ``@task``, or ``@task(retries=5, queue="orders")``.

    Its arguments travel by name, as JSON; it is named ``module.function`` unless ``name`` says otherwise. A function
    that was renamed is also known as it was: messages in flight have the old name. TypeError for an unknown option, and
    for a signature whose arguments cannot travel by name.
    """
    if function is not None:
        return Task(function, None, (), {})
    check_names(options, DecoratorOptions.__annotations__)

    def decorated(function: Callable[..., Any]) -> Task[..., Any]:
        return Task(function, name, also_known_as, dict(options))

    return decorated


def _checked(function: Any) -> Any:
    if not isinstance(function, FunctionType):
        raise TypeError(f"a task is a function, not {function!r}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__qualname__} is a generator, of which a call runs nothing; a task returns its result"
        )
    return function


def _names(names: object) -> tuple[str, ...]:
    several = (names,) if isinstance(names, str) else names
    if not isinstance(several, list | tuple):
        raise TypeError(f"also_known_as must be a name or a list of names, not {names!r}")
    return tuple(check_name(name, "also_known_as") for name in cast("Sequence[object]", several))
