"""``inbox.first_time(session, delivery)``: the mark commits or rolls back with what the session writes."""

import threading
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from sqlalchemy import Engine, MetaData, create_engine, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

from qstash_integrations import ConfigurationError, NonRetryable, RetryAfter
from qstash_integrations._core.receiving.answers import answer_signal
from qstash_integrations._core.receiving.delivery import hide, show
from qstash_integrations.sqlalchemy import Inbox, InProgress, Replayed
from tests.databases import MARIADB, POSTGRESQL, Database
from tests.inbox.sql import count, delivery, inbox, opened, orders, ship, shipped

ROW = "0" * 32
DAY = 86_400.0


@pytest.fixture
def engine(empty_database: Database) -> Generator[Engine]:
    made = opened(empty_database)
    yield made
    made.dispose()


def test_a_message_has_its_effect_once(engine: Engine) -> None:
    assert [shipped(engine, delivery(jti)) for jti in ("a", "b")] == [True, False]
    assert shipped(engine, delivery("c", "msg_2"))
    assert count(engine) == 2


def test_it_is_known_by_the_row_of_the_outbox_it_came_from(engine: Engine) -> None:
    assert shipped(engine, delivery("a", row=ROW))
    assert not shipped(engine, delivery("b", "msg_2", row=ROW))


def test_what_is_rolled_back_comes_again(engine: Engine) -> None:
    with Session(engine) as session:
        assert ship(session, delivery("a"))
        session.rollback()
    assert count(engine) == count(engine, inbox.table) == 0
    assert shipped(engine, delivery("a"))


def test_I2_what_a_session_rolled_back_may_be_presented_as_another_message(engine: Engine) -> None:
    """Nothing is left of a transaction that is not the inbox's own; once= beside it knows the token."""
    with Session(engine) as session:
        assert ship(session, delivery("a"))
        session.rollback()
    assert shipped(engine, delivery("a", "msg_2"))
    assert shipped(engine, delivery("b"))


def test_a_savepoint_takes_the_mark_with_its_work(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        with session.begin_nested() as savepoint:
            assert ship(session, delivery("a"))
            savepoint.rollback()
        assert ship(session, delivery("a"))
    assert count(engine) == 1


@pytest.mark.parametrize("message_id", ["msg_1", "msg_2", None])
def test_a_signature_that_was_presented_before_is_refused(engine: Engine, message_id: str | None) -> None:
    assert shipped(engine, delivery("a"))
    with pytest.raises(Replayed) as caught:
        shipped(engine, delivery("a", message_id))
    assert answer_signal(caught.value).status == 401
    assert count(engine) == 1


def test_a_method_that_qstash_never_sends_is_refused(engine: Engine) -> None:
    with pytest.raises(Replayed):
        shipped(engine, delivery("a")._replace(method="OPTIONS"))
    assert shipped(engine, delivery("a"))


def test_who_comes_while_another_is_at_work_is_told_to_come_again(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        assert ship(session, delivery("a"))
        with pytest.raises(InProgress) as caught:
            shipped(engine, delivery("b"))
    answer = answer_signal(caught.value)
    assert (answer.status, dict(answer.headers)["retry-after"]) == (409, "10")
    assert not shipped(engine, delivery("c"))
    assert count(engine) == 1


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "rolled back"])
def test_whoever_waits_learns_what_became_of_it(engine: Engine, commits: bool) -> None:
    found: list[bool] = []
    with Session(engine) as session:
        assert ship(session, delivery("a"))
        waiting = threading.Thread(target=lambda: found.append(shipped(engine, delivery("b"))))
        waiting.start()
        waiting.join(0.2)
        session.commit() if commits else session.rollback()
        waiting.join()
    assert found == [not commits]
    assert count(engine) == 1


