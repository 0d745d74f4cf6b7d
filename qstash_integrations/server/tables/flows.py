"""Flow-control keys: their limits, the running period, and when what they hold back may start."""

import sqlite3

from ..model import Flow

MOST_SHOWN = 1000
_SELECT = """
    SELECT key, parallelism, rate, period, paused, pinned_parallelism, pinned_rate, rate_count, period_start_at,
        wake_at, (SELECT COUNT(*) FROM messages WHERE state = 'active' AND flow_key = key)
"""
_WITH_HELD = ", (SELECT COUNT(*) FROM messages WHERE state = 'held' AND parked = 0 AND flow_key = key) FROM flows "
_WITHOUT_HELD = ", 0 FROM flows "


class Flows:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, flow: Flow) -> None:
        """Store all but the counts of messages, which follow from the messages."""
        self._connection.execute(
            "INSERT INTO flows (key, parallelism, rate, period, paused, pinned_parallelism, pinned_rate, rate_count,"
            " period_start_at, wake_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
            " parallelism = excluded.parallelism, rate = excluded.rate, period = excluded.period,"
            " paused = excluded.paused, pinned_parallelism = excluded.pinned_parallelism,"
            " pinned_rate = excluded.pinned_rate, rate_count = excluded.rate_count,"
            " period_start_at = excluded.period_start_at, wake_at = excluded.wake_at",
            (
                flow.key,
                flow.parallelism,
                flow.rate,
                flow.period,
                flow.paused,
                flow.pinned_parallelism,
                flow.pinned_rate,
                flow.rate_count,
                flow.period_start_at,
                flow.wake_at,
            ),
        )

    def get(self, key: str) -> Flow | None:
        """Without the number of held messages: counting them would take as long as they are many."""
        row = self._connection.execute(f"{_SELECT}{_WITHOUT_HELD} WHERE key = ?", (key,)).fetchone()
        return _flow(*row) if row else None

    def shown(self, key: str) -> Flow | None:
        row = self._connection.execute(f"{_SELECT}{_WITH_HELD} WHERE key = ?", (key,)).fetchone()
        return _flow(*row) if row else None

    def search(self, part: str) -> list[Flow]:
        """Those with ``part`` in their key, by key."""
        rows = self._connection.execute(
            f"{_SELECT}{_WITH_HELD} WHERE instr(key, ?) > 0 ORDER BY key LIMIT ?", (part, MOST_SHOWN)
        )
        return [_flow(*row) for row in rows]

    def wake(self, key: str, at: float | None) -> None:
        self._connection.execute("UPDATE flows SET wake_at = ? WHERE key = ?", (at, key))

    def awake(self, now: float, limit: int) -> list[str]:
        """Keys whose held messages may start, the one that was due first before the others."""
        rows = self._connection.execute(
            "SELECT key FROM flows WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at, key LIMIT ?",
            (now, limit),
        )
        return [key for (key,) in rows]

    def first_wake_at(self) -> float | None:
        wake_at: float | None = self._connection.execute(
            "SELECT MIN(wake_at) FROM flows WHERE wake_at IS NOT NULL"
        ).fetchone()[0]
        return wake_at


def _flow(
    key: str,
    parallelism: int | None,
    rate: int | None,
    period: int,
    paused: int,
    pinned_parallelism: int,
    pinned_rate: int,
    rate_count: int,
    period_start_at: float,
    wake_at: float | None,
    active: int,
    held: int,
) -> Flow:
    return Flow(
        key=key,
        parallelism=parallelism,
        rate=rate,
        period=period,
        paused=bool(paused),
        pinned_parallelism=bool(pinned_parallelism),
        pinned_rate=bool(pinned_rate),
        rate_count=rate_count,
        period_start_at=period_start_at,
        wake_at=wake_at,
        active=active,
        held=held,
    )
