"""Claims in an SQLite file: for any number of threads and processes of one machine.

The file holds digests and expiry times only. It belongs on a local disk: the locks of network file systems do not hold
what SQLite needs. Deleting it while nobody is at work forgets what was done, nothing else.

Spec: https://www.sqlite.org/wal.html and https://www.sqlite.org/howtocorrupt.html
"""

import errno
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import TypeVar

from .._core.errors import ConfigurationError
from .._core.processes import Threads
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from . import marks
from .marks import Mark

T = TypeVar("T")

_LONGEST = 3600.0  # seconds
_SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    expires_at REAL NOT NULL,  -- Unix seconds
    leased_until REAL  -- of who is at work: seconds of the machine's monotonic clock, which all processes share
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claim_expires_at ON claim (expires_at);
"""
# Each claim adds two rows at most, so this keeps up.
_SWEPT_AT_ONCE = 10
_SWEEP = "DELETE FROM claim WHERE name IN (SELECT name FROM claim WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)"
_SWEEP_EVERY = 1.0  # seconds, unless something is left
# Seconds for which the row of a handler stays that was killed: much longer than a clock is ever set forward.
_SWEPT_AFTER = 86_400.0


class SQLiteStore:
    """Protects on one machine. ``path`` is made with mode 0600 unless it exists.

    ``timeout`` is in seconds, and for a whole call: what is kept from the file for longer, by a lock on it or by the
    calls before, counts as an unavailable store. ``now`` returns Unix seconds, ``monotonic`` the machine's seconds, by
    which leases end whatever the clock is set to. Raises ConfigurationError when the file cannot be opened or is
    something else.
    """

    _connection: sqlite3.Connection | None = None

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lease: float = LEASE,
        kept: float = KEPT,
        timeout: float = 5.0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        check_periods(lease, kept)
        self.lease = lease
        self.kept = kept
        self._path = os.fspath(path)
        if self._path == ":memory:" or not self._path:
            raise ConfigurationError("SQLiteStore needs the path of a file; in memory there is MemoryStore()")
        if type(timeout) not in (int, float) or not 0 <= timeout <= _LONGEST:
            raise ConfigurationError(f"timeout must be 0 to {_LONGEST:.0f} seconds, not {timeout!r}")
        self._timeout = timeout
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # One call at a time uses the connection; more threads would only wait for it.
        self._threads = Threads(1)
        self._patience: int | None = None  # milliseconds, of the connection
        self._swept_at = -inf
        _close_for_forks(self)
        try:
            if os.path.isdir(self._path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            # SQLite itself would make it readable to everybody; its journal gets the mode of the file. Only if it is
            # new: closing a file that is in use here would take away the locks that SQLite has on it.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            with self._lock:
                self._open(self._deadline())
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"SQLiteStore cannot use {self._path!r}: {error}") from error

    def claim(self, run: Run) -> Standing:
        return self._call(_claim, run, self._deadline())

    def renew(self, run: Run) -> bool:
        # Others are waiting for their turn in the same thread.
        return self._call(marks.renew, run, time.monotonic() + min(self._timeout, run.lease / 10))

    def complete(self, run: Run) -> bool:
        return self._call(_complete, run, self._deadline())

    def release(self, run: Run) -> bool:
        return self._call(marks.release, run, self._deadline())

    async def aclaim(self, run: Run) -> Standing:
        return await self._threads.run(self._call, _claim, run, self._deadline())

    async def acomplete(self, run: Run) -> bool:
        return await self._threads.run(self._call, _complete, run, self._deadline())

    async def arelease(self, run: Run) -> bool:
        return await self._threads.run(self._call, marks.release, run, self._deadline())

    def close(self) -> None:
        """Close this process's connection; the next call opens a new one."""
        with self._lock:
            self._close()

    def __del__(self) -> None:
        # An app has its store for as long as it lives, and Python 3.13 warns of connections that are left to it.
        if self._connection is not None:
            self._connection.close()

    def before_fork(self) -> None:
        """Let go of the file: SQLite's locks do not survive being inherited. Nobody claims until the fork is over."""
        self._lock.acquire()
        self._close()

    def after_fork(self) -> None:
        """In the child, which has the lock as the fork found it: held."""
        self._lock.release()

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout

    def _call(self, rule: "Callable[[_Marks, Run], T]", run: Run, deadline: float) -> T:
        if not self._lock.acquire(timeout=_left(deadline)):
            raise TimeoutError("other calls kept SQLiteStore from its file for longer than its timeout")
        try:
            return self._decided(rule, run, deadline)
        finally:
            self._lock.release()

    def _decided(self, rule: "Callable[[_Marks, Run], T]", run: Run, deadline: float) -> T:
        """In one transaction."""
        connection = self._open(deadline)
        try:
            self._wait_until(deadline, connection)
            # IMMEDIATE: who reads first and writes later may find the file locked by another who read the same.
            connection.execute("BEGIN IMMEDIATE")
            # Not before it: who has waited for the lock has a whole lease all the same.
            now = self._now()
            self._sweep(connection, now)
            decided = rule(_Marks(connection, now, self._monotonic()), run)
            connection.commit()
            return decided
        except BaseException:
            # Closing rolls back. What has failed once, say with the disk full, is not used again.
            connection.close()
            self._connection = None
            raise

    def _sweep(self, connection: sqlite3.Connection, now: float) -> None:
        # The clock may have been set back.
        if 0 <= now - self._swept_at < _SWEEP_EVERY:
            return
        if connection.execute(_SWEEP, (now, _SWEPT_AT_ONCE)).rowcount < _SWEPT_AT_ONCE:
            self._swept_at = now

    def _open(self, deadline: float) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._patience = None
        try:
            self._wait_until(deadline, connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may forget the last claims, which is no worse than the cut itself; no wait for the disk.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA trusted_schema = OFF")
            self._wait_until(deadline, connection)
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _wait_until(self, deadline: float, connection: sqlite3.Connection) -> None:
        """How long the next statements may wait for a locked file; each for itself, so it is said again between."""
        patience = int(_left(deadline) * 1000)
        if patience != self._patience:
            connection.execute(f"PRAGMA busy_timeout = {patience}")
            self._patience = patience

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _close_for_forks(store: SQLiteStore) -> None:
    if not hasattr(os, "register_at_fork"):
        return
    # Weakly: what is registered stays for the life of the process.
    alive = weakref.ref(store)
    held: list[SQLiteStore] = []

    def before() -> None:
        if made := alive():
            made.before_fork()
            held.append(made)

    def after() -> None:
        while held:
            held.pop().after_fork()

    os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.0)


