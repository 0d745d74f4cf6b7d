"""Sending what was written once it has committed: off the request's path, in a thread or a task of its own.

The client should try each call once, and for no longer than some ten seconds: a row is held for a minute.
Whoever commits neither waits nor fails. What cannot be sent now stays due, for the next sweep of whomever.
"""

import asyncio
import atexit
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary, WeakSet

from .._core.processes import renew_in_children
from .._core.publishing.client import AsyncQStash, QStash
from .clock import Clock
from .driving import adrive, drive
from .pace import MOST_JOBS, Job, Pace, left_to_sweep
from .rule import BATCH
from .store import AsyncStore, Store

_IDLE = 10.0  # seconds, after which the thread ends; the next commit starts another
_AT_EXIT = 2.0  # seconds for which a process that ends waits for what it has just written
_senders: WeakSet["Sender"] = WeakSet()


class Sender:
    """One thread at most, of this process: a fork starts its own. ``keep`` says whether sent rows stay."""

    def __init__(
        self,
        store: Store,
        client: QStash,
        *,
        keep: Callable[[], bool] = bool,
        clock: Clock = Clock(),  # noqa: B008 - a constant
    ) -> None:
        self._store = store
        self._client = client
        self._pace = Pace(clock, keep)
        self._thread: threading.Thread | None = None
        self._renew()
        renew_in_children(self._renew)
        _senders.add(self)

    def sent_soon(self, ids: Sequence[str], holder: str) -> None:
        """For whoever has committed. Never raises, and waits for no database and no QStash."""
        try:
            with self._changed:
                if len(self._jobs) >= MOST_JOBS:
                    return
                self._jobs.append((list(ids), holder))
                if self._thread is None or not self._thread.is_alive():  # ended by no Exception, such as of gevent
                    thread = threading.Thread(target=self._run, name="qstash outbox", daemon=True)
                    thread.start()
                    self._thread = thread
                else:
                    self._changed.notify_all()
        except RuntimeError as error:
            # No thread can be started: the interpreter ends, or there are too many.
            left_to_sweep(self._store.label, error)

    def wait(self, within: float) -> bool:
        """Until it has nothing to do, for so many seconds at most; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._is_busy, within)

    def _run(self) -> None:
        while jobs := self._next():
            try:
                drive(self._pace.after_commits(jobs), self._store, self._client)
            except Exception as error:  # noqa: BLE001 - the thread goes on, whatever becomes of one job
                left_to_sweep(self._store.label, error)
            try:
                self._store.close()
            except Exception as error:  # noqa: BLE001 - of a connection that is broken
                left_to_sweep(self._store.label, error)

    def _next(self) -> list[Job]:
        """Those that fit into one call, as soon as there are any; none once the thread is to end."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._jobs, _IDLE):
                self._thread = None
                return []
            self._is_busy = True
            return some_of(self._jobs)

    def _renew(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._thread = None
        self._is_busy = False


class AsyncSender:
    """One task at most for each event loop of asyncio. ``keep`` says whether sent rows stay."""

    def __init__(
        self,
        store: AsyncStore,
        client: AsyncQStash,
        *,
        keep: Callable[[], bool] = bool,
        clock: Clock = Clock(),  # noqa: B008 - a constant
    ) -> None:
        self._store = store
        self._client = client
        self._keep = keep
        self._clock = clock
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = WeakKeyDictionary()

    def sent_soon(self, ids: Sequence[str], holder: str) -> None:
        """As of ``Sender``, in the thread of the event loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            left_to_sweep(self._store.label, error)
            return
        here = self._loops.get(loop)
        if here is None:
            here = self._loops[loop] = _Loop(Pace(self._clock, self._keep))
        if len(here.jobs) >= MOST_JOBS:
            return
        here.jobs.append((list(ids), holder))
        if here.task is None or here.task.done():
            # Nothing of the request's context: the task outlives it, and sends what others have written.
            here.task = loop.create_task(self._run(here), context=contextvars.Context())

    async def wait(self) -> None:
        """Until it has nothing to do in this event loop."""
        here = self._loops.get(asyncio.get_running_loop())
        while here is not None and here.task is not None and not here.task.done():
            await asyncio.wait([here.task])

    async def _run(self, here: "_Loop") -> None:
        while here.jobs:
            try:
                await adrive(here.pace.after_commits(some_of(here.jobs)), self._store, self._client)
            except Exception as error:  # noqa: BLE001 - the task goes on, whatever becomes of one job
                left_to_sweep(self._store.label, error)


class _Loop:
    """What one event loop has."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.jobs: deque[Job] = deque()
        self.task: asyncio.Task[None] | None = None


def some_of(jobs: deque[Job]) -> list[Job]:
    """Take as many of the first as one call has room for, one at least."""
    taken = [jobs.popleft()]
    rows = len(taken[0][0])
    while jobs and rows + len(jobs[0][0]) <= BATCH:
        taken.append(jobs.popleft())
        rows += len(taken[-1][0])
    return taken


def _wait_for_all() -> None:
    """A command that has written something ends when it is sent, unless QStash takes its time."""
    ends_at = time.monotonic() + _AT_EXIT
    for sender in list(_senders):
        sender.wait(max(0.0, ends_at - time.monotonic()))


atexit.register(_wait_for_all)
