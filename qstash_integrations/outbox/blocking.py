"""A store of async code for commands, which wait: all of it runs in one event loop, to which its connections belong."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from weakref import finalize

from .row import Row
from .rule import Change
from .store import AsyncStore, Stats

T = TypeVar("T")


class BlockingStore:
    """A ``Store`` for one thread."""

    def __init__(self, inner: AsyncStore) -> None:
        self.label: str = inner.label
        self._inner = inner
        self._runner = asyncio.Runner()
        # Not by close(): the connections of a pool belong to the loop.
        finalize(self, self._runner.close)

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        return self._run(self._inner.claim(holder, now, until, limit))

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        return self._run(self._inner.own(ids, holder, until))

    def settle(self, changes: Sequence[Change]) -> int:
        return self._run(self._inner.settle(changes))

    def stats(self, now: int) -> Stats:
        return self._run(self._inner.stats(now))

    def sent(self) -> int:
        return self._run(self._inner.sent())

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        return self._run(self._inner.requeue(ids, now))

    def prune(self, before: int, limit: int) -> int:
        return self._run(self._inner.prune(before, limit))

    def parked(self, limit: int) -> list[Row]:
        return self._run(self._inner.parked(limit))

    def close(self) -> None:
        self._run(self._inner.close())

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)
