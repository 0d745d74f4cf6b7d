"""Queues, and which of their messages are at the head.

A message waits as ``queued`` until it gets one of its queue's slots, as many as its parallelism. It keeps the slot
while it waits for a retry, and after its end for as long as callbacks of it are under way.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ..model import Queue, State
from .encoding import any_of

_SELECT = """
    SELECT name, parallelism, paused, created_at, updated_at,
        (SELECT COUNT(*) FROM messages WHERE queue = name AND state <> 'done')
    FROM queues
"""


class QueueSlots(NamedTuple):
    parallelism: int
    paused: bool


class QueueHead(NamedTuple):
    """A message that has a slot."""

    seq: int
    state: State


class Queues:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, name: str, parallelism: int, paused: bool, now: float) -> None:
        """Create it, or change it and keep when it was created."""
        self._connection.execute(
            "INSERT INTO queues (name, parallelism, paused, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET parallelism = excluded.parallelism, paused = excluded.paused,"
            " updated_at = excluded.updated_at",
            (name, parallelism, paused, now, now),
        )

    def set_paused(self, name: str, paused: bool, now: float) -> bool:
        """Whether there is such a queue."""
        cursor = self._connection.execute(
            "UPDATE queues SET paused = ?, updated_at = ? WHERE name = ?", (paused, now, name)
        )
        return cursor.rowcount > 0

    def get(self, name: str) -> Queue | None:
        """With its length, which takes counting."""
        row = self._connection.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()
        return _queue(*row) if row else None

    def all(self) -> list[Queue]:
        return [_queue(*row) for row in self._connection.execute(f"{_SELECT} ORDER BY created_at, name")]

    def slots(self, name: str) -> QueueSlots | None:
        row = self._connection.execute("SELECT parallelism, paused FROM queues WHERE name = ?", (name,)).fetchone()
        return QueueSlots(row[0], bool(row[1])) if row else None

    def count(self) -> int:
        count: int = self._connection.execute("SELECT COUNT(*) FROM queues").fetchone()[0]
        return count

    def remove(self, name: str) -> None:
        self._connection.execute("DELETE FROM queues WHERE name = ?", (name,))

    def heads(self, name: str) -> list[QueueHead]:
        """Those that have a slot, in the order of acceptance."""
        rows = self._connection.execute(
            "SELECT seq, state FROM messages WHERE queue = ? AND slot = 1 ORDER BY seq", (name,)
        )
        return [QueueHead(*row) for row in rows]

    def promote(self, name: str, count: int) -> None:
        """Give slots to the first ``count`` that have none."""
        self._connection.execute(
            "UPDATE messages SET state = 'waiting', slot = 1 WHERE seq IN (SELECT seq FROM messages"
            " WHERE queue = ? AND state <> 'done' AND state = 'queued' ORDER BY seq LIMIT ?)",
            (name, count),
        )

    def demote(self, seqs: Sequence[int]) -> None:
        """Take the slots of messages that have not started; they stay the first in line."""
        self._connection.execute(
            "UPDATE messages SET state = 'queued', slot = 0 WHERE seq IN (SELECT value FROM json_each(?))",
            (any_of(seqs),),
        )

    def release(self, seq: int) -> str | None:
        """Take the slot of a message that is over, callbacks included; the queue that has one more to give."""
        row = self._connection.execute(
            "UPDATE messages SET slot = 0 WHERE seq = ? AND state = 'done' AND slot = 1 AND NOT EXISTS"
            " (SELECT 1 FROM messages AS c WHERE c.source = messages.seq AND c.state <> 'done') RETURNING queue",
            (seq,),
        ).fetchall()
        return row[0][0] if row else None

    def release_all(self, name: str) -> None:
        """Take the slots of whatever is over: nothing of the queue waits for it any more."""
        self._connection.execute(
            "UPDATE messages SET slot = 0 WHERE queue = ? AND slot = 1 AND state = 'done'", (name,)
        )


def _queue(name: str, parallelism: int, paused: int, created_at: float, updated_at: float, lag: int) -> Queue:
    return Queue(
        name=name,
        parallelism=parallelism,
        paused=bool(paused),
        created_at=created_at,
        updated_at=updated_at,
        lag=lag,
    )
