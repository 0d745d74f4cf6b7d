"""The table of one database: a mark is taken, and what is left of it where its attempt has failed.

Taking waits a second at most for whoever is at work on the same message. The models are not needed, nor imported.

Spec: https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT and
https://mariadb.com/kb/en/innodb-lock-modes/
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError

from ...inbox import WAIT, Mark, Standing, standing

_INSERT = "INSERT INTO qstash_inbox (message, token, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_INSERT_IN_MARIADB = "INSERT IGNORE INTO qstash_inbox (message, token, at) VALUES (%s, %s, %s)"
_FIND = "SELECT message, token FROM qstash_inbox WHERE message = %s OR token = %s"
_CHANGE = "UPDATE qstash_inbox SET message = %s, at = %s WHERE token = %s AND message = %s"
# How long PostgreSQL waits, for this transaction: what it was, and what it is from now on.
_WAIT = (
    "WITH was AS MATERIALIZED (SELECT current_setting('lock_timeout') AS patience) "
    "SELECT patience, set_config('lock_timeout', %s, true) FROM was"
)
# What it is for a connection of the others.
_PATIENCE = {
    "mysql": ("SELECT @@innodb_lock_wait_timeout", "SET innodb_lock_wait_timeout = {}", WAIT),
    "sqlite": ("PRAGMA busy_timeout", "PRAGMA busy_timeout = {}", WAIT * 1000),
}


@contextmanager
def impatient(connection: Any) -> Generator[None]:
    """Who takes a mark waits a second at most. Around the beginning of the transaction: SQLite may wait there."""
    if connection.vendor not in _PATIENCE:
        yield
        return
    ask, tell, wait = _PATIENCE[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(ask)
        (was,) = cursor.fetchone()
        cursor.execute(tell.format(min(was, wait)))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(tell.format(was))


def take(connection: Any, mark: Mark, at: int) -> Standing:
    """Write it, in the open transaction; or why not. A database error where others hold it for too long."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return _taken(cursor, _INSERT_IN_MARIADB if connection.vendor == "mysql" else _INSERT, mark, at)
        cursor.execute(_WAIT, (f"{WAIT}s",))
        patience, _ = cursor.fetchone()
        found = _taken(cursor, _INSERT, mark, at)
        if found in ("first", "again"):
            cursor.execute(_WAIT, (patience,))
        return found


def fail(connection: Any, mark: Mark, at: int) -> None:
    """The message may come again, and no other with its token."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, (mark.failed, at, mark.token, mark.message))


def spend(connection: Any, mark: Mark, at: int) -> None:
    """The token is this message's: of an attempt that was not handled, since another was or is."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_WAIT, (f"{WAIT}s",))
        insert = _INSERT_IN_MARIADB if connection.vendor == "mysql" else _INSERT
        cursor.execute(insert, (mark.failed, mark.token, at))


def _taken(cursor: Any, insert: str, mark: Mark, at: int) -> Standing:
    for _ in range(2):
        cursor.execute(insert, (mark.message, mark.token, at))
        if cursor.rowcount == 1:
            return "first"
        cursor.execute(_FIND, (mark.message, mark.token))
        found = standing(mark, cursor.fetchall())
        if found != "busy":
            return _retaken(cursor, mark, at) if found == "again" else found
    return "busy"


def _retaken(cursor: Any, mark: Mark, at: int) -> Standing:
    try:
        cursor.execute(_CHANGE, (mark.message, at, mark.token, mark.failed))
    except IntegrityError:
        return "busy"  # another attempt has begun in this moment
    return "again" if cursor.rowcount == 1 else "busy"
