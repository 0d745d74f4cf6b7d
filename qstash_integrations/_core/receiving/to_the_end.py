"""A response that is sent part by part: its turn ends with the last one, for making them may be the work.

Whoever sends it iterates over it and closes it in any case, as PEP 3333 demands; what breaks off ends the turn there.
While a part is made, ``current_delivery`` finds the delivery, as it did in the handler.

Spec: https://peps.python.org/pep-3333/#specification-details
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Generic, TypeVar

from .delivery import hide, show
from .once import Turn

T = TypeVar("T")


class ToTheEnd(Generic[T]):
    """``parts``, and then the end of the turn with ``status``."""

    __slots__ = ("_close", "_parts", "_status", "_turn")

    def __init__(self, parts: Iterable[T], turn: Turn, status: int) -> None:
        self._parts = parts
        self._close: Callable[[], None] | None = getattr(parts, "close", None)
        self._status = status
        self._turn = turn

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        shown = show(self._turn.delivery)
        try:
            parts = self._parts = iter(self._parts)
            return next(parts)
        except StopIteration:
            self._turn.end(self._status)
            raise
        except BaseException:
            self._turn.end(None)
            raise
        finally:
            hide(shown)

    def close(self) -> None:
        close, self._close = self._close, None
        self._parts = ()  # which may refer to the response that refers to this
        shown = show(self._turn.delivery)
        try:
            if close is not None:
                close()
        finally:
            hide(shown)
            self._turn.end(None)  # of no effect once it was complete


class AsyncToTheEnd(Generic[T]):
    """``ToTheEnd`` for event loops."""

    __slots__ = ("_parts", "_status", "_turn")

    def __init__(self, parts: AsyncIterable[T], turn: Turn, status: int) -> None:
        self._parts = parts
        self._turn = turn
        self._status = status

    async def __aiter__(self) -> AsyncIterator[T]:
        # No variable has the part while somebody else runs: error trackers print the locals of frames.
        here: list[T] = []
        parts = aiter(self._parts)
        try:
            while await self._take(parts, here):
                yield here.pop()
            await self._turn.aend(self._status)
        finally:
            await self._turn.aend(None)

    async def _take(self, parts: AsyncIterator[T], here: list[T]) -> bool:
        shown = show(self._turn.delivery)
        try:
            here.append(await anext(parts))
        except StopAsyncIteration:
            return False
        finally:
            hide(shown)
        return True
