"""Sending after the commit: off the path of whoever commits, which is neither held up nor failed."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.operations.message import publish
from qstash_integrations.outbox.row import Row
from qstash_integrations.outbox.rule import Change
from qstash_integrations.outbox.sender import AsyncSender, Sender
from qstash_integrations.outbox.written import rows_of
from tests.outbox.hand import FakeQStash, Hand, refusal
from tests.outbox.memory import AsyncMemoryStore, MemoryStore

HOLDER = "a" * 32


class Watched(MemoryStore):
    """Says which thread has used it, and how often it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.closed = 0

    def own(self, *args: Any) -> list[Row]:
        self.threads.add(threading.get_ident())
        return super().own(*args)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
def sender(store: Watched, hand: Hand) -> Sender:
    return Sender(store, QStash("token", retry=False), clock=hand.clock)


def written(store: MemoryStore, hand: Hand, count: int = 1, holder: str = HOLDER) -> list[str]:
    message: Any = {"url": "https://shop.example/hooks/ship", "body": "hi"}
    rows = [row for _ in range(count) for row in rows_of(publish(message, None), hand.now_at, holder)]
    store.write(rows)
    return [row.id for row in rows]


def test_what_has_committed_is_sent_by_another_thread(
    sender: Sender, store: Watched, hand: Hand, fake: FakeQStash
) -> None:
    ids = written(store, hand, 3)
    sender.sent_soon(ids, HOLDER)
    assert sender.wait(10)
    assert (sorted(fake.ids), store.rows, fake.calls) == (sorted(ids), {}, ["batch"])
    assert threading.get_ident() not in store.threads
    assert store.closed == 1


def test_what_was_rolled_back_is_not_sent(sender: Sender, store: Watched, hand: Hand, fake: FakeQStash) -> None:
    ids = written(store, hand)
    store.rows.clear()
    sender.sent_soon(ids, HOLDER)
    assert sender.wait(10)
    assert fake.calls == []


def test_a_sender_also_sweeps_what_is_due_once_in_a_second(
    sender: Sender, store: Watched, hand: Hand, fake: FakeQStash
) -> None:
    left = written(store, hand, 250, holder="b" * 32)
    hand.move(30)
    for expected in (150, 150, 50):
        sender.sent_soon(written(store, hand), HOLDER)
        assert sender.wait(10)
        assert len(store.rows) == expected
        hand.move(0.5)
    assert set(left) - set(fake.ids) == set(store.rows)


