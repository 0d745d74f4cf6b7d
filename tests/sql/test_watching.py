"""Tests of users: what an outbox has written is seen, and is sent by the commit itself."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from qstash_integrations import testing
from tests.databases import sqlite
from tests.sql.conftest import URL, Base, outbox, shop_at, with_savepoints


@pytest.fixture(params=["a file", "in memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "a file":
        return shop_at(sqlite(tmp_path / "shop.sqlite3").url)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    return engine


def test_a_commit_sends_before_it_returns(database: Engine) -> None:
    with testing.Outbox() as seen, Session(database) as session:
        outbox.publish_json(session, url=URL, body={"order": 1})
        seen.assert_written(url=URL, json={"order": 1})
        assert seen.messages == []
        session.commit()
        seen.assert_published(url=URL, json={"order": 1})
        assert len(seen.written) == 1
        assert list(session.scalars(select(outbox.table.c.id))) == []
    database.dispose()


def test_what_is_rolled_back_is_not_seen(database: Engine) -> None:
    with_savepoints(database)
    with testing.Outbox() as seen, Session(database) as session:
        outbox.publish(session, url=URL)
        with session.begin_nested() as nested:
            outbox.publish(session, url=URL)
            session.flush()
            assert len(seen.written) == 2
            nested.rollback()
        assert len(seen.written) == 1
        session.flush()
        session.close()
        assert seen.written == []
    database.dispose()


def test_what_a_test_never_commits_is_what_a_commit_would_send(database: Engine) -> None:
    with_savepoints(database)
    with testing.Outbox() as seen, database.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            outbox.publish(session, url=URL)
            session.commit()
        seen.assert_written(url=URL)
        assert seen.messages == []
        outer.rollback()
    database.dispose()


@pytest.mark.anyio
async def test_an_event_loop_sends_before_the_commit_returns(tmp_path: Path) -> None:
    engine = create_async_engine(sqlite(tmp_path / "shop.sqlite3").async_url)
    with testing.Outbox() as seen:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session, session.begin():
            outbox.publish(session, url=URL)
        seen.assert_published(url=URL)
    await engine.dispose()
