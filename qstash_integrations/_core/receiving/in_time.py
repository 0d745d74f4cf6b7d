"""A limit on the time that something may take, in asyncio and in trio.

In asyncio it costs next to nothing where nothing is waited for.

Spec: https://peps.python.org/pep-0380/
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")
D = TypeVar("D")


async def in_time(work: Coroutine[Any, Any, T], seconds: float, late: Callable[[], D]) -> T | D:
    """What ``work`` returns, or what ``late`` does once it has waited for so many seconds."""
    try:
        is_in_asyncio = asyncio.current_task() is not None
    except RuntimeError:
        is_in_asyncio = False
    if not is_in_asyncio:
        # In trio, which may be a guest of an asyncio loop and is in none of its tasks then.
        from anyio import move_on_after

        # From the first step on: what that opens, such as a task group, must be closed within.
        with move_on_after(seconds):
            return await work
        return late()
    try:
        # Most bodies come with their head: without a timer, which would cost as much as half a signature.
        awaited = work.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    rest = _rest(work, awaited)
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await rest
    except TimeoutError:
        if not timeout.expired():
            raise
    return late()


@coroutine
def _rest(work: Coroutine[Any, Any, T], awaited: Any) -> Generator[Any, Any, T]:
    """Go on with a coroutine that already waits for ``awaited``."""
    try:
        while True:
            try:
                sent = yield awaited
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's, a cancellation too
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
    except StopIteration as done:
        return cast("T", done.value)