def test_while_it_pauses_nothing_is_sent(
    sender: Sender, store: Watched, hand: Hand, fake: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    fake.answers.append(refusal(503, retry_after="40"))
    for _ in range(3):
        sender.sent_soon(written(store, hand), HOLDER)
        assert sender.wait(10)
    assert (len(fake.calls), len(store.rows)) == (1, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "qstash outbox: nothing is sent for 40.0 s: QStash answered 503: no"
    ]
    hand.move(41)
    sender.sent_soon(written(store, hand), HOLDER)
    assert sender.wait(10)
    assert store.rows == {}


def test_a_parked_row_is_told_in_the_log(
    sender: Sender, store: Watched, hand: Hand, fake: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    fake.answers.append(refusal(400, "bad"))
    sender.sent_soon(written(store, hand), HOLDER)
    assert sender.wait(10)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.ERROR, "qstash outbox: 1 rows are parked, the last one since: QStash answered 400: bad"
    )  # fmt: skip


def test_rows_that_are_sent_stay_where_that_is_wanted(store: Watched, hand: Hand, fake: FakeQStash) -> None:
    sender = Sender(store, QStash("token", retry=False), clock=hand.clock, keep=lambda: True)
    (row_id,) = written(store, hand)
    sender.sent_soon([row_id], HOLDER)
    assert sender.wait(10)
    assert store.rows[row_id].message_id == f"msg_{row_id}"


def test_a_database_that_is_away_stops_no_thread_and_tells_no_values(
    hand: Hand, fake: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(Watched):
        is_away = True

        def own(self, *args: Any) -> list[Row]:
            if self.is_away:
                raise OSError("statement with topsecret")
            return super().own(*args)

        def close(self) -> None:
            super().close()
            if self.is_away:
                raise OSError("closed by the server, topsecret")

    store = Away()
    sender = Sender(store, QStash("token", retry=False), clock=hand.clock)
    sender.sent_soon(written(store, hand), HOLDER)
    assert sender.wait(10)
    assert "rows of 'memory' are left to the next sweep: OSError" in caplog.text
    assert "topsecret" not in caplog.text
    store.is_away = False
    sender.sent_soon(written(store, hand), HOLDER)
    assert sender.wait(10)
    assert len(fake.ids) == 1


def test_whoever_commits_does_not_wait_and_what_has_no_room_is_left(hand: Hand, fake: FakeQStash) -> None:
    class Slow(Watched):
        may_go_on = threading.Event()

        def own(self, *args: Any) -> list[Row]:
            self.may_go_on.wait(30)
            return super().own(*args)

    store = Slow()
    sender = Sender(store, QStash("token", retry=False), clock=hand.clock)
    for _ in range(1_500):
        sender.sent_soon(written(store, hand), HOLDER)
    assert not sender.wait(0)
    store.may_go_on.set()
    assert sender.wait(30)
    assert 400 <= len(store.rows) <= 500
    hand.move(30)
    sender.sent_soon([], HOLDER)
    assert sender.wait(10)
    assert len(store.rows) < 410


def test_many_threads_share_a_sender(sender: Sender, store: Watched, hand: Hand, fake: FakeQStash) -> None:
    ids = [written(store, hand, 5) for _ in range(20)]
    threads = [threading.Thread(target=sender.sent_soon, args=(some, HOLDER)) for some in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sender.wait(10)
    assert sorted(fake.ids) == sorted(id_ for some in ids for id_ in some)
    assert len(store.threads) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_sends_by_a_thread_of_its_own(sender: Sender, store: Watched, hand: Hand, fake: FakeQStash) -> None:
    sender.sent_soon(written(store, hand), HOLDER)
    assert sender.wait(10)
    ids = written(store, hand)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        sender.sent_soon(ids, HOLDER)
        os.write(writing, b"sent" if sender.wait(10) and not store.rows else b"lost")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 4) == b"sent"
    os.close(reading)
    os.close(writing)


def test_a_process_that_ends_waits_for_what_it_has_just_written() -> None:
    program = """
from qstash_integrations import QStash
from qstash_integrations.outbox.sender import Sender
from tests.outbox.hand import Hand, fake_qstash
from tests.outbox.memory import MemoryStore
from tests.outbox.test_sender import HOLDER, written
import time
hand, store, fake = Hand(), MemoryStore(), fake_qstash()
one = fake.__enter__()
one.before = lambda: (time.sleep(0.3), print("sent"))
Sender(store, QStash("token", retry=False), clock=hand.clock).sent_soon(written(store, hand), HOLDER)
print("over")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["over", "sent"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_async_code_sends_by_a_task(store: Watched, hand: Hand, fake: FakeQStash) -> None:
    ids = written(store, hand, 150)
    async with AsyncQStash("token", retry=False) as client:
        sender = AsyncSender(AsyncMemoryStore(store), client, clock=hand.clock)
        sender.sent_soon(ids[:100], HOLDER)
        sender.sent_soon(ids[100:], HOLDER)
        assert fake.calls == []
        await sender.wait()
        assert (fake.calls, store.rows) == (["batch", "batch"], {})
        sender.sent_soon(written(store, hand), HOLDER)
        await sender.wait()
    assert len(fake.ids) == 151


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_a_task_that_fails_is_followed_by_another(
    store: Watched, hand: Hand, fake: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(AsyncMemoryStore):
        is_away = True

        async def settle(self, changes: Any) -> int:
            if self.is_away:
                raise OSError("topsecret")
            return await super().settle(changes)

    async with AsyncQStash("token", retry=False) as client:
        async_store = Away(store)
        sender = AsyncSender(async_store, client, clock=hand.clock)
        sender.sent_soon(written(store, hand), HOLDER)
        await sender.wait()
        async_store.is_away = False
        hand.move(90)
        sender.sent_soon(written(store, hand), HOLDER)
        await sender.wait()
    assert store.rows == {}
    assert len(fake.ids) == 3  # the first one twice, under one id
    assert len(set(fake.ids)) == 2
    assert "topsecret" not in caplog.text


def test_where_no_event_loop_runs_rows_are_left(store: Watched, hand: Hand, caplog: pytest.LogCaptureFixture) -> None:
    AsyncSender(AsyncMemoryStore(store), AsyncQStash("token")).sent_soon(written(store, hand), HOLDER)
    assert "left to the next sweep: RuntimeError" in caplog.text


def test_each_event_loop_has_its_own_task(store: Watched, hand: Hand, fake: FakeQStash) -> None:
    sender = AsyncSender(AsyncMemoryStore(store), AsyncQStash("token", retry=False), clock=hand.clock)

    async def send() -> None:
        sender.sent_soon(written(store, hand), HOLDER)
        await sender.wait()

    for _ in range(3):
        asyncio.run(send())
    assert (len(fake.ids), store.rows) == (3, {})


def test_changes_show_no_body() -> None:
    assert "body" not in repr(Change(id="a" * 32, holder=HOLDER))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_was_ended_from_outside_is_followed_by_another(fake: FakeQStash, hand: Hand) -> None:
    class Ending(Watched):
        def own(self, *args: Any) -> list[Row]:
            if not self.threads:
                self.threads.add(0)
                raise SystemExit  # the thread ends, as gevent ends it
            return super().own(*args)

    store = Ending()
    sender = Sender(store, QStash("token", retry=False), clock=hand.clock)
    sender.sent_soon(["a"], HOLDER)
    ended = next(thread for thread in threading.enumerate() if thread.name == "qstash outbox")
    ended.join(10)
    sender.sent_soon(["b"], HOLDER)
    assert sender.wait(10)
    assert len(store.threads) == 2
