"""Schedules: what to publish, and when the next time is."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..model import Schedule
from .encoding import headers_from_json, options_from_json, options_to_json, texts_from_json, to_json

_SELECT = """
    SELECT id, destination, cron, headers, options, body, caller_ip, created_at, paused, next_at, last_at,
        last_message_ids, error
    FROM schedules
"""


class Schedules:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, schedule: Schedule) -> None:
        """Create it, or replace all of the one with the same id."""
        self._connection.execute(
            "INSERT INTO schedules (id, destination, cron, headers, options, body, caller_ip, created_at, paused,"
            " next_at, last_at, last_message_ids, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET destination = excluded.destination, cron = excluded.cron,"
            " headers = excluded.headers, options = excluded.options, body = excluded.body,"
            " caller_ip = excluded.caller_ip, created_at = excluded.created_at, paused = excluded.paused,"
            " next_at = excluded.next_at, last_at = excluded.last_at, last_message_ids = excluded.last_message_ids,"
            " error = excluded.error",
            (
                schedule.id,
                schedule.destination,
                schedule.cron,
                to_json(schedule.headers),
                options_to_json(schedule.options),
                schedule.body,
                schedule.caller_ip,
                schedule.created_at,
                schedule.paused,
                schedule.next_at,
                schedule.last_at,
                to_json(schedule.last_message_ids),
                schedule.error,
            ),
        )

    def get(self, schedule_id: str) -> Schedule | None:
        row = self._connection.execute(f"{_SELECT} WHERE id = ?", (schedule_id,)).fetchone()
        return _schedule(row) if row else None

    def all(self) -> list[Schedule]:
        """In the order of their creation."""
        return [_schedule(row) for row in self._connection.execute(f"{_SELECT} ORDER BY seq")]

    def count(self) -> int:
        count: int = self._connection.execute("SELECT COUNT(*) FROM schedules").fetchone()[0]
        return count

    def due(self, now: float) -> list[str]:
        """The ids of those whose time has come; a paused one has no next time."""
        rows = self._connection.execute(
            "SELECT id FROM schedules WHERE next_at IS NOT NULL AND next_at <= ? ORDER BY next_at, seq", (now,)
        )
        return [schedule_id for (schedule_id,) in rows]

    def first_due_at(self) -> float | None:
        next_at: float | None = self._connection.execute(
            "SELECT MIN(next_at) FROM schedules WHERE next_at IS NOT NULL"
        ).fetchone()[0]
        return next_at

    def remove(self, schedule_id: str) -> None:
        self._connection.execute("DELETE FROM schedules WHERE id = ?", (schedule_id,))


def _schedule(row: Sequence[Any]) -> Schedule:
    (
        id_, destination, cron, headers, options, body, caller_ip, created_at, paused, next_at, last_at,
        last_message_ids, error,
    ) = row  # fmt: skip
    return Schedule(
        id=id_,
        destination=destination,
        cron=cron,
        headers=headers_from_json(headers),
        options=options_from_json(options),
        body=body,
        caller_ip=caller_ip,
        created_at=created_at,
        paused=bool(paused),
        next_at=next_at,
        last_at=last_at,
        last_message_ids=texts_from_json(last_message_ids),
        error=error,
    )
