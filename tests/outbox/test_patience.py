"""How often a store is asked again, by what it has raised. What databases really raise: ``trouble_contract.py``."""

import threading
from collections.abc import Sequence

import pytest

from qstash_integrations import QStash
from qstash_integrations.outbox.driving import drive
from qstash_integrations.outbox.patience import patiently
from qstash_integrations.outbox.relay import relay
from qstash_integrations.outbox.rule import Change
from qstash_integrations.outbox.sweeping import Swept
from tests.outbox.hand import FakeQStash, Hand
from tests.outbox.memory import MemoryStore
from tests.outbox.test_sender import written


class OperationalError(Exception): ...


class Refusing(MemoryStore):
    def __init__(self, error: Exception, times: int) -> None:
        super().__init__()
        self.error = error
        self.left = times
        self.asked = 0

    def ask(self) -> str:
        self.asked += 1
        if self.asked <= self.left:
            raise self.error
        return "answer"

    def settle(self, changes: Sequence[Change]) -> int:
        self.ask()
        return super().settle(changes)


def asked(hand: Hand, error: Exception, times: int, *, rows_at_stake: bool = False) -> tuple[object, int]:
    store = Refusing(error, times)
    steps = patiently(lambda of: of.ask(), hand.clock, rows_at_stake=rows_at_stake)
    try:
        return drive(steps, store, QStash("token")), store.asked
    except Exception as raised:
        return raised, store.asked


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (OperationalError(1213, "Deadlock found"), 8),
        (OperationalError(2006, "Server has gone away"), 2),
        (ValueError("no"), 1),
    ],
    ids=["deadlock", "connection", "something else"],
)
def test_who_claims_asks_again_where_that_may_help(hand: Hand, error: Exception, tries: int) -> None:
    assert asked(hand, error, tries - 1) == ("answer", tries)
    assert asked(hand, error, tries) == (error, tries)


@pytest.mark.parametrize("error", [OperationalError(1205), OSError("connection refused")], ids=["locked", "away"])
def test_what_was_sent_is_worth_ten_seconds(hand: Hand, error: Exception) -> None:
    begun_at = hand.monotonic_at
    assert asked(hand, error, 10, rows_at_stake=True) == ("answer", 11)
    assert 5 < hand.monotonic_at - begun_at < 12
    assert asked(hand, error, 11, rows_at_stake=True) == (error, 11)


def test_rows_are_sent_once_by_a_relay_whose_database_is_away_for_a_while(hand: Hand, fake: FakeQStash) -> None:
    store = Refusing(OSError("connection refused"), 5)
    ids = written(store, hand, 3)
    hand.move(30)
    swept = relay(store, QStash("token", retry=False), stop=threading.Event(), once=True, clock=hand.clock)
    assert (swept, sorted(fake.ids), store.rows) == (Swept(sent=3), sorted(ids), {})