def _claim(kept: "_Marks", run: Run) -> Standing:
    """``marks.claim``, in one statement where message and token come for the first time."""
    return Standing("free") if kept.begin(run) else marks.claim(kept, run)


def _complete(kept: "_Marks", run: Run) -> bool:
    """``marks.complete``, in one statement where the run still stands there."""
    return kept.end(run) or marks.complete(kept, run)


class _Marks:
    """The marks of one transaction."""

    def __init__(self, connection: sqlite3.Connection, now: float, monotonic: float) -> None:
        self._connection = connection
        self._now = now
        self._monotonic = monotonic

    def get(self, name: str) -> Mark | None:
        query = "SELECT value, expires_at, leased_until FROM claim WHERE name = ?"
        row = self._connection.execute(query, (name,)).fetchone()
        if row is None:
            return None
        value, expires_at, leased_until = row
        left = expires_at - self._now if leased_until is None else leased_until - self._monotonic
        return Mark(value, left) if left > 0 else None

    def put(self, name: str, value: str, ttl: float) -> None:
        self._write(name, value, self._now + ttl, None)

    def lease(self, name: str, value: str, ttl: float) -> None:
        self._write(name, value, *self._until(ttl))

    def begin(self, run: Run) -> bool:
        """Put what a claim puts for a run that is free; False, and nothing, where there is a mark already."""
        (token, message), at_work = marks.names(run), marks.at_work(run)
        try:
            self._connection.execute(
                "INSERT INTO claim VALUES (?, ?, ?, NULL), (?, ?, ?, ?)",
                (token, run.message, self._now + run.token_ttl, message, at_work, *self._until(run.lease)),
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def end(self, run: Run) -> bool:
        """Mark it as done where it is at work; False, and nothing, where it is not."""
        change = "UPDATE claim SET value = ?, expires_at = ?, leased_until = NULL WHERE name = ? AND value = ?"
        row = (marks.DONE, self._now + run.kept, marks.names(run)[1], marks.at_work(run))
        return self._connection.execute(change, row).rowcount == 1

    def drop(self, name: str) -> None:
        self._connection.execute("DELETE FROM claim WHERE name = ?", (name,))

    def _until(self, ttl: float) -> tuple[float, float]:
        return self._now + max(ttl, _SWEPT_AFTER), self._monotonic + ttl

    def _write(self, *row: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)", row)
