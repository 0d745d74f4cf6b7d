"""Savepoints on SQLite: its driver begins no transaction before one, so that releasing it would be a commit.

Spec: https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
"""

from sqlalchemy import Connection, Engine, event


def keep_whole() -> None:
    """What is written in a savepoint of SQLite's is rolled back with the transaction around it."""
    if not event.contains(Engine, "savepoint", _begin):
        event.listen(Engine, "savepoint", _begin)


def _begin(connection: Connection, _: str | None) -> None:
    if connection.dialect.name != "sqlite":
        return
    driver = connection.connection.driver_connection
    # None: the app says BEGIN itself.
    is_left_to_driver = getattr(driver, "isolation_level", None) is not None
    if is_left_to_driver and not getattr(driver, "in_transaction", True):
        connection.exec_driver_sql("BEGIN")