def test_of_any_number_at_once_one_has_its_effect(engine: Engine) -> None:
    outcomes: list[Any] = []
    together = threading.Barrier(8)

    def come(number: int) -> None:
        together.wait()
        try:
            outcomes.append(shipped(engine, delivery(f"jwt_{number}")))
        except InProgress:
            outcomes.append("409")

    threads = [threading.Thread(target=come, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(True) == count(engine) == 1
    assert len(outcomes) == 8


def test_how_long_the_session_waits_for_others_stays_as_it_was(engine: Engine) -> None:
    ask = {
        "postgresql": "SHOW lock_timeout",
        "mysql": "SELECT @@innodb_lock_wait_timeout",
        "sqlite": "PRAGMA busy_timeout",
    }[engine.dialect.name]
    with Session(engine) as session, session.begin():
        before = session.scalar(text(ask))
        assert ship(session, delivery("a"))
        assert session.scalar(text(ask)) == before


# The writers of SQLite wait for the end of other transactions.
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
def test_an_older_snapshot_hides_no_mark(engine: Engine) -> None:
    with Session(engine.execution_options(isolation_level="REPEATABLE READ")) as session:
        session.begin()
        session.execute(select(orders)).all()
        session.execute(select(inbox.table)).all()
        assert shipped(engine, delivery("a"))
        # PostgreSQL and newer MariaDBs want the transaction to begin again.
        with suppress(InProgress):
            assert not inbox.first_time(session, delivery("b"))
        session.rollback()
    assert count(engine) == 1


def test_scoped_sessions_are_taken(engine: Engine) -> None:
    scoped = scoped_session(sessionmaker(engine))
    assert inbox.first_time(scoped, delivery("a"))
    scoped.commit()
    assert not inbox.first_time(scoped, delivery("b"))
    scoped.remove()


def test_async_sessions_are_awaited(empty_database: Database, engine: Engine) -> None:
    async def run() -> list[bool]:
        aengine = create_async_engine(empty_database.async_url, poolclass=NullPool)
        found: list[bool] = []
        made = async_sessionmaker(aengine)
        scoped = async_scoped_session(made, scopefunc=lambda: 1)
        for number, session in enumerate((made(), made(), scoped)):
            of = delivery(f"jwt_{number}")
            with pytest.raises(TypeError, match=r"await inbox\.afirst_time"):
                inbox.first_time(session, of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            found.append(await inbox.afirst_time(session, of))
            await session.execute(insert(orders).values(id=1))
            await session.commit()
            await session.close()
        holding: AsyncSession = made()
        async with holding, holding.begin():
            await inbox.afirst_time(holding, delivery("x", "msg_2"))
            async with made() as other:
                with pytest.raises(InProgress):
                    await inbox.afirst_time(other, delivery("y", "msg_2"))
        await aengine.dispose()
        return found

    assert anyio.run(run) == [True, False, False]


def test_without_a_delivery_it_is_the_one_that_is_being_handled(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        shown = show(delivery("a"))
        assert ship(session)
        hide(shown)
        with pytest.raises(LookupError, match="no verified handler is running"):
            ship(session)


def test_its_signals_are_those_that_handlers_raise() -> None:
    assert isinstance(InProgress(10), RetryAfter)
    assert isinstance(Replayed(), NonRetryable)


@pytest.mark.parametrize("wrong", ["engine", "connection"])
def test_autocommit_is_refused(empty_database: Database, engine: Engine, wrong: str) -> None:
    options = {"isolation_level": "AUTOCOMMIT"}
    bound = create_engine(empty_database.url, **options) if wrong == "engine" else engine.execution_options(**options)
    with Session(bound) as session, pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        inbox.first_time(session, delivery("a"))
    bound.dispose()


def test_marks_are_pruned_when_they_are_old(engine: Engine) -> None:
    now = [100 * DAY]
    clocked = Inbox(MetaData(), kept="10d", now=lambda: now[0])
    for day in range(100, 120):
        now[0] = day * DAY
        with Session(engine) as session, session.begin():
            assert clocked.first_time(session, delivery(f"jwt_{day}", f"msg_{day}"))
    stats = clocked.stats(engine)
    assert (stats.marks, stats.oldest_at, stats.newest_at, stats.prunable) == (
        20,
        100 * 86_400_000,
        119 * 86_400_000,
        9,
    )
    assert [clocked.prune(engine), clocked.prune(engine)] == [9, 0]
    now[0] = 10_000 * DAY
    assert clocked.prune(engine) == 0


def test_pruning_needs_an_engine() -> None:
    with pytest.raises(ConfigurationError, match=r"give it one here, or to Inbox\(metadata, engine=\.\.\.\)"):
        inbox.prune()


def test_a_shorter_time_than_qstash_may_come_again_in_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="kept must be 2 days at least"):
        Inbox(MetaData(), kept="1d")
