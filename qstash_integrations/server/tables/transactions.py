"""Transactions on the one connection, and calls that share one: a part is committed with the whole, or not at all.

A savepoint could undo a part alone. It would copy every page that the part changes, for a case that never comes: what
is refused is refused before anything is stored.
"""

import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from ..model import StorageFull
from .news import News

_FULL = "the storage is full: free disk space or delete messages, then try again"


class PartFailed(Exception):
    """A part failed when some of it was stored, and the whole was undone: do the other parts again, one by one."""


class Transactions:
    def __init__(self, connection: sqlite3.Connection, news: News) -> None:
        self.connection = connection
        self._news = news
        self._is_open = False
        self.is_spoilt: bool = False

    def __call__(self) -> AbstractContextManager[None]:
        """All of the block, or nothing. Raises StorageFull when there is no room for it."""
        return _Part(self) if self._is_open else self._whole()

    @contextmanager
    def _whole(self) -> Generator[None]:
        self._is_open = True
        self.is_spoilt = False
        told = len(self._news.fresh)
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            if self.is_spoilt:
                raise PartFailed
            self.connection.execute("COMMIT")
        except BaseException as error:
            # Some errors, a full disk among them, have undone all of it already.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            del self._news.fresh[told:]
            if _is_full(error):
                raise StorageFull(507, _FULL) from error
            raise
        finally:
            self._is_open = False


class _Part:
    """No generator: every message takes part in several."""

    __slots__ = ("_changes", "_whole")

    def __init__(self, whole: Transactions) -> None:
        self._whole = whole

    def __enter__(self) -> None:
        if self._whole.is_spoilt:
            raise PartFailed
        self._changes = self._whole.connection.total_changes

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            return
        connection = self._whole.connection
        if not connection.in_transaction or connection.total_changes != self._changes:
            self._whole.is_spoilt = True
        if _is_full(error):
            raise StorageFull(507, _FULL) from error


def _is_full(error: BaseException) -> bool:
    # A quota that is used up is reported as a failed write.
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
    )
