"""The marks in a table of one of Django's databases, and the statements for each kind of database.

What is usual takes one statement, which is a transaction of its own. Whatever else there is is decided by the rule of
``marks.py`` over rows that are locked: an absent one is put there first, empty and expired, since only what is there
can be locked. The message comes before the token everywhere, so that no two wait for each other; MariaDB locks gaps as
well and may still give one of them up, who tries again. Times are those of the database's clock, which all machines
share.

Spec: https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT and
https://mariadb.com/kb/en/insert-on-duplicate-key-update/
"""

from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from .._core.receiving.runs import Run
from . import marks
from .marks import Mark, milliseconds

TABLE = "qstash_once"
# A claim adds two rows, so this keeps up.
SWEPT_AT_ONCE = 10

_BEGIN = "INSERT INTO qstash_once (name, value, expires_at) VALUES (%s, %s, {now} + %s), (%s, %s, {now} + %s)"
_RENEW = "UPDATE qstash_once SET expires_at = {now} + %s WHERE name = %s AND value = %s"
_END = "UPDATE qstash_once SET value = %s, expires_at = {now} + %s WHERE name = %s AND value = %s"
_RELEASE = "DELETE FROM qstash_once WHERE name = %s AND value = %s AND expires_at > {now}"
# Where the row is there, this changes nothing, and locks it.
_LOCK = (
    "INSERT INTO qstash_once (name, value, expires_at) VALUES (%s, '', 0) "
    "ON CONFLICT (name) DO UPDATE SET expires_at = qstash_once.expires_at"
)
_LOCK_IN_MARIADB = (
    "INSERT INTO qstash_once (name, value, expires_at) VALUES (%s, '', 0) "
    "ON DUPLICATE KEY UPDATE expires_at = expires_at"
)
_FIND = "SELECT value, expires_at - {now} FROM qstash_once WHERE name = %s"
_PUT = "UPDATE qstash_once SET value = %s, expires_at = {now} + %s WHERE name = %s"
_DROP = "DELETE FROM qstash_once WHERE name = %s"
_EXPIRED = "SELECT name FROM qstash_once WHERE expires_at <= {now} ORDER BY expires_at LIMIT 10"
# By their names, which is how everybody else comes to a row; what was renewed meanwhile stays.
_SWEEP = "DELETE FROM qstash_once WHERE name IN (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) AND expires_at <= {now}"
# Rows that others lock are at work again, or being deleted.
_SWEEP_IN_POSTGRESQL = (
    "DELETE FROM qstash_once WHERE name IN (SELECT name FROM qstash_once "
    "WHERE name IN (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) AND expires_at <= {now} FOR UPDATE SKIP LOCKED)"
)


class Statements(NamedTuple):
    """Those of one kind of database."""

    begin: str
    renew: str
    end: str
    release: str
    lock: str
    find: str
    put: str
    expired: str
    sweep: str


def _statements(now: str, *, lock: str = _LOCK, sweep: str = _SWEEP) -> Statements:
    """``now`` is what the clock of the database says, in Unix milliseconds."""
    texts = (_BEGIN, _RENEW, _END, _RELEASE, lock, _FIND, _PUT, _EXPIRED, sweep)
    return Statements(*(text.format(now=now) for text in texts))


STATEMENTS = {
    "postgresql": _statements("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint", sweep=_SWEEP_IN_POSTGRESQL),
    # MariaDB is one.
    "mysql": _statements(
        "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)",
        lock=_LOCK_IN_MARIADB,
    ),
    "sqlite": _statements("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"),
}


class Rows:
    """The table as one connection reaches it, outside of every transaction of the app."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._statements = STATEMENTS[connection.vendor]

    def begin(self, run: Run) -> bool:
        """Put what a claim puts for a run that is free; False, and nothing, where there is a mark already."""
        from django.db import IntegrityError

        token, message = marks.names(run)
        row = (message, marks.at_work(run), milliseconds(run.lease), token, run.message, milliseconds(run.token_ttl))
        try:
            with self._savepoint():
                self._execute(self._statements.begin, *row)
        except IntegrityError:
            return False
        return True

    def renew(self, run: Run) -> bool:
        """Begin its lease anew where it stands; False, and nothing, where it does not."""
        _, message = marks.names(run)
        return self._execute(self._statements.renew, milliseconds(run.lease), message, marks.at_work(run)) == 1

    def end(self, run: Run) -> bool:
        """Mark it as done where it stands; False, and nothing, where it does not."""
        _, message = marks.names(run)
        values = (marks.DONE, milliseconds(run.kept), message, marks.at_work(run))
        return self._execute(self._statements.end, *values) == 1

    def release(self, run: Run) -> bool:
        """Whether it was at work, which it is no more."""
        _, message = marks.names(run)
        return self._execute(self._statements.release, message, marks.at_work(run)) == 1

    def sweep(self) -> int:
        """Delete some of what has expired; how many."""
        with self._savepoint(), self._connection.cursor() as cursor:
            cursor.execute(self._statements.expired)
            names = [name for (name,) in cursor.fetchall()]
            if names:
                # The last one as often as there are places left.
                cursor.execute(self._statements.sweep, [*names, *names[-1:] * (SWEPT_AT_ONCE - len(names))])
        return len(names)

    @contextmanager
    def locked(self, *names: str) -> Generator["Locked"]:
        """The marks of these names, which nobody else reads or writes meanwhile."""
        from django.db import transaction

        with transaction.atomic(using=self._connection.alias), self._connection.cursor() as cursor:
            # In this order for everybody: message:..., then token:...
            for name in sorted(names):
                cursor.execute(self._statements.lock, (name,))
            yield Locked(cursor, self._statements)

    def _savepoint(self) -> Any:
        """An error must not end the transaction of a TestCase, the only one that can be open."""
        from django.db import transaction

        if not self._connection.in_atomic_block:
            return nullcontext()
        return transaction.atomic(using=self._connection.alias)

    def _execute(self, statement: str, *values: object) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)


class Locked:
    """Some marks, each of which has a row: what ``marks.py`` decides over."""

    def __init__(self, cursor: Any, statements: Statements) -> None:
        self._cursor = cursor
        self._statements = statements

    def get(self, name: str) -> Mark | None:
        self._cursor.execute(self._statements.find, (name,))
        value, left = self._cursor.fetchone()
        return Mark(value, left / 1000) if left > 0 else None

    def put(self, name: str, value: str, ttl: float) -> None:
        self._cursor.execute(self._statements.put, (value, milliseconds(ttl), name))

    lease = put

    def drop(self, name: str) -> None:
        self._cursor.execute(_DROP, (name,))
