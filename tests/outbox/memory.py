"""A store in memory: the contract in as few words as it has."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from qstash_integrations._core.publishing.operations.message import publish
from qstash_integrations.outbox.row import Row, new_holder
from qstash_integrations.outbox.rule import FAR, OVERDUE, Change
from qstash_integrations.outbox.store import Stats
from qstash_integrations.outbox.written import rows_of


class MemoryStore:
    label = "memory"

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._lock = threading.Lock()

    def write(self, rows: Iterable[Row]) -> None:
        self.rows |= {row.id: row for row in rows}

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        def is_due(row: Row) -> bool:
            return row.due_at is not None and (row.due_at <= now or row.due_at > now + FAR)

        with self._lock:
            due = sorted(self._rows(is_due), key=lambda row: (row.due_at or 0, row.id))[:limit]
            return self._hold(due, holder, until)

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        def is_own(row: Row) -> bool:
            return row.id in ids and row.holder == holder and row.due_at is not None

        with self._lock:
            return self._hold(self._rows(is_own), holder, until)

    def settle(self, changes: Sequence[Change]) -> int:
        with self._lock:
            return sum(map(self._settle, changes))

    def stats(self, now: int) -> Stats:
        waiting = self._rows(lambda row: row.due_at is not None)
        return Stats(
            waiting=len(waiting),
            overdue=sum(row.created_at < now - OVERDUE for row in waiting),
            parked=len(self._rows(is_parked)),
            oldest_at=min((row.created_at for row in waiting), default=None),
        )

    def sent(self) -> int:
        return len(self._rows(lambda row: row.sent_at is not None))

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        with self._lock:
            found = self._rows(lambda row: is_parked(row) and (ids is None or row.id in ids))
            self.write(replace(row, due_at=now, tries=0) for row in found)
            return len(found)

    def prune(self, before: int, limit: int) -> int:
        with self._lock:
            found = self._rows(lambda row: row.sent_at is not None and row.sent_at < before)[:limit]
            for row in found:
                del self.rows[row.id]
            return len(found)

    def parked(self, limit: int) -> list[Row]:
        return self._rows(is_parked)[:limit]

    def close(self) -> None:
        pass

    def _rows(self, wanted: Callable[[Row], bool]) -> list[Row]:
        return sorted(filter(wanted, self.rows.values()), key=lambda row: row.id)

    def _hold(self, rows: list[Row], holder: str, until: int) -> list[Row]:
        held = [replace(row, holder=holder, due_at=until) for row in sorted(rows, key=lambda row: row.id)]
        self.write(held)
        return held

    def _settle(self, change: Change) -> bool:
        row = self.rows.get(change.id)
        if row is None or row.holder != change.holder or row.due_at is None:
            return False
        if change.delete:
            del self.rows[change.id]
        else:
            self.rows[change.id] = replace(
                row,
                due_at=change.due_at,
                error=change.error,
                tries=change.tries,
                sent_at=change.sent_at,
                message_id=change.message_id,
            )
        return True


class AsyncMemoryStore:
    """The same for async code."""

    label = "memory"

    def __init__(self, store: MemoryStore) -> None:
        self.inner = store

    async def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        return self.inner.claim(holder, now, until, limit)

    async def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        return self.inner.own(ids, holder, until)

    async def settle(self, changes: Sequence[Change]) -> int:
        return self.inner.settle(changes)

    async def stats(self, now: int) -> Stats:
        return self.inner.stats(now)

    async def sent(self) -> int:
        return self.inner.sent()

    async def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        return self.inner.requeue(ids, now)

    async def prune(self, before: int, limit: int) -> int:
        return self.inner.prune(before, limit)

    async def parked(self, limit: int) -> list[Row]:
        return self.inner.parked(limit)

    async def close(self) -> None:
        pass


def is_parked(row: Row) -> bool:
    return row.due_at is None and row.sent_at is None


def filled(store: MemoryStore, count: int, **values: Any) -> list[Row]:
    """Puts rows in that have just been due."""
    now = time.time_ns() // 1_000_000
    message = publish({"url": "https://shop.example/hooks/ship", "body": "hi", **values}, None)
    rows = [row for _ in range(count) for row in rows_of(message, now - 30_000, new_holder())]
    store.write(rows)
    return rows
