"""Worker threads in which event loops let others wait."""

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")

_numbers = count(1)


class Threads:
    """Up to ``limit`` threads at a time for each event loop, apart from those that everybody shares.

    Whatever does not answer keeps its threads until it is given up: the shared ones, in which frameworks run plain
    views, would soon all be waiting for it. Belongs to no event loop.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._limiters: Any = None

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Like ``anyio.to_thread.run_sync``; who waits for a thread waits in turn."""
        # Imported here: plain apps get along without.
        from anyio import CapacityLimiter
        from anyio.lowlevel import RunVar
        from anyio.to_thread import run_sync

        if self._limiters is None:
            # To anyio 4.9, for one, variables of the same name are the same.
            self._limiters = RunVar[CapacityLimiter | None](f"qstash_integrations {next(_numbers)}", None)
        limiter = self._limiters.get()
        if limiter is None:
            limiter = CapacityLimiter(self._limit)
            self._limiters.set(limiter)
        return await run_sync(call, *arguments, limiter=limiter)
