"""From a verified delivery to a task's answer: decoded, run within ``around``, followed by the rest of its chain.

What a task raises leaves here as adapters answer it: NonRetryable (489) for what it gives up on, RetryAfter (503) with
the delay of its ``backoff``, anything else as it is.
"""

import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .._core.errors import NonRetryable, RetryAfter
from .._core.receiving.delivery import Callback, Delivery, hide
from .._core.receiving.telling import of_delivery
from .arguments import BadArguments
from .current import CURRENT, CurrentCall
from .following import Following
from .mount import Mount
from .task import Task
from .wire import CallMessage, seconds_of

logger: logging.Logger = logging.getLogger("qstash_integrations")
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A call that was decoded, and has not run. Shows no argument: error trackers print the locals of frames."""

    call: CurrentCall
    task: Task[..., Any]
    arguments: dict[str, Any] = field(repr=False)
    """Keywords for the function, without those that are injected."""
    mount: Mount
    following: Following | None = field(repr=False)
    timeout: float | None
    """Seconds."""


class _Ended:
    """What a task has returned. Prints nothing of it."""

    __slots__ = ("answer", "messages")

    def __init__(self, answer: bytes, messages: list[CallMessage]) -> None:
        self.answer = answer
        self.messages = messages
        """To be published before that is answered."""


def arrive(mount: Mount, task: Task[..., Any], delivery: Delivery) -> Arrived:
    """Decode a verified delivery. BadArguments, with a record of it, for a body that does not fit: answered 400."""
    try:
        arguments, then, timeout = _read(task, delivery)
        following = Following.read(then)
    except BadArguments as error:
        logger.error(
            "qstash: a call was refused with 400, to be tried again: %s",
            error,
            extra=of_delivery("task_arguments_refused", task=task.name, status=400),
        )
        raise
    return Arrived(
        call=CurrentCall.of(task.name, delivery),
        task=task,
        arguments=arguments,
        mount=mount,
        following=following,
        timeout=timeout,
    )


def run(
    arrived: Arrived,
    publish: Callable[[list[CallMessage]], object],
    injected: Mapping[str, Any] = _NOTHING,
) -> bytes:
    """Run a plain task; its JSON answer. ``injected`` are the keywords that a framework fills in."""
    with _failures(arrived), _shown(arrived.call):
        returned = [_called(arrived, injected)]
    ended = _ended(arrived, returned.pop())
    if ended.messages:
        publish(ended.messages)
    return ended.answer


async def arun(
    arrived: Arrived,
    publish: Callable[[list[CallMessage]], Awaitable[object]],
    injected: Mapping[str, Any] = _NOTHING,
) -> bytes:
    """Run a task on an event loop, a plain one in a thread; its JSON answer."""
    with _failures(arrived), _shown(arrived.call):
        returned = [await _acalled(arrived, injected)]
    ended = _ended(arrived, returned.pop())
    if ended.messages:
        await publish(ended.messages)
    return ended.answer


def _read(task: Task[..., Any], delivery: Delivery) -> tuple[dict[str, Any], Any, float | None]:
    callback = task.arguments.parameters.callback
    if callback is None:
        decoded = task.arguments.decode(delivery.body)
        timeout = decoded.following.get("timeout", seconds_of(task.told_timeout))
        if timeout is not None and (type(timeout) not in (int, float) or not 0 < timeout < 10**9):
            raise BadArguments(f"{task.name}: its timeout is none")
        return decoded.arguments, decoded.following.get("then"), timeout
    try:
        return {callback: Callback.from_delivery(delivery)}, None, seconds_of(task.told_timeout)
    except ValueError as error:
        raise BadArguments(f"{task.name}: {error}") from None


def _called(arrived: Arrived, injected: Mapping[str, Any]) -> Any:
    manager = _around(arrived)
    if not hasattr(manager, "__enter__"):
        raise TypeError(f"around must return a plain context manager here, since {arrived.task.name} is a plain task")
    with manager:
        # In no local: leaving may raise, and error trackers print the locals of raising frames.
        return _plain(arrived.task, arrived.task.function(**arrived.arguments, **injected))


def _plain(task: Task[..., Any], result: Any) -> Any:
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(f"{task.name} returned a coroutine, and is no async function; await it there")
    return result


async def _acalled(arrived: Arrived, injected: Mapping[str, Any]) -> Any:
    manager = _around(arrived)
    task = arrived.task

    def function() -> Any:  # no partial, which shows what it was given
        return task.function(**arrived.arguments, **injected)

    if not task.is_async and not hasattr(manager, "__aenter__"):
        # In the thread of the task: what it sets there, a connection or a lock, is that thread's.
        return await _awaited(await _in_thread(partial(_within, manager, function)))
    async with _either(manager), _in_time(arrived):
        return await (function() if task.is_async else _awaited(await _in_thread(function)))


async def _awaited(result: Any) -> Any:
    """A decorator may have made a plain function of an async one."""
    return await result if inspect.iscoroutine(result) else result


def _within(manager: Any, function: Callable[[], Any]) -> Any:
    with manager:
        return function()


async def _in_thread(function: Callable[[], Any]) -> Any:
    from anyio.to_thread import run_sync

    return await run_sync(function)


def _around(arrived: Arrived) -> Any:
    around = arrived.mount.around
    return nullcontext() if around is None else around(arrived.call)


@asynccontextmanager
async def _either(manager: Any) -> AsyncGenerator[None]:
    if hasattr(manager, "__aenter__"):
        async with manager:
            yield
    else:
        with manager:
            yield


@asynccontextmanager
async def _in_time(arrived: Arrived) -> AsyncGenerator[None]:
    """TimeoutError when the task's time is over. A thread cannot be stopped."""
    if arrived.timeout is None or not arrived.task.is_async:
        yield
        return
    from anyio import move_on_after

    with move_on_after(arrived.timeout) as scope:
        yield
    if scope.cancelled_caught:
        raise TimeoutError(f"{arrived.task.name} took longer than its timeout of {arrived.timeout:g} seconds")


