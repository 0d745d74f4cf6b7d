"""The dead letter queue: messages that failed for good, with the attempt that was the last."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..model import Filter
from .encoding import any_of
from .filters import conditions

_SINCE, _UNTIL = " AND d.at >= ?", " AND d.at <= ?"
_SELECT = (
    "SELECT d.seq, d.at, d.message, d.attempt FROM dead_letters AS d"
    " JOIN messages AS m ON m.seq = d.message JOIN attempts AS a ON a.id = d.attempt WHERE "
)


class Letter(NamedTuple):
    """A dead letter, its message and its attempt by number."""

    seq: int
    at: float
    message: int
    attempt: int


class DeadLetters:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, message: int, attempt: int, at: float) -> int:
        cursor = self._connection.execute(
            "INSERT INTO dead_letters (at, message, attempt) VALUES (?, ?, ?)", (at, message, attempt)
        )
        seq = cursor.lastrowid
        assert seq is not None
        return seq

    def get(self, seq: int) -> Letter | None:
        row = self._connection.execute(
            "SELECT seq, at, message, attempt FROM dead_letters WHERE seq = ?", (seq,)
        ).fetchone()
        return Letter(*row) if row else None

    def of(self, message: int) -> Letter | None:
        row = self._connection.execute(
            "SELECT seq, at, message, attempt FROM dead_letters WHERE message = ?", (message,)
        ).fetchone()
        return Letter(*row) if row else None

    def letters(self, wanted: Filter, *, beyond: int | None = None, earliest_first: bool = True) -> Iterator[Letter]:
        """The dead letters asked for, from the one after ``beyond`` on. Read as they are taken."""
        sql, parameters = conditions(wanted, since=_SINCE, until=_UNTIL)
        if earliest_first:
            sql = f"{_SELECT} d.seq > ?{sql} ORDER BY d.seq"
            start = 0 if beyond is None else beyond
        else:
            sql = f"{_SELECT} d.seq < ?{sql} ORDER BY d.seq DESC"
            start = 2**62 if beyond is None else beyond
        for row in self._connection.execute(sql, (start, *parameters)):
            yield Letter(*row)

    def remove(self, seqs: Sequence[int]) -> None:
        self._connection.execute(
            "DELETE FROM dead_letters WHERE seq IN (SELECT value FROM json_each(?))", (any_of(seqs),)
        )
