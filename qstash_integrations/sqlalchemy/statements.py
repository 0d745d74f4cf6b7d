"""What a store does to the table, within a transaction that somebody else has begun.

A row changes hands by one UPDATE that says in which state it has to be, which holds on any database. Where rows can be
locked, whoever comes second skips them instead of trying the same ones.

Spec: https://docs.sqlalchemy.org/en/20/core/selectable.html#sqlalchemy.sql.expression.GenerativeSelect.with_for_update
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, bindparam, case, delete, func, select, update

from ..outbox.row import Row, row_stored
from ..outbox.rule import EARLIEST, FAR, OVERDUE, Change
from ..outbox.store import Stats

T = TypeVar("T")
_AT_ONCE = 500  # ids in a statement; an old SQLite may take 999 values


def claim(connection: Connection, table: Table, holder: str, now: int, until: int, limit: int) -> list[Row]:
    take = _take_locked if _skips_locked(connection.dialect) else _take
    # Apart: one condition with OR would lead few databases along the index.
    found = take(connection, table, table.c.due_at <= now, holder, until, limit)
    if len(found) < limit:
        found += take(connection, table, table.c.due_at > now + FAR, holder, until, limit - len(found))
    return sorted(found, key=_id_of)


def own(connection: Connection, table: Table, ids: Sequence[str], holder: str, until: int) -> list[Row]:
    found: list[Row] = []
    for some in _in_parts(ids):
        mine = table.c.id.in_(some), table.c.holder == holder, table.c.due_at.is_not(None)
        if connection.execute(update(table).where(*mine).values(due_at=until)).rowcount:
            found += map(row_stored, connection.execute(select(table).where(*mine)))
    return sorted(found, key=_id_of)


def settle(connection: Connection, table: Table, changes: Sequence[Change]) -> int:
    """Rows of one holder that become alike in one statement, others in one call of the driver."""
    deleted: defaultdict[str, list[str]] = defaultdict(list)
    alike: defaultdict[tuple[Any, ...], list[str]] = defaultdict(list)
    for change in changes:
        if change.delete:
            deleted[change.holder].append(change.id)
        else:
            become = (change.due_at, change.error, change.tries, change.sent_at, change.message_id)
            alike[change.holder, *become].append(change.id)
    held = 0
    for holder, ids in deleted.items():
        for some in _in_parts(ids):
            held += connection.execute(delete(table).where(table.c.id.in_(some), table.c.holder == holder)).rowcount
    return held + _update(connection, table, alike)


def stats(connection: Connection, table: Table, now: int) -> Stats:
    is_overdue = case((table.c.created_at < now - OVERDUE, 1))
    waiting = connection.execute(
        select(func.count(), func.count(is_overdue), func.min(table.c.created_at)).where(table.c.due_at >= EARLIEST)
    ).one()
    return Stats(
        waiting=waiting[0],
        overdue=waiting[1],
        parked=_count(connection, table, *_parked(table)),
        oldest_at=waiting[2],
    )


def sent(connection: Connection, table: Table) -> int:
    return _count(connection, table, table.c.sent_at.is_not(None))


def requeue(connection: Connection, table: Table, ids: Sequence[str] | None, now: int) -> int:
    again = update(table).where(*_parked(table)).values(due_at=now, tries=0)
    if ids is None:
        return connection.execute(again).rowcount
    return sum(connection.execute(again.where(table.c.id.in_(some))).rowcount for some in _in_parts(ids))


def prune(connection: Connection, table: Table, before: int, limit: int) -> int:
    is_old = table.c.sent_at < before
    ids = connection.scalars(select(table.c.id).where(is_old).order_by(table.c.sent_at).limit(limit)).all()
    return sum(
        connection.execute(delete(table).where(is_old, table.c.id.in_(some))).rowcount for some in _in_parts(ids)
    )


def parked(connection: Connection, table: Table, limit: int) -> list[Row]:
    oldest = select(table).where(*_parked(table)).order_by(table.c.id).limit(limit)
    return [row_stored(found) for found in connection.execute(oldest)]


def _skips_locked(dialect: Any) -> bool:
    if dialect.name in ("mysql", "mariadb"):
        return bool(dialect.server_version_info >= ((10, 6) if dialect.is_mariadb else (8, 0, 1)))
    return dialect.name in ("postgresql", "oracle")


def _take_locked(
    connection: Connection, table: Table, due: ColumnElement[bool], holder: str, until: int, limit: int
) -> list[Row]:
    oldest = select(table).where(due).order_by(table.c.due_at, table.c.id).limit(limit)
    found = [row_stored(one) for one in connection.execute(oldest.with_for_update(skip_locked=True))]
    for some in _in_parts([row.id for row in found]):
        connection.execute(update(table).where(table.c.id.in_(some)).values(holder=holder, due_at=until))
    return [replace(row, holder=holder, due_at=until) for row in found]


def _take(
    connection: Connection, table: Table, due: ColumnElement[bool], holder: str, until: int, limit: int
) -> list[Row]:
    oldest = select(table.c.id).where(due).order_by(table.c.due_at, table.c.id).limit(limit)
    if connection.dialect.name == "sqlite" and connection.dialect.update_returning:
        # In one statement: who reads first and writes then is refused at once where another has written meanwhile.
        taken = update(table).where(table.c.id.in_(oldest)).values(holder=holder, due_at=until)
        return [row_stored(one) for one in connection.execute(taken.returning(table))]
    found: list[Row] = []
    for some in _in_parts(connection.scalars(oldest).all()):
        these = table.c.id.in_(some)
        if connection.execute(update(table).where(due, these).values(holder=holder, due_at=until)).rowcount:
            mine = select(table).where(these, table.c.holder == holder)
            found += [row_stored(one) for one in connection.execute(mine)]
    return found


def _update(connection: Connection, table: Table, alike: dict[tuple[Any, ...], list[str]]) -> int:
    held = 0
    ids: defaultdict[str, list[str]] = defaultdict(list)
    each: list[dict[str, Any]] = []
    for (holder, due_at, error, tries, sent_at, message_id), same in alike.items():
        ids[holder] += same
        values = {"due_at": due_at, "error": error, "tries": tries, "sent_at": sent_at, "message_id": message_id}
        each += [{"of_id": row_id, "of_holder": holder, **values} for row_id in same]
    if each:
        # In the order in which other statements come by the rows, so that fewer deadlock.
        each.sort(key=_of_id)
        one = table.c.id == bindparam("of_id"), table.c.holder == bindparam("of_holder")
        columns = ("due_at", "error", "tries", "sent_at", "message_id")
        connection.execute(update(table).where(*one).values({name: bindparam(name) for name in columns}), each)
    # Drivers do not agree on how many rows several statements have changed.
    for holder, same in ids.items():
        for some in _in_parts(same):
            held += _count(connection, table, table.c.id.in_(some), table.c.holder == holder)
    return held


def _parked(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.due_at.is_(None), table.c.sent_at.is_(None)


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def _id_of(row: Row) -> str:
    return row.id


def _of_id(values: dict[str, Any]) -> str:
    found: str = values["of_id"]
    return found


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))
