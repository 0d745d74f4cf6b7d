"""Whose the connections to the QStash API are: a process has its own, and in async code each event loop.

They are opened when first needed. A process has locks of its own: one that another thread holds at the moment of a
fork would stay locked in the child for ever.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any, Generic, Protocol, TypeVar
from weakref import finalize

from .call import APIRequest, Outcome


class Opened(Protocol):
    def send(self, request: APIRequest) -> Outcome: ...
    def close(self) -> None: ...


class AsyncOpened(Protocol):
    async def send(self, request: APIRequest) -> Outcome: ...
    async def aclose(self) -> None: ...


S = TypeVar("S", bound=Opened)
A = TypeVar("A", bound=AsyncOpened)


class PerProcess(Generic[S]):
    """The connections of a ``QStash``, made for its first request. They close with it, or with the process."""

    def __init__(self, connect: Callable[[APIRequest], S]) -> None:
        self._connect = connect
        self._opened: dict[int, tuple[S, finalize[..., Any]]] = {}

    def send(self, request: APIRequest) -> Outcome:
        # After a fork the parent's sockets are here as well, and still the parent's.
        process = os.getpid()
        opened = self._opened.get(process)
        if opened is None:
            made = self._connect(request)
            new = made, finalize(self, _close, process, made)
            opened = self._opened.setdefault(process, new)
            if opened is not new:
                new[1]()
        return opened[0].send(request)

    def close(self) -> None:
        opened = self._opened.pop(os.getpid(), None)
        if opened is not None:
            opened[1]()


class PerLoop(Generic[A]):
    """The connections of an ``AsyncQStash``. An event loop that ends closes its own."""

    def __init__(self, connect: Callable[[APIRequest], A]) -> None:
        self._connect = connect
        # One loop runs in one thread, so nobody else opens the connections of a loop.
        self._opened: dict[Any, tuple[A, AsyncGenerator[None]]] = {}

    async def send(self, request: APIRequest) -> Outcome:
        loop = _running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            self._forget_closed_loops()
            made = self._connect(request)
            opened = self._opened[loop] = made, self._owner(loop, made)
            # Up to its yield it does not wait, so no other task comes between.
            await anext(opened[1])
        return await opened[0].send(request)

    async def aclose(self) -> None:
        opened = self._opened.get(_running_loop())
        if opened is not None:
            await opened[1].aclose()

    def _forget_closed_loops(self) -> None:
        """Those that were closed without ``shutdown_asyncgens``; their sockets cannot be closed any more."""
        for loop in list(self._opened):
            if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed():
                self._opened.pop(loop, None)

    async def _owner(self, loop: Any, made: A) -> AsyncGenerator[None]:
        """Suspended as long as the event loop runs: what ends the loop ends this, and so closes the connections.

        A cycle with this object, on purpose. What is dropped when the last coroutine ends would be closed by a task
        that ``asyncio.run`` cancels at once; so it stays until the loop, or the garbage collector before that, ends it.
        """
        try:
            yield
        finally:
            self._opened.pop(loop, None)
            await made.aclose()


def _close(process: int, made: Opened) -> None:
    if process == os.getpid():
        made.close()


def _running_loop() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
        if trio is None:
            raise
        return trio.lowlevel.current_trio_token()
