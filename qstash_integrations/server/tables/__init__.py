"""Everything the local server knows, in SQLite: one module per table or closely related tables.

No rule of QStash is in here: the engine says what to store, and asks for what is due.
"""

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from .database import connect
from .dead_letters import DeadLetters
from .disposal import Disposal
from .duplicates import Duplicates
from .flows import Flows
from .listing import Listing
from .log import Log
from .messages import Messages
from .news import News
from .queues import Queues
from .run_history import RunHistory
from .runs import Runs
from .schedules import Schedules
from .settings import Settings
from .transactions import Transactions
from .url_groups import UrlGroups
from .waiters import Waiters

__all__ = ["Store"]


class Store:
    """The tables on one connection, for one thread at a time. ``close`` it at the end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.news: News = News(connection)
        self._transactions = Transactions(connection, self.news)
        self.messages: Messages = Messages(connection)
        self.log: Log = Log(connection, self.news)
        self.listing: Listing = Listing(connection)
        self.dead_letters: DeadLetters = DeadLetters(connection)
        self.queues: Queues = Queues(connection)
        self.flows: Flows = Flows(connection)
        self.schedules: Schedules = Schedules(connection)
        self.url_groups: UrlGroups = UrlGroups(connection)
        self.duplicates: Duplicates = Duplicates(connection)
        self.settings: Settings = Settings(connection)
        self.runs: Runs = Runs(connection)
        self.run_history: RunHistory = RunHistory(connection)
        self.waiters: Waiters = Waiters(connection)
        self.disposal: Disposal = Disposal(connection)

    @classmethod
    def open(cls, path: Path | None, *, max_bytes: int | None = None) -> Self:
        """The store in a file, which is made if it is missing, or in memory for None.

        ``max_bytes`` caps its size. Raises StartupError, in one line, when the file cannot be used.
        """
        return cls(connect(path, max_bytes=max_bytes))

    def transaction(self) -> AbstractContextManager[None]:
        """All that is stored in the block, or nothing. Raises StorageFull when there is no room for it.

        Within another one it is a part of that, and stored with the whole or not at all.
        """
        return self._transactions()

    def close(self) -> None:
        """Free the file for others. May be called again."""
        self._connection.close()
