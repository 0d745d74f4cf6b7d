"""Rows in the transactions of a ``Session``: sent once it has committed, and never where it is rolled back."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, create_engine, insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from qstash_integrations import AsyncQStash, QStash, chat
from qstash_integrations._core.errors import ConfigurationError
from qstash_integrations._core.publishing.client import Lost
from qstash_integrations.sqlalchemy import Outbox
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash
from tests.sql.conftest import URL, Arrivals, Base, Order, outbox, shop_at, with_savepoints


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(outbox.table).order_by(outbox.table.c.id)))


def test_a_commit_sends_what_was_written(session: Session, arrivals: Arrivals) -> None:
    session.add(Order(id=1))
    row_id = outbox.publish_json(session, url=URL, body={"order": 1}, retries=2)
    assert arrivals.are_over()
    session.commit()
    sent = arrivals.next()
    assert (sent.destination, sent.queue, sent.row_id) == (URL, None, row_id)
    assert json.loads(sent.body or b"") == {"order": 1}
    assert sent.headers["Upstash-Deduplication-Id"] == row_id
    assert sent.headers["Upstash-Retries"] == "2"


def test_what_was_sent_is_deleted(session: Session, engine: Engine, arrivals: Arrivals) -> None:
    outbox.publish(session, url=URL)
    session.commit()
    arrivals.next()
    assert arrivals.are_over()
    assert rows(engine) == []


def test_what_is_rolled_back_is_never_sent(session: Session, arrivals: Arrivals) -> None:
    outbox.publish(session, url=URL)
    session.flush()
    session.rollback()
    outbox.publish(session, url=URL)
    session.rollback()
    kept = outbox.publish(session, url=URL)
    session.commit()
    assert arrivals.next_id() == kept
    assert arrivals.are_over()


def test_what_was_never_committed_is_never_sent(engine: Engine, arrivals: Arrivals) -> None:
    session = Session(engine)
    outbox.publish(session, url=URL)
    session.flush()
    session.close()
    kept = outbox.publish(session, url=URL)
    session.commit()
    session.close()
    assert arrivals.next_id() == kept
    left = Session(engine)
    outbox.publish(left, url=URL)
    del left
    assert arrivals.are_over()


def test_what_is_rolled_back_to_a_savepoint_is_never_sent(engine: Engine, arrivals: Arrivals) -> None:
    with_savepoints(engine)
    with Session(engine) as session:
        first = outbox.publish(session, url=URL)
        with session.begin_nested():
            second = outbox.publish(session, url=URL)
        nested = session.begin_nested()
        outbox.publish(session, url=URL)
        session.flush()
        nested.rollback()
        assert arrivals.are_over()
        session.commit()
    assert {arrivals.next_id(), arrivals.next_id()} == {first, second}
    assert arrivals.are_over()


def test_the_commit_of_a_savepoint_sends_nothing(engine: Engine, arrivals: Arrivals) -> None:
    with_savepoints(engine)
    with Session(engine) as session:
        with session.begin_nested():
            outbox.publish(session, url=URL)
        assert arrivals.are_over()
        session.rollback()
    assert arrivals.are_over()


@pytest.mark.parametrize("mode", ["conditional_savepoint", "rollback_only", "create_savepoint"])
def test_a_commit_within_an_outer_transaction_sends_nothing(engine: Engine, arrivals: Arrivals, mode: Any) -> None:
    with_savepoints(engine)
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode=mode) as session:
            outbox.publish(session, url=URL)
            session.commit()
        outer.rollback()
    assert arrivals.are_over()
    assert rows(engine) == []


def test_what_an_outer_transaction_commits_waits_for_a_sweep(engine: Engine, arrivals: Arrivals) -> None:
    with engine.begin() as connection, Session(connection) as session:
        row_id = outbox.publish(session, url=URL)
        session.commit()
    assert arrivals.are_over()
    assert [row.id for row in rows(engine)] == [row_id]


def test_it_is_sent_where_it_was_written(tmp_path: Path, engine: Engine, arrivals: Arrivals) -> None:
    other = shop_at(sqlite(tmp_path / "other.sqlite3").url)
    with Session(binds={Order: engine, outbox.table: other}) as session:
        session.add(Order(id=1))
        row_id = outbox.publish(session, url=URL)
        session.commit()
    assert arrivals.next_id() == row_id
    assert arrivals.are_over()
    assert (rows(engine), rows(other)) == ([], [])
    other.dispose()


def test_a_session_without_an_engine_for_the_table_is_said(engine: Engine, arrivals: Arrivals) -> None:
    with (
        Session(binds={Order: engine}) as session,
        pytest.raises(ConfigurationError, match=r"binds=\{\.\.\., outbox\.table: engine\}"),
    ):
        outbox.publish(session, url=URL)


def test_whoever_commits_is_not_in_the_way_of_the_sender(session: Session, qstash: FakeQStash) -> None:
    threads: list[str] = []
    may_go = threading.Event()
    done = threading.Event()

    def before() -> None:
        may_go.wait(20)
        threads.append(threading.current_thread().name)
        done.set()

    qstash.before = before
    outbox.publish(session, url=URL)
    session.commit()
    may_go.set()
    assert done.wait(20)
    assert threads == ["qstash outbox"]


def test_a_qstash_that_is_down_fails_no_commit(session: Session, engine: Engine, arrivals: Arrivals) -> None:
    arrivals.fake.answers.append(Lost("it is down"))
    row_id = outbox.publish(session, url=URL)
    session.commit()
    assert arrivals.are_over()
    (row,) = rows(engine)
    assert (row.id, row.tries) == (row_id, 1)
    assert row.error.startswith("no answer from https://qstash.upstash.io")


def test_a_settings_mistake_after_the_commit_fails_no_commit(
    session: Session, engine: Engine, caplog: pytest.LogCaptureFixture, qstash: FakeQStash
) -> None:
    asked: list[int] = []

    def client() -> QStash:
        asked.append(1)
        if len(asked) > 1:
            raise ConfigurationError("QSTASH_TOKEN is not set")
        return QStash("a-token")

    metadata = MetaData()
    mistaken = Outbox(metadata, client=client, name="mistaken")
    metadata.create_all(engine)
    mistaken.publish(session, url=URL)
    with caplog.at_level(logging.ERROR):
        session.commit()
    assert [record.message for record in caplog.records] == [
        f"qstash outbox: rows of {engine.url.database!r} are left to the next sweep: ConfigurationError"
    ]


def test_a_message_is_checked_when_it_is_written(session: Session, qstash: FakeQStash) -> None:
    with pytest.raises(ValueError, match=r"^url"):
        outbox.publish(session, url="shop.example.com")
    with pytest.raises(TypeError, match="dellay"):
        outbox.publish(session, url=URL, dellay="1m")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"^messages\[1\]: "):
        outbox.batch_json(session, [{"url": URL}, {"url": "nowhere"}])
    with pytest.raises(ValueError, match=r"^url is 'http://localhost/x', on this machine"):
        outbox.publish(session, url="http://localhost/x")
    with pytest.raises(ValueError, match="the provider's token would be stored"):
        outbox.publish(session, api={"name": "llm", "provider": chat.openai("a-key")})  # type: ignore[call-overload]
    assert not session.new


def test_a_missing_token_is_said_when_it_is_written(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_TOKEN")
    with pytest.raises(ConfigurationError, match="QSTASH_TOKEN is not set"):
        outbox.publish(session, url=URL)


def test_each_verb_of_the_publisher(session: Session, arrivals: Arrivals) -> None:
    ids = [
        outbox.publish(session, {"url": URL, "body": "hi"}),
        outbox.publish_json(session, url_group="shops", body=1),
        outbox.enqueue(session, url=URL, queue="orders", body=b"\xff"),
        outbox.enqueue_json(session, url=URL, queue="orders", body=[1]),
        *outbox.batch(session, [{"url": URL, "body": "a"}, {"url": URL, "queue": "orders"}]),
        *outbox.batch_json(session, [{"url": URL, "body": None}]),
    ]
    session.commit()
    sent = {one.row_id: (one.destination, one.queue, one.body) for one in (arrivals.next() for _ in ids)}
    assert [sent[row_id] for row_id in ids] == [
        (URL, None, b"hi"),
        ("shops", None, b"1"),
        (URL, "orders", b"\xff"),
        (URL, "orders", b"[1]"),
        (URL, None, b"a"),
        (URL, "orders", None),
        (URL, None, b"null"),
    ]


def test_a_scoped_session_and_a_bulk_write(engine: Engine, arrivals: Arrivals) -> None:
    scoped = scoped_session(sessionmaker(engine, autoflush=False, expire_on_commit=False))
    scoped.execute(insert(Order), [{"id": number} for number in range(3)])
    row_id = outbox.publish(scoped, url=URL)
    scoped.commit()
    assert arrivals.next_id() == row_id
    scoped.remove()


@pytest.mark.parametrize(
    "given", [sessionmaker(), None, create_engine("sqlite://")], ids=["a factory", "nothing", "an engine"]
)
def test_what_is_no_session_is_said(given: Any, qstash: FakeQStash) -> None:
    with pytest.raises(TypeError, match=r"^session must be a Session, an AsyncSession or a scoped session, not "):
        outbox.publish(given, url=URL)


def test_a_database_in_memory_is_left_alone(arrivals: Arrivals) -> None:
    from sqlalchemy.pool import StaticPool

    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        row_id = outbox.publish(session, url=URL)
        session.commit()
    assert arrivals.are_over()
    assert [row.id for row in rows(engine)] == [row_id]
    engine.dispose()


def test_kept_rows_say_when_they_were_sent(engine: Engine, arrivals: Arrivals) -> None:
    metadata = MetaData()
    keeping = Outbox(metadata, client=AsyncQStash("a-token"), keep="7d", name="kept")
    metadata.create_all(engine)
    with Session(engine) as session:
        row_id = keeping.publish(session, url=URL)
        session.commit()
    arrivals.next()
    assert arrivals.are_over()
    with engine.connect() as connection:
        (row,) = connection.execute(select(keeping.table))
    assert (row.id, row.message_id, row.due_at) == (row_id, f"msg_{row_id}", None)
    assert row.sent_at >= row.created_at


def test_an_error_of_the_database_shows_nothing_of_a_message(tmp_path: Path) -> None:
    without_tables = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    of_tests = Outbox(MetaData(), client=QStash("only_for_tests"))
    with Session(without_tables) as session:
        of_tests.publish(session, url=URL, body="the body", headers={"Secret": "the header"})
        with pytest.raises(OperationalError, match="no such table") as caught:
            session.commit()
    assert "the body" not in str(caught.value)
    assert "the header" not in str(caught.value)
    without_tables.dispose()


def test_a_savepoint_on_sqlite_commits_nothing_by_itself(tmp_path: Path) -> None:
    of_tests, engine = Outbox(MetaData(), client=QStash("only_for_tests")), create_engine(f"sqlite:///{tmp_path / 'a'}")
    of_tests.table.create(engine)
    with Session(engine) as session, session.begin() as around:
        with session.begin_nested():
            of_tests.publish(session, url=URL)
        around.rollback()
    with engine.connect() as connection:
        assert connection.execute(select(of_tests.table)).all() == []
    engine.dispose()


def test_sessions_with_options_of_their_own_share_a_sender(engine: Engine, arrivals: Arrivals) -> None:
    before = set(threading.enumerate())
    for _ in range(5):
        with Session(engine.execution_options(of_tenant="a")) as session:
            outbox.publish(session, url=URL)
            session.commit()
        arrivals.next()
    assert [thread.name for thread in set(threading.enumerate()) - before] == ["qstash outbox"]
