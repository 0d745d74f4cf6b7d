"""Whatever happens, in whatever order: no row is lost, none is parked for an account's fault, and each has one holder.

Writers commit and die, relays take turns at every step and are killed between any two, QStash is away, refuses, or
accepts and is not heard, and the clock is set back.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from qstash_integrations import QStash
from qstash_integrations._core.publishing.call import APIRequest, APIResponse, Lost
from qstash_integrations._core.publishing.client import override_transport
from qstash_integrations._core.publishing.operations.message import publish
from qstash_integrations.outbox.driving import drive
from qstash_integrations.outbox.row import Row, new_holder
from qstash_integrations.outbox.rule import FAR, Change
from qstash_integrations.outbox.steps import OfStore, Pause, Step, Steps
from qstash_integrations.outbox.sweeping import Manner, Swept, sweep, written
from qstash_integrations.outbox.written import rows_of
from tests.outbox.hand import FakeQStash, Hand, Outcome, refusal
from tests.outbox.memory import MemoryStore
from tests.soak import examples

BAD = b"bad"
POISON = b"poison"
URL = "https://shop.example/hooks/ship"
AWAY: list[Outcome] = [
    *(refusal(status) for status in (401, 402, 403, 404, 429, 500, 502, 503)),
    Lost("connection refused"),
    APIResponse(200, b"<html>"),
]


class Ledger(MemoryStore):
    """Writes down who holds what, by its own reckoning."""

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self.hand = hand
        self.holders: dict[str, tuple[str, int]] = {}

    def write(self, rows: Any) -> None:
        rows = list(rows)
        super().write(rows)
        for one in rows:
            if one.due_at is not None:
                self.holders[one.id] = one.holder, one.due_at

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        before = dict(self.holders)
        rows = super().claim(holder, now, until, limit)
        for one in rows:
            held_until = before[one.id][1]
            assert held_until <= now or held_until > now + FAR
        return rows

    def settle(self, changes: Sequence[Change]) -> int:
        held = [change for change in changes if self.holders.get(change.id, ("", 0))[0] == change.holder]
        for change in held:
            if change.due_at is None:
                del self.holders[change.id]
            else:
                self.holders[change.id] = change.holder, change.due_at
        settled = super().settle(changes)
        assert settled == len(held)
        return settled


class Runner:
    """One sender, which takes a step at a time."""

    def __init__(self, steps: Steps[Swept]) -> None:
        self.steps = steps
        self.step: Step | None = None
        self._advance(lambda: next(steps))

    def take(self, store: MemoryStore, client: QStash) -> None:
        step = self.step
        if step is None:
            return
        try:
            if isinstance(step, Pause):
                answer = step.clock.sleep(step.seconds)
            else:
                answer = step.ask(store if isinstance(step, OfStore) else client)
        except AssertionError:
            raise
        except Exception as error:
            failure = error
            self._advance(lambda: self.steps.throw(failure))
        else:
            self._advance(lambda: self.steps.send(answer))

    def _advance(self, go: Any) -> None:
        try:
            self.step = go()
        except StopIteration:
            self.step = None


class QStashOfChaos(FakeQStash):
    """Is away, or is not heard, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.outcome: Outcome | None = None
        self.is_heard = True
        self.refuses = self._refuses

    def __call__(self, request: APIRequest) -> Outcome:
        if self.outcome is not None:
            return self.outcome
        answer = super().__call__(request)
        return answer if self.is_heard else Lost("the answer was lost")

    def _refuses(self, message: Any) -> APIResponse | None:
        if message.body == BAD:
            return refusal(400, "bad")
        return refusal(500, "oops") if message.body == POISON else None


class Outboxes(RuleBasedStateMachine):
    senders = Bundle("senders")

    @initialize()
    def begin(self) -> None:
        self.hand = Hand()
        self.store = Ledger(self.hand)
        self.qstash = QStashOfChaos()
        self.client = QStash("token", retry=False)
        self.transport = override_transport(self.qstash)
        self.transport.__enter__()
        self.committed: dict[str, bytes | None] = {}

    @rule(
        target=senders,
        bodies=st.lists(st.sampled_from([b"ok", b"ok", b"\xff", BAD, POISON]), max_size=8),
        dies=st.booleans(),
    )
    def commit(self, bodies: list[bytes], dies: bool) -> Runner:
        holder = new_holder()
        rows = [
            row
            for body in bodies
            for row in rows_of(publish({"url": URL, "body": body}, None), self.hand.now_at, holder)
        ]
        self.store.write(rows)
        self.committed |= {row.id: row.body for row in rows}
        ids = [] if dies else [row.id for row in rows]
        return Runner(written([(ids, holder)], Manner(clock=self.hand.clock)))

    @rule(target=senders, failures=st.integers(0, 5), keep=st.booleans())
    def start_relay(self, failures: int, keep: bool) -> Runner:
        return Runner(sweep(Manner(clock=self.hand.clock, failures=failures, keep=keep)))

    @rule(sender=senders, steps=st.integers(1, 6))
    def take_steps(self, sender: Runner, steps: int) -> None:
        for _ in range(steps):
            sender.take(self.store, self.client)

    @rule(sender=consumes(senders))
    def kill(self, sender: Runner) -> None:
        sender.steps.close()

    @rule(seconds=st.sampled_from([0.1, 5, 31, 61, 600, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.hand.move(seconds)

    @rule(seconds=st.sampled_from([1, 60, 7200, 86_400]))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.hand.set_back(seconds)

    @rule(outcome=st.sampled_from([None, None, *AWAY]), is_heard=st.booleans())
    def qstash_changes(self, outcome: Outcome | None, is_heard: bool) -> None:
        self.qstash.outcome, self.qstash.is_heard = outcome, is_heard

    @rule()
    def parked_rows_are_requeued(self) -> None:
        self.store.requeue(None, self.hand.now_at)

    @invariant()
    def no_row_is_lost(self) -> None:
        accepted = {message.headers["Upstash-Deduplication-Id"] for message in self.qstash.accepted}
        for row_id in self.committed:
            assert row_id in self.store.rows or row_id in accepted

    @invariant()
    def no_row_is_parked_for_what_is_not_its_fault(self) -> None:
        for row in self.store.rows.values():
            assert row.due_at is not None or row.sent_at is not None or row.body == BAD

    @invariant()
    def what_is_kept_as_sent_was_sent(self) -> None:
        accepted = {message.headers["Upstash-Deduplication-Id"] for message in self.qstash.accepted}
        assert accepted >= {row.id for row in self.store.rows.values() if row.sent_at is not None}

    def teardown(self) -> None:
        """Once all is well again everything is delivered, but for what is its own fault."""
        if not hasattr(self, "store"):
            return
        self.qstash.outcome, self.qstash.is_heard = None, True
        # Each poison ends a sweep until it is alone.
        poison = sum(row.body == POISON for row in self.store.rows.values())
        for _ in range(20 + 2 * poison):
            self.hand.move(1201)
            drive(sweep(Manner(clock=self.hand.clock)), self.store, self.client)
        self.no_row_is_lost()
        self.no_row_is_parked_for_what_is_not_its_fault()
        left = [row for row in self.store.rows.values() if row.sent_at is None]
        assert {row.body for row in left} <= {BAD, POISON}
        self.transport.__exit__(None, None, None)


Outboxes.TestCase.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
TestOutboxes = Outboxes.TestCase
