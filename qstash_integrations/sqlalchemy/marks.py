"""A mark is taken in the open transaction of a connection, or found to be taken.

Taking waits a second at most for whoever is at work on the same message.

Spec: https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#insert-on-conflict-upsert and
https://mariadb.com/kb/en/innodb-lock-modes/
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..inbox import WAIT, Mark, Standing, standing

_ON_CONFLICT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_MARIADB = ("mysql", "mariadb")
DIALECTS = (*_ON_CONFLICT, *_MARIADB)
# How long PostgreSQL waits, for this transaction: what it was, and what it is from now on.
_WAIT = text(
    "WITH was AS MATERIALIZED (SELECT current_setting('lock_timeout') AS patience) "
    "SELECT patience, set_config('lock_timeout', :patience, true) FROM was"
)
# What it is for a connection of the others.
_PATIENCE = {
    **dict.fromkeys(_MARIADB, ("SELECT @@innodb_lock_wait_timeout", "SET innodb_lock_wait_timeout = {}", WAIT)),
    "sqlite": ("PRAGMA busy_timeout", "PRAGMA busy_timeout = {}", WAIT * 1000),
}


def take(connection: Connection, table: Table, mark: Mark, at: int) -> Standing:
    """Write it; or why not. A database error where others hold it for too long."""
    if connection.dialect.name != "postgresql":
        with _impatient(connection):
            return _taken(connection, table, mark, at)
    patience = connection.execute(_WAIT, {"patience": f"{WAIT}s"}).scalar_one()
    found = _taken(connection, table, mark, at)
    connection.execute(_WAIT, {"patience": patience})
    return found


@contextmanager
def _impatient(connection: Connection) -> Generator[None]:
    ask, tell, wait = _PATIENCE[connection.dialect.name]
    was = int(connection.exec_driver_sql(ask).scalar_one())
    connection.exec_driver_sql(tell.format(min(was, wait)))
    try:
        yield
    finally:
        connection.exec_driver_sql(tell.format(was))


def _taken(connection: Connection, table: Table, mark: Mark, at: int) -> Standing:
    rows = select(table.c.message, table.c.token).where(
        or_(table.c.message == mark.message, table.c.token == mark.token)
    )
    for _ in range(2):
        if _is_inserted(connection, table, {"message": mark.message, "token": mark.token, "at": at}):
            return "first"
        # In MariaDB the snapshot of an older read would not show what was committed since.
        of_now = rows.with_for_update(read=True) if connection.dialect.name in _MARIADB else rows
        found = standing(mark, [(row.message, row.token) for row in connection.execute(of_now)])
        if found == "done":
            # The token is this message's: it lets no other message in. Counts if the session commits.
            _is_inserted(connection, table, {"message": mark.failed, "token": mark.token, "at": at})
        if found != "busy":
            return _retaken(connection, table, mark, at) if found == "again" else found
    return "busy"


def _is_inserted(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    if connection.dialect.name in _MARIADB:
        return connection.execute(insert(table).prefix_with("IGNORE"), row).rowcount == 1
    statement = _ON_CONFLICT[connection.dialect.name](table).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(table.c.token)).first() is not None


def _retaken(connection: Connection, table: Table, mark: Mark, at: int) -> Standing:
    failed = update(table).where(table.c.token == mark.token, table.c.message == mark.failed)
    try:
        changed = connection.execute(failed.values(message=mark.message, at=at)).rowcount
    except IntegrityError:
        return "busy"  # another attempt has begun in this moment
    return "again" if changed == 1 else "busy"
