"""SQLModel's sessions, and its metadata, with an outbox."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, Session, SQLModel, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession

from qstash_integrations import testing
from qstash_integrations.sqlalchemy import Outbox
from tests.databases import sqlite

URL = "https://shop.example.com/hooks/ship"


class Order(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


outbox = Outbox(SQLModel.metadata)


def test_a_session_of_sqlmodel(tmp_path: Path) -> None:
    engine = create_engine(sqlite(tmp_path / "shop.sqlite3").url)
    SQLModel.metadata.create_all(engine)
    with testing.Outbox() as seen, Session(engine) as session:
        session.add(Order())
        outbox.publish_json(session, url=URL, body={"order": 1})
        assert session.exec(select(Order)).one().id == 1
        assert seen.messages == []
        session.commit()
        seen.assert_published(url=URL, json={"order": 1})
        outbox.publish(session, url=URL)
        session.rollback()
        assert len(seen.written) == 1
    engine.dispose()


@pytest.mark.anyio
async def test_an_async_session_of_sqlmodel(tmp_path: Path) -> None:
    engine = create_async_engine(sqlite(tmp_path / "shop.sqlite3").async_url)
    with testing.Outbox() as seen:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        async with AsyncSession(engine) as session:
            outbox.publish(session, url=URL)
            assert (await session.exec(select(Order))).all() == []
            await session.commit()
        seen.assert_published(url=URL)
    await engine.dispose()
