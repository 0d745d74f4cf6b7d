"""A response that is sent part by part: its turn ends with the last one, for making them may be the work.

Whoever sends it iterates over it and closes it in any case, as PEP 3333 demands; what breaks off ends the turn there.

Spec: https://peps.python.org/pep-3333/#specification-details
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Generic, TypeVar

from .once import Turn

T = TypeVar("T")


class ToTheEnd(Generic[T]):
    """``parts``, and then the end of the turn with ``status``."""

    __slots__ = ("_parts", "_status", "_turn")

    def __init__(self, parts: Iterable[T], turn: Turn, status: int) -> None:
        self._parts = parts
        self._turn = turn
        self._status = status

    def __iter__(self) -> Iterator[T]:
        try:
            yield from self._parts
            self._turn.end(self._status)
        finally:
            self._turn.end(None)  # of no effect once it was complete

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            self._turn.end(None)


class AsyncToTheEnd(Generic[T]):
    """``ToTheEnd`` for event loops."""

    __slots__ = ("_parts", "_status", "_turn")

    def __init__(self, parts: AsyncIterable[T], turn: Turn, status: int) -> None:
        self._parts = parts
        self._turn = turn
        self._status = status

    async def __aiter__(self) -> AsyncIterator[T]:
        # No variable has the part while somebody else runs: error trackers print the locals of frames.
        here: dict[str, T] = {}
        try:
            async for here["part"] in self._parts:
                yield here.pop("part")
            await self._turn.aend(self._status)
        finally:
            await self._turn.aend(None)
