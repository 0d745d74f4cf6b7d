"""The leases of what is at work in this process, renewed by one thread.

Short leases let a message run again soon after its handler was killed; renewed, they let a handler work for hours.
The thread is there while anybody is at work, and starts again with a later claim. It refers to no turn: one that is
forgotten is renewed no more.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any

from ..processes import renew_in_children
from .report import Reporter
from .runs import Run

_PARTS = 3  # a lease is renewed when a third of it is over: there is time for more tries
_PARTS_WHILE_DOWN = 10
_IDLE = 10.0  # seconds for which the thread stays at most when nobody is at work


class Lease:
    """One run at work. Its times are those of the clock by which it is renewed."""

    __slots__ = ("due_at", "ended", "lost", "over_at", "reporter", "run", "store")

    def __init__(self, store: Any, run: Run, reporter: Reporter, now: float) -> None:
        self.store: Any = store
        self.run: Run = run
        self.reporter: Reporter = reporter
        self.ended: bool = False
        """Nothing but this is set by the garbage collector, which may be at work anywhere."""
        self.lost: bool = False
        """It was over before it could be renewed. Said once."""
        self.begin(now)

    def begin(self, now: float) -> None:
        self.due_at: float = now + self.run.lease / _PARTS
        self.over_at: float = now + self.run.lease


class Renewals:
    """What is at work. Somebody else keeps the time: ``now`` counts seconds, and ``renew_due`` has to be called."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._leases: dict[Lease, None] = {}

    def watch(self, store: Any, run: Run, reporter: Reporter) -> Lease:
        """Renew the lease of ``run`` from now on, until it has ended."""
        lease = Lease(store, run, reporter, self._now())
        self._leases[lease] = None
        return lease

    def forget(self, lease: Lease) -> None:
        lease.ended = True
        self._leases.pop(lease, None)

    def due_at(self) -> float:
        """When the next one is due; inf when nobody is at work."""
        return min((lease.due_at for lease in list(self._leases)), default=inf)

    def renew_due(self) -> None:
        """Renew what is due, and what is nearest to its end first.

        A store that fails is asked once in a round: the leases in others cannot wait for each of its timeouts.
        """
        down: set[int] = set()
        for lease in sorted(self._leases, key=_end_of):
            if lease.ended:
                self.forget(lease)
            elif lease.due_at <= self._now():
                self._renew(lease, down)

    def _renew(self, lease: Lease, down: set[int]) -> None:
        began_at = self._now()
        try:
            held: bool | None = None if id(lease.store) in down else lease.store.renew(lease.run)
        except Exception as error:  # noqa: BLE001 - whatever breaks, the others are still to be renewed
            down.add(id(lease.store))
            lease.reporter.store_failed(error)
            held = None
        if lease.ended:
            # It may have come behind the end of the turn, and must not keep the message busy.
            self.forget(lease)
            with suppress(Exception):
                lease.store.release(lease.run)
        elif held:
            lease.begin(began_at)
        elif held is None:
            self._postpone(lease)
        else:
            self.forget(lease)
            lease.lost = True
            lease.reporter.overtaken(lease.run.lease)

    def _postpone(self, lease: Lease) -> None:
        """Nobody knows whether it was renewed. It is tried for as long as the handler works: it may still be free."""
        now = self._now()
        lease.due_at = now + lease.run.lease / _PARTS_WHILE_DOWN
        if now >= lease.over_at and not lease.lost:
            lease.lost = True
            lease.reporter.not_renewed(lease.run.lease)


class RenewingThread(Renewals):
    """Renews when it is due. Safe between threads, and over forks: a child is at work on nothing."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._thread: threading.Thread | None = None
        self._wakes_at: float = inf
        """Seconds; inf while it is awake, or not there."""
        self._start_anew()
        renew_in_children(self._start_anew)

    def watch(self, store: Any, run: Run, reporter: Reporter) -> Lease:
        """As above; RuntimeError when no thread can be started."""
        lease = super().watch(store, run, reporter)
        if lease.due_at < self._wakes_at:
            try:
                self._wake()
            except BaseException:
                self.forget(lease)
                raise
        return lease

    def _wake(self) -> None:
        with self._changed:
            # One that something unforeseen has ended, say a filter of the log, is replaced.
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._work, name="qstash_integrations leases", daemon=True)
                thread.start()
                self._thread = thread
            # Awake, it is about to look for itself.
            if self._wakes_at < inf:
                self._wakes_at = min(self._wakes_at, self.due_at())
                self._changed.notify()

    def _work(self) -> None:
        while self._wait():
            self.renew_due()

    def _wait(self) -> bool:
        """Sleep until something is due; False when nobody has been at work for a while."""
        with self._changed:
            self._wakes_at = min(self.due_at(), self._now() + _IDLE)
            # Until then, also where what it was woken for has ended: the next claim would wake it again.
            while (left := self._wakes_at - self._now()) > 0:
                self._changed.wait(left)
            # Before it looks: who comes from now on wakes it, or has been seen.
            self._wakes_at = inf
            if not self._leases:
                self._thread = None
            return self._thread is not None

    def _start_anew(self) -> None:
        self._leases = {}
        self._changed = threading.Condition()
        self._thread = None
        self._wakes_at = inf


def _end_of(lease: Lease) -> float:
    return lease.over_at


THE_THREAD = RenewingThread()
"""Of this process, for all stores."""
