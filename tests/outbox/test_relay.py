"""The relay: it sweeps until it is told to end, and ends between two calls."""

import threading
from typing import Any

import pytest

from qstash_integrations import QStash
from qstash_integrations.outbox.blocking import BlockingStore
from qstash_integrations.outbox.relay import pruned, relay
from qstash_integrations.outbox.row import Row, new_id
from qstash_integrations.outbox.sweeping import Swept
from tests.outbox import ACCEPTED
from tests.outbox.hand import NOW, FakeQStash, Hand, refusal
from tests.outbox.memory import AsyncMemoryStore, MemoryStore
from tests.outbox.store_contract import row
from tests.outbox.test_sender import written


class Waits:
    """Moves the clock instead of waiting, and says stop after so many waits."""

    def __init__(self, hand: Hand, most: int) -> None:
        self.hand = hand
        self.most = most
        self.waited: list[float] = []

    def is_set(self) -> bool:
        return len(self.waited) >= self.most

    def wait(self, timeout: float, /) -> None:
        self.waited.append(timeout)
        self.hand.move(timeout)


@pytest.fixture
def client() -> QStash:
    return QStash("token", retry=False)


def test_once_sends_all_that_is_due_and_ends(store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash) -> None:
    written(store, hand, 1_234)
    hand.move(30)
    told: list[int] = []
    total = relay(
        store, client, stop=threading.Event(), once=True, clock=hand.clock, report=lambda swept: told.append(swept.sent)
    )
    assert (total, told, store.rows) == (Swept(sent=1_234), [1_000, 1_234], {})


def test_once_ends_where_qstash_does_not_answer(
    store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash
) -> None:
    written(store, hand)
    hand.move(30)
    fake.answers.append(refusal(503))
    total = relay(store, client, stop=threading.Event(), once=True, clock=hand.clock)
    assert (total.sent, total.refused, total.pause > 0, len(fake.calls)) == (0, 1, True, 1)


def test_a_relay_looks_again_and_waits_longer_while_qstash_is_away(
    store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash
) -> None:
    written(store, hand)
    fake.answers.extend([refusal(503)] * 6)
    waits = Waits(hand, 40)
    relay(store, client, stop=waits, interval=5, clock=hand.clock)
    assert waits.waited[:6] == [5.0] * 6
    assert max(waits.waited) > 8
    assert (store.rows, len(fake.calls)) == ({}, 7)


def test_a_relay_waits_for_a_database_that_is_away(
    hand: Hand, fake: FakeQStash, client: QStash, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(MemoryStore):
        misses = 20

        def claim(self, *args: Any) -> list[Row]:
            if self.misses:
                self.misses -= 1
                raise OSError("topsecret")
            return super().claim(*args)

        def close(self) -> None:
            raise OSError("gone already")

    store = Away()
    written(store, hand)
    hand.move(30)
    waits = Waits(hand, 21)
    relay(store, client, stop=waits, clock=hand.clock)
    assert store.rows == {}
    assert max(waits.waited) == 10.0
    assert 60 < sum(waits.waited[:20]) < 180
    told = [record.getMessage() for record in caplog.records]
    assert 2 <= len(told) <= 3  # one in a minute
    assert set(told) == {"qstash outbox: rows of 'memory' are left to the next sweep: OSError"}


def test_once_tells_that_the_database_is_away(hand: Hand, client: QStash) -> None:
    class Away(MemoryStore):
        def claim(self, *args: Any) -> list[Row]:
            raise OSError("away")

    with pytest.raises(OSError, match="away"):
        relay(Away(), client, stop=threading.Event(), once=True, clock=hand.clock)


def test_a_relay_that_is_told_to_end_gives_back_what_it_has_taken(
    store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash
) -> None:
    stop = threading.Event()
    store.write(row(due_at=NOW, body=b"\xff") for _ in range(10))
    fake.answers.extend([ACCEPTED] * 10)
    fake.before = lambda: stop.set() if len(fake.calls) == 3 else None
    total = relay(store, client, stop=stop, clock=hand.clock)
    assert (total.sent, len(store.rows)) == (3, 7)
    assert {one.due_at for one in store.rows.values()} == {hand.now_at}


def test_rows_that_were_kept_for_long_enough_go_on_the_way(
    store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash
) -> None:
    store.write([row(due_at=None, sent_at=NOW - 100_000), row(due_at=None, sent_at=NOW - 500)])
    relay(store, client, stop=Waits(hand, 59), keep=60_000, clock=hand.clock)
    assert len(store.rows) == 1
    relay(store, client, stop=Waits(hand, 62), keep=60_000, clock=hand.clock)
    assert store.rows == {}


def test_rows_are_pruned_some_at_a_time(store: MemoryStore, hand: Hand, client: QStash) -> None:
    store.write(row(id=new_id(NOW + number), due_at=None, sent_at=NOW - 1) for number in range(25))
    assert list(pruned(store, client, hand.clock, NOW, 10)) == [10, 10, 5]


def test_a_store_of_async_code_serves_a_relay_that_waits(
    store: MemoryStore, hand: Hand, fake: FakeQStash, client: QStash
) -> None:
    written(store, hand, 3)
    hand.move(30)
    blocking = BlockingStore(AsyncMemoryStore(store))
    assert relay(blocking, client, stop=threading.Event(), once=True, clock=hand.clock).sent == 3
    assert (blocking.stats(hand.now_at).waiting, blocking.label) == (0, "memory")
    assert (blocking.requeue(None, NOW), blocking.prune(NOW, 1), blocking.parked(1)) == (0, 0, [])


def test_relays_that_run_at_once_send_each_row_once(hand: Hand, fake: FakeQStash, client: QStash) -> None:
    store = MemoryStore()
    ids = written(store, hand, 2_000)
    hand.move(30)
    relays = [
        threading.Thread(
            target=relay, args=(store, client), kwargs={"stop": threading.Event(), "once": True, "clock": hand.clock}
        )
        for _ in range(4)
    ]
    for thread in relays:
        thread.start()
    for thread in relays:
        thread.join(60)
    assert sorted(fake.ids) == sorted(ids)
