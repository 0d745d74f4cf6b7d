"""What waits in another way in async code, each thing twice: ``_async`` uses the one called async, ``_sync`` the other.

anyio is imported when it is needed: plain apps get along without.
"""

import inspect
import logging
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from threading import BoundedSemaphore
from typing import Any, TypeAlias, TypeVar

from ..log_fields import fields
from .message_options import AnyMessage

M = TypeVar("M")
_is_told = False
Source: TypeAlias = Iterable[M]
AsyncSource: TypeAlias = Iterable[M] | AsyncIterable[M]
"""Of messages: async code may have them from either kind."""


def about_to_wait(where: type[object]) -> None:
    """WARNING, once: who waits in the thread of an event loop holds up whatever else runs in it."""
    global _is_told
    if _is_told or not getattr(where, "holds_up_loops", True) or not in_event_loop():
        return
    _is_told = True
    logging.getLogger("qstash_integrations").warning(
        "qstash: a plain QStash is used in async code, where the whole event loop waits for each answer of QStash; use "
        "AsyncQStash and await it: app.state.qstash in Starlette and FastAPI, aqstash in Django",
        extra=fields("loop_blocked"),
    )


def async_about_to_wait(where: type[object]) -> None:
    """Others go on meanwhile."""


def sleep(seconds: float) -> None:
    time.sleep(seconds)


async def async_sleep(seconds: float) -> None:
    from anyio import sleep

    await sleep(seconds)


class Slots:
    """As many as may be in use at once."""

    def __init__(self, limit: int) -> None:
        self._semaphore = BoundedSemaphore(limit)

    def take(self, within: float) -> bool:
        """False when all have stayed in use for so many seconds."""
        return self._semaphore.acquire(timeout=within)

    def give_back(self) -> None:
        self._semaphore.release()


class AsyncSlots:
    def __init__(self, limit: int) -> None:
        from anyio import Semaphore

        self._semaphore = Semaphore(limit)

    async def take(self, within: float) -> bool:
        from anyio import WouldBlock, move_on_after

        try:
            self._semaphore.acquire_nowait()
        except WouldBlock:
            with move_on_after(within):
                await self._semaphore.acquire()
                return True
            return False
        return True

    def give_back(self) -> None:
        self._semaphore.release()


def opened(source: Source[AnyMessage]) -> Iterator[Any]:
    _check(source, Iterable)
    return iter(source)


def async_opened(source: AsyncSource[AnyMessage]) -> Iterator[Any] | AsyncIterator[Any]:
    """TypeError for what is no source of messages, though one can iterate over it."""
    _check(source, Iterable | AsyncIterable)
    return aiter(source) if isinstance(source, AsyncIterable) else iter(source)


def fill(add: Callable[[Any], bool], messages: Iterator[Any]) -> bool:
    return any(map(add, messages))


async def async_fill(add: Callable[[Any], bool], messages: Iterator[Any] | AsyncIterator[Any]) -> bool:
    """Whether ``add`` said of a message that it was enough; none is read behind that one."""
    if not isinstance(messages, AsyncIterator):
        return any(map(add, messages))
    async for message in messages:
        if add(message):
            return True
    return False


def tell(listener: Callable[[int], object], number: int) -> None:
    listener(number)


async def async_tell(listener: Callable[[int], object], number: int) -> None:
    told = listener(number)
    if inspect.isawaitable(told):
        await told


def in_event_loop() -> bool:
    """Whether this thread is running one, where others would wait as well."""
    # Programs that have not even imported them run none.
    asyncio, trio = sys.modules.get("asyncio.events"), sys.modules.get("trio.lowlevel")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return True
    return trio is not None and bool(trio.in_trio_run())


def _check(source: object, kinds: Any) -> None:
    kind = type(source).__name__
    if isinstance(source, Mapping | str | bytes) or not isinstance(source, kinds):
        raise TypeError(f"messages must be an iterable of dicts, not {kind}")
