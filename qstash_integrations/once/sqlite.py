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
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from .._core.errors import ConfigurationError
from .._core.runs import Run, Standing
from . import marks
from .marks import Mark

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mark (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    expires_at REAL NOT NULL  -- Unix seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mark_expires_at ON mark (expires_at);
"""
# Each claim adds two rows at most, so this keeps up.
_SWEEP = "DELETE FROM mark WHERE name IN (SELECT name FROM mark WHERE expires_at <= ? ORDER BY expires_at LIMIT 10)"


class SQLiteStore:
    """Protects on one machine. ``path`` is made with mode 0600 unless it exists.

    ``timeout`` is in seconds: a file that is locked for longer counts as an unavailable store. ``now`` returns Unix
    seconds. Raises ConfigurationError when the file cannot be opened or is something else.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0, now: Callable[[], float] = time.time):
        self._path = os.fspath(path)
        if self._path == ":memory:" or not self._path:
            raise ConfigurationError("SQLiteStore needs the path of a file; in memory there is MemoryStore()")
        self._timeout = timeout
        self._now = now
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        _close_for_forks(self)
        try:
            if os.path.isdir(self._path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            # SQLite itself would make it readable to everybody; its journal gets the mode of the file. Only if it is
            # new: closing a file that is in use here would take away the locks that SQLite has on it.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            with self._lock:
                self._open()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"SQLiteStore cannot use {self._path!r}: {error}") from error

    def claim(self, run: Run) -> Standing:
        with self._transaction() as kept:
            return marks.claim(kept, run)

    def complete(self, run: Run) -> bool:
        with self._transaction() as kept:
            return marks.complete(kept, run)

    def release(self, run: Run) -> bool:
        with self._transaction() as kept:
            return marks.release(kept, run)

    async def aclaim(self, run: Run) -> Standing:
        from anyio.to_thread import run_sync

        return await run_sync(self.claim, run)

    async def acomplete(self, run: Run) -> bool:
        from anyio.to_thread import run_sync

        return await run_sync(self.complete, run)

    async def arelease(self, run: Run) -> bool:
        from anyio.to_thread import run_sync

        return await run_sync(self.release, run)

    def close(self) -> None:
        """Close this process's connection; the next call opens a new one."""
        with self._lock:
            self._close()

    def before_fork(self) -> None:
        """Let go of the file: SQLite's locks do not survive being inherited. Nobody claims until the fork is over."""
        self._lock.acquire()
        self._close()

    def after_fork(self) -> None:
        self._lock.release()

    @contextmanager
    def _transaction(self) -> Generator["_Marks"]:
        with self._lock:
            connection = self._open()
            try:
                # IMMEDIATE: who reads first and writes later may find the file locked by another who read the same.
                connection.execute("BEGIN IMMEDIATE")
                now = self._now()
                connection.execute(_SWEEP, (now,))
                yield _Marks(connection, now)
                connection.execute("COMMIT")
            except BaseException:
                # Closing rolls back. What has failed once, say with the disk full, is not used again.
                connection.close()
                self._connection = None
                raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may forget the last claims, which is no worse than the cut itself; no wait for the disk.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

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


class _Marks:
    """The marks of one transaction."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self._connection = connection
        self._now = now

    def get(self, name: str) -> Mark | None:
        query = "SELECT value, expires_at FROM mark WHERE name = ? AND expires_at > ?"
        row = self._connection.execute(query, (name, self._now)).fetchone()
        return Mark(row[0], row[1] - self._now) if row else None

    def put(self, name: str, value: str, ttl: float) -> None:
        self._connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (name, value, self._now + ttl))

    def drop(self, name: str) -> None:
        self._connection.execute("DELETE FROM mark WHERE name = ?", (name,))
