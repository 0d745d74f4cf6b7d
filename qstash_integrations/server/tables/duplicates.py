"""Which message was accepted under a deduplication key, until its window closes."""

import sqlite3


class Duplicates:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def earlier(self, key: str, now: float) -> str | None:
        """The id of the message that a new one with this key would repeat."""
        row = self._connection.execute(
            "SELECT message_id FROM duplicates WHERE key = ? AND expires_at > ?", (key, now)
        ).fetchone()
        return row[0] if row else None

    def remember(self, key: str, message_id: str, expires_at: float) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO duplicates (key, message_id, expires_at) VALUES (?, ?, ?)",
            (key, message_id, expires_at),
        )

    def forget_expired(self, now: float, limit: int) -> int:
        cursor = self._connection.execute(
            "DELETE FROM duplicates WHERE key IN (SELECT key FROM duplicates WHERE expires_at <= ? LIMIT ?)",
            (now, limit),
        )
        return cursor.rowcount
