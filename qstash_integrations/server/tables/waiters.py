"""What steps of workflow runs wait for, and events that came before anybody waited for them."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..model import Notification, Waiter
from .encoding import headers_from_json, to_json
from .messages import Total

_SELECT = "SELECT run, step_id, event_id, url, timeout, deadline_at, headers, step FROM waiters WHERE "
_NOTIFICATION = "SELECT seq, run, event_id, body, at FROM notifications WHERE "


class Waiters:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, waiter: Waiter) -> None:
        self._connection.execute(
            "INSERT INTO waiters (run, step_id, event_id, url, timeout, deadline_at, headers, step)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                waiter.run, waiter.step_id, waiter.event_id, waiter.url, waiter.timeout, waiter.deadline_at,
                to_json(waiter.headers), waiter.step,
            ),
        )  # fmt: skip

    def get(self, run: int, step_id: int) -> Waiter | None:
        row = self._connection.execute(f"{_SELECT} run = ? AND step_id = ?", (run, step_id)).fetchone()
        return _waiter(row) if row else None

    def of_event(self, event_id: str, run: int | None = None) -> list[Waiter]:
        """All that wait for it, or those of one run; the longest waiting run first."""
        if run is None:
            rows = self._connection.execute(f"{_SELECT} event_id = ? ORDER BY run, step_id", (event_id,))
        else:
            rows = self._connection.execute(f"{_SELECT} event_id = ? AND run = ? ORDER BY step_id", (event_id, run))
        return [_waiter(row) for row in rows]

    def of_run(self, run: int) -> list[Waiter]:
        rows = self._connection.execute(f"{_SELECT} run = ? ORDER BY step_id", (run,))
        return [_waiter(row) for row in rows]

    def count(self, run: int) -> int:
        """How many steps of a run wait."""
        count: int = self._connection.execute("SELECT COUNT(*) FROM waiters WHERE run = ?", (run,)).fetchone()[0]
        return count

    def due(self, now: float, limit: int) -> list[Waiter]:
        """Those that have waited for too long, the earliest deadline first."""
        rows = self._connection.execute(f"{_SELECT} deadline_at <= ? ORDER BY deadline_at LIMIT ?", (now, limit))
        return [_waiter(row) for row in rows]

    def first_deadline_at(self) -> float | None:
        deadline_at: float | None = self._connection.execute("SELECT MIN(deadline_at) FROM waiters").fetchone()[0]
        return deadline_at

    def remove(self, run: int, step_id: int) -> None:
        self._connection.execute("DELETE FROM waiters WHERE run = ? AND step_id = ?", (run, step_id))

    def forget_run(self, run: int) -> None:
        """The run is over: nothing waits, and nothing will."""
        self._connection.execute("DELETE FROM waiters WHERE run = ?", (run,))
        self._connection.execute("DELETE FROM notifications WHERE run = ?", (run,))

    def keep(self, run: int, event_id: str, body: bytes, now: float) -> None:
        """An event for a step that will wait for it."""
        self._connection.execute(
            "INSERT INTO notifications (run, event_id, body, at) VALUES (?, ?, ?, ?)", (run, event_id, body, now)
        )

    def kept(self, run: int) -> Total:
        """All events that a run has not waited for yet."""
        row = self._connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(length(body)), 0) FROM notifications WHERE run = ?", (run,)
        ).fetchone()
        return Total(*row)

    def take(self, run: int, event_id: str) -> Notification | None:
        """The oldest one that was kept, which is kept no longer."""
        row = self._connection.execute(
            f"{_NOTIFICATION} run = ? AND event_id = ? ORDER BY seq LIMIT 1", (run, event_id)
        ).fetchone()
        if row is None:
            return None
        seq, of_run, of_event, body, at = row
        self._connection.execute("DELETE FROM notifications WHERE seq = ?", (seq,))
        return Notification(seq=seq, run=of_run, event_id=of_event, body=body, at=at)


def _waiter(row: Sequence[Any]) -> Waiter:
    run, step_id, event_id, url, timeout, deadline_at, headers, step = row
    return Waiter(
        run=run,
        step_id=step_id,
        event_id=event_id,
        url=url,
        timeout=timeout,
        deadline_at=deadline_at,
        headers=headers_from_json(headers),
        step=step,
    )
