"""What databases do to those who use them: connections that are closed, and transactions that are given up."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Thread

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests.databases import Database
from tests.waiting import wait_until

_OTHERS = {
    "postgresql": (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SELECT pg_terminate_backend({})",
    ),
    "mysql": (
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
        "KILL {}",
    ),
}
_WAITING = {
    "postgresql": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted",
    "mysql": "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
}
# Who has changed more, or waits longer, is not the one whose transaction is given up.
_STRONG = {
    "postgresql": ["SET deadlock_timeout = '30s'"],
    "mysql": ["CREATE TABLE weight (id INTEGER)", "INSERT INTO weight SELECT seq FROM seq_1_to_1000"],
}


def close_connections(database: Database) -> None:
    """All that others have to it, as a server does that is started anew."""
    with _connected(database) as connection:
        others, kill = _OTHERS[connection.dialect.name]
        for (one,) in connection.execute(text(others)).all():
            with suppress(DBAPIError):  # gone meanwhile
                connection.execute(text(kill.format(one)))


def lock_out(database: Database, ids: Sequence[str]) -> Thread:
    """Lock the last of the rows; where somebody comes who has the first and waits, wait for that one.

    The database finds the deadlock, and gives the other one's transaction up. The result ends with it.
    """
    connection = _connected(database)
    dialect = connection.dialect.name
    for statement in _STRONG[dialect]:
        connection.execute(text(statement))
    connection.rollback()  # of nothing: only now the level may be another one
    connection.execution_options(isolation_level="READ COMMITTED")
    if dialect == "mysql":
        connection.execute(text("UPDATE weight SET id = id + 1"))
    lock = text("SELECT id FROM qstash_outbox WHERE id = :id FOR UPDATE")
    connection.execute(lock, {"id": ids[-1]})

    def cross() -> None:
        with connection, _connected(database) as watching:
            wait_until(lambda: watching.execute(text(_WAITING[dialect])).scalar_one() > 0)
            connection.execute(lock, {"id": ids[0]})
            connection.rollback()

    thread = Thread(target=cross)
    thread.start()
    return thread


def _connected(database: Database) -> Connection:
    return create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()
