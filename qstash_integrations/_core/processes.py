"""What a process has of its own: locks that the child of a fork must not take over, and threads that wait.

A lock that another thread holds at the moment of a fork would stay locked in the child for ever: that thread is not
there.

Spec: https://docs.python.org/3/library/os.html#os.register_at_fork
"""

import os
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

# No WeakMethod: where a process ends, its callback may find itself gone, and says so on stderr.
_renewals: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()
_numbers = count(1)


def renew_in_children(renew: Callable[[], None]) -> None:
    """Call ``renew``, a bound method, in every child, before anything else runs there, while its object lives."""
    method: Any = renew
    _renewals[method.__self__] = method.__func__


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


def _renew_all() -> None:
    for owner, renew in list(_renewals.items()):
        renew(owner)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
