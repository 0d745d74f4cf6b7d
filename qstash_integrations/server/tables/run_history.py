"""What was done for Workflow runs, read for their log: all messages of one, and how the attempts for it ended."""

import json
import sqlite3
from typing import NamedTuple

from ..model import Message, Outcome
from .encoding import headers_from_json
from .messages import SELECT_MESSAGE, message_of


class Tried(NamedTuple):
    """An attempt for a run, and its message by number."""

    message: int
    at: float
    state: str
    outcome: Outcome


class RunHistory:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def messages(self, run: int) -> list[Message]:
        """All that are kept, in the order of their acceptance."""
        rows = self._connection.execute(f"{SELECT_MESSAGE} WHERE m.run = ? ORDER BY m.seq", (run,))
        return [message_of(row) for row in rows]

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
