"""What is committed is sent and what is rolled back is not, on SQLite, PostgreSQL and MariaDB and their drivers."""

import asyncio
from threading import Thread

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from qstash_integrations.outbox import sender
from tests.databases import POSTGRESQL, SQLITE, Database
from tests.outbox.hand import FakeQStash
from tests.sql.conftest import URL, Base, outbox, shop_at, with_savepoints
from tests.sql.test_loops import at_rest


def test_threads_that_commit_and_roll_back(empty_database: Database, qstash: FakeQStash) -> None:
    engine = shop_at(empty_database.url)
    if engine.dialect.name == "sqlite":
        with_savepoints(engine)
    committed: list[str] = []

    def order() -> None:
        for _ in range(5):
            with Session(engine) as session:
                kept = outbox.publish_json(session, url=URL, body="a" * 70_000)
                nested = session.begin_nested()
                outbox.publish(session, url=URL)
                session.flush()
                nested.rollback()
                session.commit()
                committed.append(kept)
                outbox.publish(session, url=URL)
                session.flush()
                session.rollback()

    threads = [Thread(target=order) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while not all(of.wait(20) for of in list(sender._senders)):
        pass
    assert len(committed) == 20
    assert sorted(qstash.ids) == sorted(committed)
    with engine.connect() as connection:
        assert connection.execute(select(outbox.table)).all() == []
    engine.dispose()


# aiomysql 0.3.2 cannot write bytes, as bodies are, with the newest PyMySQL.
@pytest.mark.anyio
@pytest.mark.parametrize("empty_database", [SQLITE, POSTGRESQL], indirect=True)
async def test_a_loop_that_commits_and_rolls_back(empty_database: Database, qstash: FakeQStash) -> None:
    engine = create_async_engine(empty_database.async_url)
    committed: list[str] = []
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)

    async def order() -> None:
        async with AsyncSession(engine) as session:
            kept = outbox.publish_json(session, url=URL, body="a" * 70_000)
            await session.commit()
            committed.append(kept)
            outbox.publish(session, url=URL)
            await session.flush()
            await session.rollback()

    await asyncio.gather(*(order() for _ in range(8)))
    await at_rest()
    assert sorted(qstash.ids) == sorted(committed)
    async with engine.connect() as connection:
        assert (await connection.execute(select(outbox.table))).all() == []
    await engine.dispose()
