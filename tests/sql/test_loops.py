"""Rows in the transactions of an ``AsyncSession``: nothing to await, and a task of the event loop that sends them."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session

from qstash_integrations.sqlalchemy import Outbox
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash
from tests.sql.conftest import URL, Base, Order, outbox

pytestmark = pytest.mark.anyio
Shop = Callable[[], AsyncEngine]


@asynccontextmanager
async def shop(url: str) -> AsyncGenerator[AsyncEngine]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await at_rest()
    await engine.dispose()


@pytest.fixture
async def engine(tmp_path: Path, qstash: FakeQStash) -> AsyncGenerator[AsyncEngine]:
    async with shop(sqlite(tmp_path / "shop.sqlite3").async_url) as engine:
        yield engine


async def at_rest() -> None:
    """All that the loop was told to send is sent."""
    while others := [task for task in asyncio.all_tasks() if "AsyncSender" in repr(task)]:
        await asyncio.wait(others)


async def left(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(select(outbox.table.c.id)))


async def test_a_commit_sends_what_was_written(engine: AsyncEngine, qstash: FakeQStash) -> None:
    threads: list[int] = []
    qstash.before = lambda: threads.append(threading.get_ident())
    async with AsyncSession(engine) as session:
        session.add(Order(id=1))
        row_id = outbox.publish_json(session, url=URL, body={"order": 1})
        await session.commit()
        assert qstash.ids == []
    await at_rest()
    assert qstash.ids == [row_id]
    assert threads == [threading.get_ident()]
    assert await left(engine) == []


async def test_what_is_rolled_back_is_never_sent(engine: AsyncEngine, qstash: FakeQStash) -> None:
    async with AsyncSession(engine) as session:
        outbox.publish(session, url=URL)
        await session.flush()
        await session.rollback()
        outbox.publish(session, url=URL)
    async with AsyncSession(engine) as session, session.begin():
        kept = outbox.publish(session, url=URL)
    await at_rest()
    assert qstash.ids == [kept]


async def test_a_savepoint_takes_its_rows_along(engine: AsyncEngine, qstash: FakeQStash) -> None:
    async with AsyncSession(engine) as session:
        await session.execute(insert(Order).values(id=1))
        async with session.begin_nested():
            kept = outbox.publish(session, url=URL)
        nested = await session.begin_nested()
        outbox.publish(session, url=URL)
        await session.flush()
        await nested.rollback()
        await at_rest()
        assert qstash.ids == []
        await session.commit()
    await at_rest()
    assert qstash.ids == [kept]


async def test_a_scoped_session_and_one_that_runs_sync_code(engine: AsyncEngine, qstash: FakeQStash) -> None:
    scoped = async_scoped_session(async_sessionmaker(engine, expire_on_commit=False), asyncio.current_task)
    ids = [outbox.publish(scoped, url=URL)]

    def written(session: Session) -> str:
        return outbox.publish(session, url=URL)

    ids.append(await scoped().run_sync(written))
    await scoped.commit()
    await scoped.remove()
    await at_rest()
    assert sorted(qstash.ids) == sorted(ids)


async def test_many_commits_at_once_are_all_sent(engine: AsyncEngine, qstash: FakeQStash) -> None:
    ids: list[str] = []

    async def order(number: int) -> None:
        async with AsyncSession(engine) as session, session.begin():
            session.add(Order(id=number))
            ids.append(outbox.publish(session, url=URL))

    await asyncio.gather(*map(order, range(20)))
    await at_rest()
    assert sorted(qstash.ids) == sorted(ids)


async def test_a_database_in_memory_is_left_alone(qstash: FakeQStash) -> None:
    async with shop("sqlite+aiosqlite://") as engine:
        async with AsyncSession(engine) as session, session.begin():
            row_id = outbox.publish(session, url=URL)
        await at_rest()
        assert qstash.ids == []
        assert await left(engine) == [row_id]


# The thread of aiosqlite 0.20 answers a loop that is gone when it is in the midst of a statement by then.
@pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_commit_of_a_loop_that_ends_fails_nothing(tmp_path: Path, qstash: FakeQStash) -> None:
    assert isinstance(outbox, Outbox)
    url = sqlite(tmp_path / "short.sqlite3").async_url

    async def short() -> str:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session, session.begin():
            row_id = outbox.publish(session, url=URL)
        await engine.dispose()
        return row_id

    row_id = await asyncio.to_thread(asyncio.run, short())
    async with shop(url) as engine:
        assert await left(engine) in ([row_id], [])
