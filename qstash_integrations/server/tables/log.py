"""What happened to each message: its attempts, and its events, which refer to message and attempt, not copy them."""

import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from ..model import Filter, Outcome
from .encoding import headers_from_json, to_json
from .filters import conditions
from .news import Entry as Fresh
from .news import News

_SINCE, _UNTIL = " AND e.at >= ?", " AND e.at <= ?"
_SELECT = (
    "SELECT e.seq, e.at, e.state, e.next_at, e.message, e.attempt FROM events AS e"
    " JOIN messages AS m ON m.seq = e.message LEFT JOIN attempts AS a ON a.id = e.attempt WHERE "
)


class Entry(NamedTuple):
    """An event, its message and its attempt by number."""

    seq: int
    at: float
    state: str
    next_at: float | None
    message: int
    attempt: int | None


class Log:
    def __init__(self, connection: sqlite3.Connection, news: News) -> None:
        self._connection = connection
        self._news = news

    def add(
        self, message: int, state: str, at: float, *, next_at: float | None = None, attempt: int | None = None
    ) -> None:
        self._connection.execute(
            "INSERT INTO events (message, at, state, next_at, attempt) VALUES (?, ?, ?, ?, ?)",
            (message, at, state, next_at, attempt),
        )
        self._news.tell(Fresh(message, state, at, next_at))

    def add_to_all(self, messages: list[int], state: str, at: float) -> None:
        self._connection.executemany(
            "INSERT INTO events (message, at, state) VALUES (?, ?, ?)", [(message, at, state) for message in messages]
        )
        for message in messages:
            self._news.tell(Fresh(message, state, at, None))

    def add_attempt(self, message: int, outcome: Outcome) -> int:
        """The number of the attempt that ended with this."""
        cursor = self._connection.execute(
            "INSERT INTO attempts (message, status, headers, body, error) VALUES (?, ?, ?, ?, ?)",
            (message, outcome.status, to_json(outcome.headers), outcome.body, to_json(outcome.error)),
        )
        attempt = cursor.lastrowid
        assert attempt is not None
        return attempt

    def outcome(self, attempt: int) -> Outcome | None:
        row = self._connection.execute(
            "SELECT status, headers, body, error FROM attempts WHERE id = ?", (attempt,)
        ).fetchone()
        if row is None:
            return None
        status, headers, body, error = row
        return Outcome(status=status, headers=headers_from_json(headers), body=body, error=json.loads(error))

    def of(self, message: int) -> list[Entry]:
        """All events of one message, the oldest first."""
        rows = self._connection.execute(
            "SELECT seq, at, state, next_at, message, attempt FROM events WHERE message = ? ORDER BY seq", (message,)
        )
        return [Entry(*row) for row in rows]

    def last(self) -> int:
        """The number of the newest event, 0 when there is none."""
        newest: int = self._connection.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()[0]
        return newest

    def states(self, limit: int) -> Iterator[tuple[float, str]]:
        """When and what the last ``limit`` events were, the newest first. Read as they are taken."""
        yield from self._connection.execute("SELECT at, state FROM events ORDER BY seq DESC LIMIT ?", (limit,))

    def entries(self, wanted: Filter, *, beyond: int | None, earliest_first: bool) -> Iterator[Entry]:
        """The events asked for, from the one after ``beyond`` on. Read as they are taken."""
        sql, parameters = conditions(wanted, since=_SINCE, until=_UNTIL)
        if earliest_first:
            sql = f"{_SELECT} e.seq > ?{sql} ORDER BY e.seq"
            start = 0 if beyond is None else beyond
        else:
            sql = f"{_SELECT} e.seq < ?{sql} ORDER BY e.seq DESC"
            start = 2**62 if beyond is None else beyond
        for row in self._connection.execute(sql, (start, *parameters)):
            yield Entry(*row)
