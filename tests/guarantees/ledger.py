"""What was committed, what was sent and what came of it, each asked of the database that knows."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.pool import NullPool

from tests.databases import Database

Rows = Mapping[str, list[Mapping[str, Any]]]


class Ledger:
    """Of a shop's database; its own tables are made here."""

    def __init__(self, database: Database) -> None:
        # SQLite is asked while everybody else writes.
        patient = {"timeout": 30} if database.url.startswith("sqlite") else {}
        self._engine = create_engine(database.url, poolclass=NullPool, connect_args=patient)
        with self._engine.begin() as connection:
            for table in ("orders", "effects"):
                connection.execute(text(f"CREATE TABLE {table} (number INTEGER)"))

    def count(self, table: str) -> Counter[int]:
        """How often each number is in it."""
        with self._engine.connect() as connection:
            return Counter(connection.execute(text(f"SELECT number FROM {table}")).scalars())

    def waiting(self) -> int:
        return self._number("due_at IS NOT NULL")

    def parked(self) -> int:
        return self._number("due_at IS NULL AND sent_at IS NULL")

    def rows(self) -> list[Mapping[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text("SELECT * FROM qstash_outbox ORDER BY id")).mappings()]

    def everything(self) -> Rows:
        """What a replica has that falls behind from here on."""
        with self._engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in self._tables().sorted_tables
            }

    def fail_over(self, to: Rows) -> None:
        """To the replica, which is behind."""
        with self._engine.begin() as connection:
            for table in self._tables().sorted_tables:
                connection.execute(table.delete())
                if rows := to[table.name]:
                    connection.execute(table.insert(), [dict(row) for row in rows])

    def _tables(self) -> MetaData:
        metadata = MetaData()
        metadata.reflect(self._engine, only=("orders", "effects", "qstash_outbox", "qstash_inbox"))
        return metadata

    def _number(self, where: str) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(text(f"SELECT COUNT(*) FROM qstash_outbox WHERE {where}")).scalar_one())


def accepted(file: Path) -> Counter[int]:
    """How many messages with each number a QStash that has ended had accepted, of its own database."""
    return _numbers(file, "SELECT body FROM bodies")


def delivered(file: Path) -> Counter[int]:
    """How often each of them was answered 2xx."""
    asked = "SELECT b.body FROM bodies b JOIN attempts a ON a.message = b.message WHERE a.status BETWEEN 200 AND 299"
    return _numbers(file, asked)


def _numbers(file: Path, asked: str) -> Counter[int]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return Counter(json.loads(body)["number"] for (body,) in connection.execute(asked))