@contextmanager
def _shown(call: CurrentCall) -> Generator[None]:
    token = CURRENT.set(call)
    try:
        yield
    finally:
        hide(token)


@contextmanager
def _failures(arrived: Arrived) -> Generator[None]:
    failing, call = arrived.task.failing, arrived.call
    try:
        yield
    except (NonRetryable, RetryAfter):
        raise
    except failing.gives_up_on as error:
        logger.exception(
            "qstash: %s has given up on call %s", call.task, call.id, extra=_fields_of("task_given_up", call, error)
        )
        raise NonRetryable(str(error)) from error
    except Exception as error:
        delay = failing.delay_after(call.attempt)
        if delay is None or call.is_last_attempt:
            raise
        logger.exception(
            "qstash: %s failed; attempt %d follows in %d s",
            call.task,
            call.attempt + 1,
            delay,
            extra=_fields_of("task_failed", call, error, seconds=delay),
        )
        raise RetryAfter(delay) from error


def _fields_of(event: str, call: CurrentCall, error: Exception, seconds: float | None = None) -> dict[str, object]:
    return of_delivery(
        event,
        task=call.task,
        call_id=call.id,
        attempt=call.attempt,
        error=type(error).__name__,
        seconds=seconds,
    )


def _ended(arrived: Arrived, result: Any) -> _Ended:
    """The work is done: nothing here lets it run again."""
    task, following = arrived.task, arrived.following
    answer = task.results.encode(result)
    if answer is None:
        logger.error(
            "qstash: what %s returned (%s) is no JSON; it was answered null, and does not run again",
            task.name,
            type(result).__name__,
            extra=of_delivery("task_result_unreadable", task=task.name, call_id=arrived.call.id),
        )
    del result  # error trackers print the locals of raising frames
    if following is None:
        return _Ended(answer or b"null", [])
    if answer is None and following.awaits_result:
        raise NonRetryable(f"the result of {task.name} is no JSON, and {following.name} awaits it")
    base = arrived.call.delivery.claims.sub.partition("?")[0].rpartition("/")[0]
    known = arrived.mount.find(following.name)
    try:
        message = following.message(answer or b"null", arrived.call.signed_id, known, lambda name: f"{base}/{name}")
    except BadArguments as error:
        logger.error(
            "qstash: the chain ends behind %s, which does not run again: %s",
            task.name,
            error,
            extra=_fields_of("chain_ended", arrived.call, error),
        )
        why = str(error)
    else:
        return _Ended(answer or b"null", [message])
    del answer
    raise NonRetryable(f"the chain ends behind {task.name}: {why}")
