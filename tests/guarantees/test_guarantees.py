"""The table of guarantees, a test for each of its rows; whoever may crash is a process that is killed."""

import signal
import sys
import threading

import pytest

from tests.guarantees.actors import Actor
from tests.guarantees.gate import Answer, PassOn
from tests.guarantees.world import World
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here"),
]

# Seconds, and a little more, after which somebody else may send a row.
WRITERS_LEASE, RELAYS_LEASE = 31, 101
QSTASHS_MEMORY = 11 * 60  # seconds, after which QStash no longer merges what has the same deduplication id
REFUSED = (400, b'{"error":"no"}')


class Killer:
    """Kills a process when its request is at the gate, or once QStash has answered it."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._process: Actor | None = None

    def of(self, process: Actor) -> None:
        self._process = process
        self._known.set()

    def before(self, to_qstash: PassOn) -> Answer:
        self._kill()
        return REFUSED

    def after(self, to_qstash: PassOn) -> Answer:
        answer = to_qstash()
        self._kill()
        return answer

    def _kill(self) -> None:
        assert self._known.wait(10)
        assert self._process
        self._process.kill()


@pytest.fixture
def killer() -> Killer:
    return Killer()


def test_what_crashes_before_its_commit_is_never_sent(it: World) -> None:
    it.killed_order(1, "commit", "before-commit")
    it.relayed(clock=WRITERS_LEASE)
    assert (it.ledger.count("orders")[1], it.messages(1)) == (0, 0)


@pytest.mark.parametrize("fate", ["rollback", "savepoint"])
def test_what_is_rolled_back_is_never_sent(it: World, fate: str) -> None:
    ordered = it.order(2, fate)
    assert ordered.ended() == 0, ordered.printed
    it.relayed(clock=WRITERS_LEASE)
    assert (it.ledger.count("orders")[2], it.messages(2)) == (0, 0)


def test_what_is_committed_is_sent_at_once(it: World) -> None:
    ordered = it.order(3, "commit")
    it.wait_for_delivery(3)
    wait_until(lambda: it.ledger.waiting() == 0)
    ordered.kill()
    ordered.ended()
    assert (it.messages(3), it.effects(3)) == (1, 1)


def test_what_crashes_after_its_commit_is_sent_once_the_lease_of_its_writer_has_ended(it: World) -> None:
    it.killed_order(4, "commit", "after-commit")
    it.relayed()
    assert (it.ledger.waiting(), it.messages(4)) == (1, 0)
    it.relayed(clock=WRITERS_LEASE)
    it.wait_for_delivery(4)
    assert (it.ledger.waiting(), it.messages(4), it.effects(4)) == (0, 1, 1)


def test_what_crashes_while_it_is_sent_is_sent_again(it: World, killer: Killer) -> None:
    it.gate.steps = [killer.before]
    killer.of(ordered := it.order(5, "commit"))
    ordered.ended()
    it.relayed(clock=RELAYS_LEASE)
    it.wait_for_delivery(5)
    assert (it.ledger.waiting(), it.messages(5), it.effects(5)) == (0, 1, 1)


def test_a_relay_that_crashes_while_it_sends_is_followed_by_the_next(it: World, killer: Killer) -> None:
    it.killed_order(6, "commit", "after-commit")
    it.gate.steps = [killer.before]
    killer.of(relay := it.relay(clock=WRITERS_LEASE))
    relay.ended()
    it.relayed(clock=WRITERS_LEASE)
    assert (it.ledger.waiting(), it.messages(6)) == (1, 0)
    it.relayed(clock=WRITERS_LEASE + RELAYS_LEASE)
    it.wait_for_delivery(6)
    assert (it.ledger.waiting(), it.messages(6), it.effects(6)) == (0, 1, 1)


def test_what_crashes_after_qstash_has_accepted_is_sent_again_and_merged(it: World, killer: Killer) -> None:
    it.gate.steps = [killer.after]
    killer.of(ordered := it.order(7, "commit"))
    ordered.ended()
    it.wait_for_delivery(7)
    it.relayed(clock=RELAYS_LEASE)
    assert (it.ledger.waiting(), it.gate.sent[7], it.messages(7), it.effects(7)) == (0, 2, 1, 1)


def test_what_is_sent_again_after_ten_minutes_is_a_second_message_with_one_effect(it: World, killer: Killer) -> None:
    it.gate.steps = [killer.after]
    killer.of(ordered := it.order(8, "commit"))
    ordered.ended()
    it.wait_for_delivery(8)
    it.clock.ahead += QSTASHS_MEMORY
    it.relayed(clock=QSTASHS_MEMORY)
    it.wait_for_delivery(8, times=2)
    assert (it.messages(8), it.effects(8)) == (2, 1)


def test_a_clock_that_is_set_back_by_two_hours_holds_nothing_up(it: World) -> None:
    it.killed_order(9, "commit", "after-commit", clock=2 * 60 * 60)
    it.relayed()
    it.wait_for_delivery(9)
    assert (it.ledger.waiting(), it.messages(9), it.effects(9)) == (0, 1, 1)


def test_two_relays_send_a_row_once(it: World) -> None:
    for number in range(1000, 1010):
        it.killed_order(number, "commit", "after-commit")
    relays = [it.relay(clock=WRITERS_LEASE) for _ in range(2)]
    assert [relay.ended() for relay in relays] == [0, 0]
    assert it.ledger.waiting() == 0
    assert [it.gate.sent[number] for number in range(1000, 1010)] == [1] * 10


def test_a_relay_that_finishes_late_changes_nothing(it: World) -> None:
    it.killed_order(11, "commit", "after-commit")
    arrived, goes_on = threading.Event(), threading.Event()

    def late(to_qstash: PassOn) -> Answer:
        arrived.set()
        goes_on.wait(60)
        return REFUSED

    it.gate.steps = [late]
    slow = it.relay(clock=WRITERS_LEASE)
    assert arrived.wait(30)
    slow.send(signal.SIGSTOP)
    it.relayed(clock=WRITERS_LEASE + RELAYS_LEASE)
    after = it.ledger.rows()
    goes_on.set()
    slow.send(signal.SIGCONT)
    assert slow.ended() == 0, slow.printed
    assert it.ledger.rows() == after
    assert (it.ledger.parked(), it.messages(11)) == (0, 1)


def test_a_replica_that_lost_what_was_sent_sends_it_again_and_it_is_merged(it: World) -> None:
    it.killed_order(12, "commit", "after-commit")
    unsent = it.ledger.everything()["qstash_outbox"]
    it.relayed(clock=WRITERS_LEASE)
    it.wait_for_delivery(12)
    it.ledger.fail_over(to={**it.ledger.everything(), "qstash_outbox": unsent})
    it.relayed(clock=WRITERS_LEASE)
    assert (it.ledger.waiting(), it.gate.sent[12], it.messages(12), it.effects(12)) == (0, 2, 1, 1)


def test_a_replica_that_lost_an_order_has_its_message_all_the_same(it: World) -> None:
    replica = it.ledger.everything()
    it.killed_order(13, "commit", "after-commit")
    it.relayed(clock=WRITERS_LEASE)
    it.wait_for_delivery(13)
    it.ledger.fail_over(to=replica)
    assert (it.ledger.count("orders")[13], it.messages(13)) == (0, 1)


def test_a_replica_that_lost_an_effect_is_not_asked_for_it_again(it: World) -> None:
    it.killed_order(14, "commit", "after-commit")
    replica = it.ledger.everything()
    it.relayed(clock=WRITERS_LEASE)
    it.wait_for_delivery(14)
    it.ledger.fail_over(to=replica)
    it.relayed(clock=WRITERS_LEASE)
    assert (it.ledger.waiting(), it.messages(14), it.delivered(14), it.effects(14)) == (0, 1, 1, 0)
