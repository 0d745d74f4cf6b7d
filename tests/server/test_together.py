"""Calls that share a commit: what one of them does to the others, and that none is answered before it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qstash_integrations.server.api import Together
from qstash_integrations.server.api.api_call import Reply
from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Filter, Publication, Refused, StorageFull
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import connect
from qstash_integrations.server.tables.transactions import PartFailed

URL = "https://a.example/in"


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(Store.open(None))
    yield engine
    engine.close()


def bodies(engine: Engine) -> list[bytes]:
    events = engine.log.events(Filter(states=("CREATED",)), cursor=None, count=100, earliest_first=True)
    return [event.message.body for event in events.items]


def publish(engine: Engine, body: bytes = b"", url: str = URL) -> Callable[[], Reply]:
    return lambda: Reply(201, engine.publishing.publish(Publication(destination=url, body=body)).each[0].message_id)


def made(engine: Engine, *calls: Callable[[], Reply]) -> list[Reply | BaseException]:
    """What came of calls that arrive in one turn."""

    async def in_one_turn() -> list[Reply | BaseException]:
        together = Together(engine)
        return await asyncio.gather(*map(together, calls), return_exceptions=True)

    return asyncio.run(in_one_turn())


def test_calls_of_one_turn_are_committed_once(tmp_path: Path) -> None:
    connection = connect(tmp_path / "qstash.db")
    engine = Engine(Store(connection))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    replies = made(engine, *(publish(engine, b"%d" % number) for number in range(5)))
    connection.set_trace_callback(None)
    assert (statements.count("BEGIN IMMEDIATE"), statements.count("COMMIT")) == (1, 1)
    assert [reply.status for reply in replies if isinstance(reply, Reply)] == [201] * 5
    assert bodies(engine) == [b"0", b"1", b"2", b"3", b"4"]
    engine.close()


def test_a_call_that_is_refused_leaves_the_others_alone(engine: Engine) -> None:
    first, refused, last = made(engine, publish(engine, b"1"), publish(engine, url="nonsense"), publish(engine, b"2"))
    assert isinstance(refused, Refused)
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    assert bodies(engine) == [b"1", b"2"]


def test_a_call_that_fails_halfway_is_undone_and_the_others_are_made(engine: Engine) -> None:
    def fail_halfway() -> Reply:
        with engine.together():
            publish(engine, b"half")()
            raise ZeroDivisionError

    first, failed, last = made(engine, publish(engine, b"1"), fail_halfway, publish(engine, b"2"))
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    assert bodies(engine) == [b"1", b"2"]


def test_a_call_for_which_there_is_no_room_leaves_the_others_alone() -> None:
    engine = Engine(Store.open(None, max_bytes=1_000_000))
    outcomes = made(engine, publish(engine, b"1"), publish(engine, b"x" * 1_000_000), publish(engine, b"2"))
    assert [type(outcome) for outcome in outcomes] == [Reply, StorageFull, Reply]
    assert bodies(engine) == [b"1", b"2"]
    engine.close()


def test_what_a_block_does_not_catch_undoes_all_of_it(engine: Engine) -> None:
    with contextlib.suppress(ZeroDivisionError), engine.together():
        publish(engine)()
        raise ZeroDivisionError
    assert bodies(engine) == []


def test_a_block_is_not_committed_without_a_part_that_failed_halfway(engine: Engine) -> None:
    def make_three() -> None:
        with engine.together():
            publish(engine, b"1")()
            with contextlib.suppress(ZeroDivisionError), engine.together():
                publish(engine, b"half")()
                raise ZeroDivisionError
            publish(engine, b"2")()

    with pytest.raises(PartFailed):
        make_three()
    assert bodies(engine) == []
