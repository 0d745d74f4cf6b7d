"""The rows of one database, as ``outbox.store.Store`` asks for them.

Each method is on the connection of the thread that calls it, and commits at once: what is claimed is known to
everybody before it is sent. A row changes hands by one UPDATE that says in which state it has to be, which holds on any
database; where rows can be locked, whoever comes second skips them instead of waiting.

Spec: https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-for-update
"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.models import Case, CharField, Count, Min, Q, QuerySet, Value, When

from ...outbox.row import Row
from ...outbox.rule import EARLIEST, FAR, OVERDUE, Change
from ...outbox.store import Stats
from .models import StoredMessage
from .receipts import tell

T = TypeVar("T")

_IS_TOLD = ("postgresql", "mysql")
_READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
_AT_ONCE = 500  # ids in a statement; SQLite may take 999 values


class DjangoStore:
    """The table on one database alias. Holds no connection."""

    def __init__(self, alias: str) -> None:
        self.label: str = alias

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        # Apart: one condition with OR would lead no database along the index.
        found = self._claim(self._rows().filter(due_at__lte=now), holder, until, limit)
        if len(found) < limit:
            far = self._rows().filter(due_at__gt=now + FAR)
            found += self._claim(far, holder, until, limit - len(found))
        return sorted(found, key=_id_of)

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        found: list[Row] = []
        for some in _in_parts(ids):
            own = self._rows().filter(pk__in=some, holder=holder, due_at__isnull=False)
            if own.update(due_at=until):
                found += [stored.row for stored in own.order_by("pk")]
        return found

    def settle(self, changes: Sequence[Change]) -> int:
        alike: defaultdict[tuple[object, ...], list[Change]] = defaultdict(list)
        for change in changes:
            key = (change.holder, change.delete, change.due_at, change.error, change.tries, change.sent_at)
            alike[key].append(change)
        parts = [some for same in alike.values() for some in _in_parts(same)]
        # Asked again after a deadlock, it has to find all of them, or none, as it has left them.
        with self._transaction() if len(parts) > 1 else nullcontext():
            held = sum(map(self._settle, parts))
        for change in changes:
            if change.message_id is not None:
                tell(change.id, change.message_id)
        return held

    def stats(self, now: int) -> Stats:
        waiting = self._rows().filter(due_at__gte=EARLIEST)
        of_waiting = waiting.aggregate(
            count=Count("pk"), overdue=Count("pk", filter=Q(created_at__lt=now - OVERDUE)), oldest_at=Min("created_at")
        )
        return Stats(
            waiting=of_waiting["count"],
            overdue=of_waiting["overdue"],
            parked=self._parked().count(),
            oldest_at=of_waiting["oldest_at"],
        )

    def sent(self) -> int:
        return self._rows().filter(sent_at__isnull=False).count()

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        parked = self._parked()
        if ids is None:
            return parked.update(due_at=now, tries=0)
        return sum(parked.filter(pk__in=some).update(due_at=now, tries=0) for some in _in_parts(ids))

    def prune(self, before: int, limit: int) -> int:
        old = self._rows().filter(sent_at__lt=before)
        ids = list(old.order_by("sent_at").values_list("pk", flat=True)[:limit])
        return self._delete(old.filter(pk__in=ids))

    def parked(self, limit: int) -> list[Row]:
        return [stored.row for stored in self._parked().order_by("pk")[:limit]]

    def close(self) -> None:
        """The connection of this thread, which is none that Django closes with a request."""
        connection = connections[self.label]
        if connection.in_atomic_block or is_in_memory(connection):
            return  # a test's, which is at home in it
        connection.close()
        del connections[self.label]

    def _claim(self, due: QuerySet[StoredMessage], holder: str, until: int, limit: int) -> list[Row]:
        oldest = due.order_by("due_at", "pk")
        if not connections[self.label].features.has_select_for_update_skip_locked:
            ids = list(oldest.values_list("pk", flat=True)[:limit])
            if not ids or not due.filter(pk__in=ids).update(holder=holder, due_at=until):
                return []
            own = self._rows().filter(pk__in=ids, holder=holder, due_at=until)
            return [stored.row for stored in own]
        with self._transaction():
            found = list(oldest.select_for_update(skip_locked=True)[:limit])
            self._rows().filter(pk__in=[stored.pk for stored in found]).update(holder=holder, due_at=until)
        for stored in found:
            stored.holder, stored.due_at = holder, until
        return [stored.row for stored in found]

    def _settle(self, alike: Sequence[Change]) -> int:
        """Changes that are the same but for the rows, and the messages that these have become."""
        first = alike[0]
        held = self._rows().filter(pk__in=[change.id for change in alike], holder=first.holder)
        if first.delete:
            return self._delete(held)
        told = [When(pk=change.id, then=Value(change.message_id)) for change in alike if change.message_id is not None]
        return held.update(
            due_at=first.due_at,
            error=first.error,
            tries=first.tries,
            sent_at=first.sent_at,
            message_id=Case(*told, output_field=CharField()) if told else None,
        )

    def _delete(self, these: QuerySet[StoredMessage]) -> int:
        # Where somebody listens to deletions of any model, delete() would read the rows, and forget the condition.
        return these.order_by()._raw_delete(self.label) or 0

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """At READ COMMITTED, so that whoever has waited for a row sees what became of it.

        Higher, PostgreSQL gives up who comes to a row that has changed, and MySQL locks what lies between rows as well.
        """
        connection: Any = connections[self.label]
        connection.ensure_connection()
        is_told = connection.vendor in _IS_TOLD and not connection.in_atomic_block and not _reads_committed(connection)
        if is_told and connection.vendor == "mysql":  # which is told before
            self._execute(_READ_COMMITTED)
        with transaction.atomic(using=self.label, durable=True):
            if is_told and connection.vendor != "mysql":
                self._execute(_READ_COMMITTED)
            yield

    def _execute(self, statement: str) -> None:
        with connections[self.label].cursor() as cursor:
            cursor.execute(statement)

    def _parked(self) -> QuerySet[StoredMessage]:
        return self._rows().filter(due_at__isnull=True, sent_at__isnull=True)

    def _rows(self) -> QuerySet[StoredMessage]:
        connection = connections[self.label]
        # Requests begin with this; a relay is none, and outlives the connections that a server closes.
        if connection.errors_occurred and not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return StoredMessage.objects.using(self.label)


def is_in_memory(connection: Any) -> bool:
    """Whether other connections find another database, or one that locks them out."""
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())


def _reads_committed(connection: Any) -> bool:
    level = connection.isolation_level
    # Of psycopg an enum, of MySQL a text.
    return str(getattr(level, "name", level)).replace("_", " ").lower() == "read committed"


def _id_of(row: Row) -> str:
    return row.id


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))
