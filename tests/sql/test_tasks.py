"""Calls of tasks in the transaction of a session, and the task that sweeps."""

import json
import logging
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, insert, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

from qstash_integrations._core.publishing.operations.batch import batch
from qstash_integrations.outbox.row import Row, columns_of, new_holder
from qstash_integrations.outbox.written import rows_of
from qstash_integrations.sqlalchemy import Outbox
from qstash_integrations.tasks import RESULT, chain, task
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash, refusal
from tests.sql.conftest import URL, Arrivals, Base, outbox, shop_at

TASKS = "https://shop.example.com/qstash/tasks"


@task(retries=1)
def ship(order_id: int, *, gift: bool = False) -> str:
    return f"{order_id}{gift}"


@task(queue="mails")
def mail(to: str, text: str = "") -> None: ...


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TASKS_URL", TASKS)
    monkeypatch.setenv("QSTASH_TOKEN", "a-token")


@pytest.fixture
def session(engine: Engine) -> Generator[Session]:
    with Session(engine, info={"qstash_outbox": outbox}) as session:
        yield session


def test_a_call_is_published_once_the_session_commits(session: Session, arrivals: Arrivals) -> None:
    ship.publish_in(session, 1)
    session.rollback()
    ids = [
        ship.publish_in(session, 2, gift=True),
        mail.bind("ada").publish_in(session),
        chain(ship.bind(3), mail.bind("bob", RESULT)).publish_in(session),
    ]
    session.commit()
    sent = {one.row_id: one for one in (arrivals.next() for _ in ids)}
    first, second, third = (sent[row_id] for row_id in ids)
    assert first.destination.startswith(f"{TASKS}/tests.sql.test_tasks.ship?id=")
    assert (json.loads(first.body or b""), first.headers["Upstash-Retries"]) == ({"order_id": 2, "gift": True}, "1")
    assert (second.queue, json.loads(second.body or b"")) == ("mails", {"to": "ada"})
    assert json.loads(third.body or b"")["$then"][0]["task"] == "tests.sql.test_tasks.mail"
    assert arrivals.are_over()


def test_a_wrong_call_is_said_when_it_is_written(session: Session) -> None:
    with pytest.raises(TypeError, match="order_id"):
        ship.publish_in(session, "3")  # type: ignore[arg-type]
    assert not session.new


def test_of_several_outboxes_the_session_says_which(engine: Engine, session: Session, arrivals: Arrivals) -> None:
    metadata = MetaData()
    second = Outbox(metadata, name="second")
    metadata.create_all(engine)
    with Session(engine) as unclear, pytest.raises(RuntimeError, match=r"say which one with Session\(\.\.\., info="):
        ship.publish_in(unclear, 1)
    with Session(engine, info={"qstash_outbox": second}) as clear:
        row_id = ship.publish_in(clear, 1)
        clear.flush()
        assert list(clear.scalars(select(second.table.c.id))) == [row_id]


def due(count: int) -> list[Row]:
    written_at = time.time_ns() // 1_000_000 - 60_000
    return rows_of(batch([{"url": URL}] * count, None), written_at, new_holder())


def test_the_sweep_sends_what_is_due(engine: Engine, qstash: FakeQStash) -> None:
    swept = Outbox(MetaData(), engine=lambda: engine)
    rows = due(3)
    with engine.begin() as connection:
        connection.execute(insert(swept.table), [columns_of(row) for row in rows])
    swept.sweep()
    assert qstash.ids == sorted(row.id for row in rows)


async def aswept(url: str) -> int:
    engine = create_async_engine(url)
    swept = Outbox(MetaData(), engine=engine, keep="1d")
    async with engine.begin() as connection:
        await connection.run_sync(swept.table.create)
        await connection.execute(insert(swept.table), [columns_of(row) for row in due(3)])
    await swept.sweep()
    async with engine.connect() as connection:
        found = list(await connection.scalars(select(swept.table.c.sent_at)))
    await engine.dispose()
    return sum(sent_at is not None for sent_at in found)


@pytest.mark.anyio
async def test_the_sweep_of_an_event_loop(tmp_path: Path, qstash: FakeQStash) -> None:
    assert await aswept(sqlite(tmp_path / "swept.sqlite3").async_url) == 3
    assert len(qstash.accepted) == 3


def test_a_sweep_never_fails(caplog: pytest.LogCaptureFixture, qstash: FakeQStash, tmp_path: Path) -> None:
    unmade = shop_at(sqlite(tmp_path / "unmade.sqlite3").url)
    Base.metadata.drop_all(unmade)
    with caplog.at_level(logging.ERROR):
        Outbox(MetaData(), engine=unmade).sweep()
        Outbox(MetaData()).sweep()
    unmade.dispose()
    assert [
        record.message.partition(": a sweep has failed, and is left to the next: ")[2] for record in caplog.records
    ] == [
        "OperationalError",
        "the outbox knows no engine: give it one here, or say Outbox(metadata, engine=...)",
    ]


def test_a_sweep_that_is_refused_for_all_is_not_continued(engine: Engine, qstash: FakeQStash) -> None:
    swept = Outbox(MetaData(), engine=engine)
    with engine.begin() as connection:
        connection.execute(insert(swept.table), [columns_of(row) for row in due(150)])
    qstash.answers.append(refusal(402, "pay first"))
    swept.sweep()
    assert (qstash.calls, qstash.accepted) == (["batch"], [])


def test_the_schedule_calls_the_sweep_every_five_minutes() -> None:
    declared = outbox.schedule()
    assert (declared.name, declared.cron) == ("qstash-outbox", "*/5 * * * *")
    assert declared.planned()["destination"] == f"{TASKS}/qstash_outbox.sweep?of=0"
    assert declared.planned()["retries"] == 0
