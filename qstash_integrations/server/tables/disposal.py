"""What can be removed: finished messages, with their events and attempts, and old dead letters. The oldest first."""

import sqlite3

from .messages import Total

# Of ``totals`` each row stays, with nothing in it.
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN"
    " ('settings', 'totals')"
)


class Disposal:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def finished(self) -> Total:
        """All finished messages, those in the dead letter queue included."""
        return self._total("finished")

    def dead_letters(self) -> int:
        return self._total("dead").messages

    def remove_finished(self, before: float, limit: int) -> int:
        """Up to ``limit`` messages that ended before then; not one that a queue or the dead letter queue holds."""
        over = self._connection.execute(
            "SELECT seq FROM messages WHERE state = 'done' AND slot = 0 AND dead = 0 AND finished_at < ?"
            " ORDER BY finished_at LIMIT ?",
            (before, limit),
        ).fetchall()
        # One by one: what a statement has changed is held in memory until it is over.
        self._connection.executemany("DELETE FROM messages WHERE seq = ?", over)
        return len(over)

    def ended_runs(self) -> Total:
        """All workflow runs that are over, with the bytes of their lists."""
        return self._total("ended_runs")

    def remove_runs(self, before: float, limit: int) -> int:
        """Up to ``limit`` runs that ended before then, with their messages; not one that a dead letter is kept of."""
        cursor = self._connection.execute(
            "DELETE FROM runs WHERE seq IN (SELECT seq FROM runs AS r WHERE state <> 'RUN_STARTED' AND ended_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM messages WHERE run = r.seq AND (state <> 'done' OR dead = 1))"
            " ORDER BY ended_at LIMIT ?)",
            (before, limit),
        )
        return cursor.rowcount

    def remove_dead_letters(self, before: float, limit: int) -> int:
        """Up to ``limit`` of the oldest that entered before then."""
        rows = self._connection.execute("SELECT seq, at FROM dead_letters ORDER BY seq LIMIT ?", (limit,)).fetchall()
        old = [seq for seq, at in rows if at < before]
        self._connection.executemany("DELETE FROM dead_letters WHERE seq = ?", [(seq,) for seq in old])
        return len(old)

    def remove_all(self) -> None:
        """Everything but the settings; no number is given twice."""
        triggers = self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        # With a trigger on it, a table is emptied row by row.
        for name, _ in triggers:
            self._connection.execute(f"DROP TRIGGER {name}")
        for (table,) in self._connection.execute(_TABLES).fetchall():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608
        self._connection.execute("UPDATE totals SET messages = 0, bytes = 0")
        for _, sql in triggers:
            self._connection.execute(sql)

    def _total(self, kind: str) -> Total:
        row = self._connection.execute("SELECT messages, bytes FROM totals WHERE kind = ?", (kind,)).fetchone()
        return Total(*row)
