"""The table: who holds a row, on SQLite, PostgreSQL and MariaDB, by threads and by event loops."""

import asyncio
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, create_engine, insert, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from qstash_integrations.outbox.row import Row, columns_of, row_stored
from qstash_integrations.outbox.rule import Change
from qstash_integrations.outbox.store import Stats
from qstash_integrations.sqlalchemy import Outbox
from qstash_integrations.sqlalchemy.stores import AsyncEngineStore
from tests.databases import Database, sqlite
from tests.outbox.store_contract import StoreContract, Table
from tests.outbox.trouble_contract import TroubleContract


def table_on(engine: Engine, outbox: Outbox, store: Any) -> Table:
    outbox.table.metadata.create_all(engine)

    def write(rows: Iterable[Row]) -> None:
        with engine.begin() as connection:
            connection.execute(insert(outbox.table), [columns_of(row) for row in rows])

    def read() -> list[Row]:
        with engine.connect() as connection:
            return [row_stored(one) for one in connection.execute(select(outbox.table).order_by(outbox.table.c.id))]

    return Table(store=store, write=write, read=read)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(MetaData())


@pytest.fixture
def engine(empty_database: Database) -> Generator[Engine]:
    engine = create_engine(empty_database.url)
    yield engine
    engine.dispose()


class TestEngineStore(StoreContract):
    @pytest.fixture
    def table(self, engine: Engine, outbox: Outbox) -> Table:
        return table_on(engine, outbox, outbox.store(engine))


class TestEngineStoreInTrouble(TroubleContract):
    @pytest.fixture
    def table(self, engine: Engine, outbox: Outbox) -> Table:
        return table_on(engine, outbox, outbox.store(engine))


class TestEngineStoreThatComparesAndSets(StoreContract):
    """As on a database that neither skips locked rows nor returns what it has updated."""

    @pytest.fixture
    def table(self, tmp_path: Path, outbox: Outbox) -> Generator[Table]:
        engine = create_engine(sqlite(tmp_path / "shop.sqlite3").url)
        engine.dialect.update_returning = False
        yield table_on(engine, outbox, outbox.store(engine))
        engine.dispose()


class Waiting:
    """An ``AsyncStore``, each of whose methods is waited for in a loop, and on an engine, of its own."""

    def __init__(self, outbox: Outbox, url: str) -> None:
        self._outbox = outbox
        self._url = url
        self.label = self._store.label

    @property
    def _store(self) -> AsyncEngineStore:
        return self._outbox.astore(create_async_engine(self._url, poolclass=NullPool))

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        return asyncio.run(self._store.claim(holder, now, until, limit))

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        return asyncio.run(self._store.own(ids, holder, until))

    def settle(self, changes: Sequence[Change]) -> int:
        return asyncio.run(self._store.settle(changes))

    def stats(self, now: int) -> Stats:
        return asyncio.run(self._store.stats(now))

    def sent(self) -> int:
        return asyncio.run(self._store.sent())

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        return asyncio.run(self._store.requeue(ids, now))

    def prune(self, before: int, limit: int) -> int:
        return asyncio.run(self._store.prune(before, limit))

    def parked(self, limit: int) -> list[Row]:
        return asyncio.run(self._store.parked(limit))

    def close(self) -> None:
        asyncio.run(self._store.close())


class TestAsyncEngineStore(StoreContract):
    @pytest.fixture
    def table(self, empty_database: Database, engine: Engine, outbox: Outbox) -> Table:
        return table_on(engine, outbox, Waiting(outbox, empty_database.async_url))


def test_a_store_says_what_it_needs(tmp_path: Path, outbox: Outbox) -> None:
    url = sqlite(tmp_path / "shop.sqlite3").async_url
    with pytest.raises(Exception, match="the outbox knows no engine"):
        outbox.store()
    of_loops = Outbox(MetaData(), engine=lambda: create_async_engine(url))
    with pytest.raises(Exception, match="ask for astore"):
        of_loops.store()
    assert of_loops.astore().label.endswith("shop.sqlite3")


def test_a_body_that_somebody_has_written_by_hand_is_sent_as_its_text(tmp_path: Path, outbox: Outbox) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop'}")
    outbox.table.create(engine)
    row = {
        "id": "0" * 32,
        "destination": "https://a.example",
        "headers": "[]",
        "created_at": 1,
        "due_at": 1,
        "tries": 0,
    }
    with engine.begin() as connection:
        connection.execute(outbox.table.insert().values(row))
        connection.exec_driver_sql("UPDATE qstash_outbox SET body = 'by hand'")
    (claimed,) = outbox.store(engine).claim("a" * 32, 2, 3, 1)
    assert claimed.body == b"by hand"
    engine.dispose()
