"""What was done for Workflow runs, read for their log: all messages of one, and how the attempts for it ended."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ..model import Message, Outcome, RunFilter
from .encoding import any_of, headers_from_json
from .messages import SELECT_MESSAGE, message_of
from .runs import run_conditions

_EVENTS = (
    "SELECT e.seq, e.at, e.state, e.next_at, r.seq, m.seq, e.attempt FROM events AS e"
    " LEFT JOIN messages AS m ON m.seq = e.message JOIN runs AS r ON r.seq = COALESCE(m.run, -e.message) WHERE "
)


class Tried(NamedTuple):
    """An attempt for a run, and its message by number."""

    message: int
    at: float
    state: str
    outcome: Outcome


class RunEntry(NamedTuple):
    """An event of a run, by number, or of a message of it."""

    seq: int
    at: float
    state: str
    next_at: float | None
    run: int
    message: int | None
    attempt: int | None


class RunHistory:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def messages(self, run: int) -> list[Message]:
        """All that are kept, in the order of their acceptance."""
        rows = self._connection.execute(f"{SELECT_MESSAGE} WHERE m.run = ? ORDER BY m.seq", (run,))
        return [message_of(row) for row in rows]

    def events(self, wanted: RunFilter, *, beyond: int | None) -> Iterator[RunEntry]:
        """The newest first, from the one after ``beyond`` on; states, dates and messages are the events' own."""
        runs = replace(wanted, states=(), from_at=None, to_at=None, message_ids=())
        sql, parameters = run_conditions(runs)
        for condition, value in (
            (" AND e.state IN (SELECT value FROM json_each(?))", any_of(wanted.states) if wanted.states else None),
            (
                " AND m.id IN (SELECT value FROM json_each(?))",
                any_of(wanted.message_ids) if wanted.message_ids else None,
            ),
            (" AND e.at >= ?", wanted.from_at),
            (" AND e.at <= ?", wanted.to_at),
        ):
            if value is not None:
                sql += condition
                parameters.append(value)
        rows = self._connection.execute(
            f"{_EVENTS} e.seq < ?{sql} ORDER BY e.seq DESC",
            (2**62 if beyond is None else beyond, *parameters),
        )
        for row in rows:
            yield RunEntry(*row)

    def attempts(self, run: int) -> list[Tried]:
        """Those that are over, once each, the oldest first."""
        rows = self._connection.execute(
            "SELECT e.message, e.at, e.state, a.status, a.headers, a.body, a.error FROM messages AS m"
            " JOIN events AS e ON e.message = m.seq JOIN attempts AS a ON a.id = e.attempt"
            " WHERE m.run = ? AND e.state IN ('DELIVERED', 'ERROR') ORDER BY e.seq",
            (run,),
        )
        return [
            Tried(
                message,
                at,
                state,
                Outcome(status=status, headers=headers_from_json(headers), body=body, error=json.loads(error)),
            )
            for message, at, state, status, headers, body, error in rows
        ]
