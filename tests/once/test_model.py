"""Any course of events over several processes: claims, renewals, ends, crashes, frozen processes, clocks, outages.

What has to hold, for every store:

- No two handlers are at work on one message, unless the first was not heard of for as long as its lease.
- What is done is not run again for as long as it is kept.
- None is forgotten: what failed may run at once, what was killed when its lease is over.
- Who was overtaken changes nothing.
"""

import gc
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from qstash_integrations._core.receiving.answers import ALREADY_DONE, REJECTED, Answer
from qstash_integrations._core.receiving.once import Once, Turn
from qstash_integrations._core.receiving.renewals import Renewals
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.receiving.runs import Run, Standing, Store
from tests.core.test_once import delivery
from tests.once.conftest import KINDS, open_store
from tests.once.stores import Opened
from tests.signing import NOW
from tests.soak import examples

T = TypeVar("T")

# In the time of the model. Some clocks go on by themselves while a test runs, and count whole seconds: so nothing ends
# near a step.
STEP, SLACK = 300.0, 40.0
LEASE, KEPT = 10 * STEP - 50, 100 * STEP - 50
MESSAGES = 2
PROCESSES = 2


class Down(Exception):
    """The store cannot be reached."""


class Held(NamedTuple):
    """A run that the store knows to be at work: when it was heard of last."""

    run: Run
    heard_at: float


class Ledger:
    """What the stores of all processes really did: the model."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at_work: dict[str, Held] = {}  # by message
        self.done_at: dict[str, float] = {}
        self.bound: dict[str, str] = {}
        """The message for which each token was presented first."""
        self.clock = [0.0]
        """Where the wall clock was set to, from where it was at first."""

    def claimed(self, run: Run, standing: Standing) -> None:
        held, done_at = self.at_work.get(run.message), self.done_at.get(run.message)
        over = held is None or self.now - held.heard_at >= LEASE - SLACK
        if self.bound.setdefault(run.token, run.message) != run.message:
            assert standing.state == "replayed", "a token is good for two messages"
        elif held and held.run.token == run.token and self.now - held.heard_at <= LEASE - SLACK:
            assert standing.state == "replayed", "a token is good for two runs"
        if standing.state == "free":
            assert over, "two handlers hold one message"
            assert done_at is None or self.now - done_at >= self._kept(), "what is done runs again"
            self.at_work[run.message] = Held(run, self.now)
            self.done_at.pop(run.message, None)
        elif standing.state == "busy":
            assert held is not None, "nobody is at work"
            assert self.now - held.heard_at <= LEASE + SLACK, "a message is held for longer than a lease"
            assert standing.wait <= LEASE - (self.now - held.heard_at) + SLACK, "a retry is sent away for too long"
        elif standing.state == "done":
            assert done_at is not None, "what nobody did is done"
        else:
            assert standing.state == "replayed"

    def renewed(self, run: Run, taken: bool) -> None:
        self._changed(run, taken)
        if taken:
            assert run.message not in self.done_at, "what is done is at work again"
            self.at_work[run.message] = Held(run, self.now)

    def completed(self, run: Run, taken: bool) -> None:
        self._changed(run, taken)
        if taken:
            self.at_work.pop(run.message, None)
            self.done_at[run.message] = self.now

    def released(self, run: Run, taken: bool) -> None:
        self._changed(run, taken)
        if taken:
            self.at_work.pop(run.message, None)

    def _kept(self) -> float:
        return KEPT - SLACK - (max(self.clock) - min(self.clock))

    def _changed(self, run: Run, taken: bool) -> None:
        held = self.at_work.get(run.message)
        if taken and held is not None and held.run.holder != run.holder:
            assert self.now - held.heard_at >= LEASE - SLACK, "who was overtaken changes something"
        if not taken and held is not None and held.run.holder == run.holder:
            assert self.now - held.heard_at >= LEASE - SLACK, "the holder of a message is turned away"


class Reached:
    """One process's way to the store, which can be cut; also between a call and its answer."""

    lease, kept = LEASE, KEPT

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self.cut = ""
        self.last: Any = None
        """The run that was claimed last."""

    def claim(self, run: Run) -> Standing:
        self.last = run
        return self._call(self._store.claim, run, self._ledger.claimed)

    def renew(self, run: Run) -> bool:
        return self._call(self._store.renew, run, self._ledger.renewed)

    def complete(self, run: Run) -> bool:
        return self._call(self._store.complete, run, self._ledger.completed)

    def release(self, run: Run) -> bool:
        return self._call(self._store.release, run, self._ledger.released)

    def close(self) -> None:
        close: Any = getattr(self._store, "close", None)
        if close is not None:
            close()

    def _call(self, method: Callable[[Run], T], run: Run, note: Callable[[Run, T], None]) -> T:
        if self.cut == "before":
            raise Down
        found = method(run)
        note(run, found)
        if self.cut == "after":
            raise Down
        return found


class AtWork(NamedTuple):
    turn: Turn
    run: Run
    message: int


class Process:
    def __init__(self, store: Reached, ledger: Ledger) -> None:
        self.store = store
        self.frozen = False
        self.well_since = ledger.now
        """Since when it is neither frozen nor cut off, if it is."""
        self.handlers: list[AtWork] = []
        self.renewals = Renewals(lambda: ledger.now)
        self.once = Once(store, lambda: NOW, Reporter(), self.renewals)


processes, messages = st.integers(0, PROCESSES - 1), st.integers(0, MESSAGES - 1)
# Picks one of those there are.
numbers = st.integers(0, 1000)


class Course(RuleBasedStateMachine):
    """Events of one store and its processes."""

    opened: Opened

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        # The store may be one that was used before.
        self.number = next(_courses)
        self.tokens = count()
        self.presented: list[tuple[int, str]] = []
        self.processes = [self._started() for _ in range(PROCESSES)]
        self.killed: list[Process] = []

    @rule(process=processes, message=messages)
    def attempt(self, process: int, message: int) -> None:
        """QStash delivers, with a new token."""
        assert self._begin(self.processes[process], message) != REJECTED, "QStash is turned away"

    @precondition(lambda self: self.presented)
    @rule(process=processes, which=numbers)
    def replay(self, process: int, which: int) -> None:
        """Somebody presents a token again."""
        self._begin(self.processes[process], *_one_of(self.presented, which))

    @precondition(lambda self: self.presented)
    @rule(process=processes, which=numbers)
    def forge(self, process: int, which: int) -> None:
        """Somebody presents a token for another message."""
        message, token = _one_of(self.presented, which)
        self._begin(self.processes[process], (message + 1) % MESSAGES, token)

    @precondition(lambda self: self.able())
    @rule(which=numbers, status=st.sampled_from([200, 489, 500, None]))
    def end(self, which: int, status: int | None) -> None:
        handlers = _one_of(self.able(), which).handlers
        handlers.pop(which % len(handlers)).turn.end(status)

    @precondition(lambda self: self.able())
    @rule(which=numbers)
    def forget(self, which: int) -> None:
        """A response is dropped unsent, and its turn with it."""
        _one_of(self.able(), which).handlers.pop()
        # Django leaves frames behind that refer to themselves, and to all further out.
        gc.collect()

    @rule(process=processes)
    def kill(self, process: int) -> None:
        self.killed.append(self.processes[process])
        self.processes[process] = self._started()

    @precondition(lambda self: self.able())
    @rule(which=numbers)
    def freeze(self, which: int) -> None:
        _one_of(self.able(), which).frozen = True

    @precondition(lambda self: self.frozen())
    @rule(which=numbers)
    def wake(self, which: int) -> None:
        self._wake(_one_of(self.frozen(), which))

    @precondition(lambda self: self.able())
    @rule(which=numbers, status=st.sampled_from([200, 500]), renews=st.booleans())
    def overtake(self, which: int, status: int, renews: bool) -> None:
        """A process freezes, and others come when its lease is over; then it wakes up, and ends what it was at."""
        process = _one_of(self.able(), which)
        process.frozen = True
        handler = process.handlers.pop()
        self.wait(11)
        for other in self.processes:
            self._begin(other, handler.message)
        self._wake(process)
        if renews:
            process.renewals.renew_due()
        handler.turn.end(status)
        self._begin(process, handler.message)

    @rule(process=processes, cut=st.sampled_from(["before", "after", "", ""]))
    def cut_or_mend(self, process: int, cut: str) -> None:
        self.processes[process].store.cut = cut
        self.processes[process].well_since = self.ledger.now

    @rule(steps=st.sampled_from([1, 3, 9, 11, 25]))
    def wait(self, steps: int) -> None:
        for _ in range(steps):
            self._advance(STEP)

    @rule(hours=st.sampled_from([-1, 0, 1]))
    def set_clock(self, hours: int) -> None:
        """As NTP does. Where what is done is remembered by the wall clock, this changes how long, and nothing else."""
        set_to = hours * 3600.0
        self.opened.set_clock(set_to - self.ledger.clock[-1])
        self.ledger.clock.append(set_to)

    @invariant()
    def who_lives_and_reaches_the_store_keeps_its_lease(self) -> None:
        now = self.ledger.now
        for process in self.processes:
            if process.frozen or process.store.cut or now - process.well_since < LEASE / 2:
                continue
            for handler in process.handlers:
                held = self.ledger.at_work.get(handler.run.message)
                if held and held.run.holder == handler.run.holder:
                    assert now - held.heard_at <= LEASE / 2, "nobody renews the lease"

    def able(self) -> list[Process]:
        return [process for process in self.processes if process.handlers and not process.frozen]

    def frozen(self) -> list[Process]:
        return [process for process in self.processes if process.frozen]

    def teardown(self) -> None:
        """Everything is mended and nobody is at work: what is done stays so, and all else may run."""
        for number, process in enumerate(self.processes):
            process.store.cut, process.frozen = "", False
            while process.handlers:
                process.handlers.pop().turn.end(500)
            # Before this, what was noted to be released is.
            self._begin(process, MESSAGES + number)
        for _ in range(11):
            self._advance(STEP)
        for message in range(MESSAGES):
            answer = self._begin(self.processes[0], message)
            if answer == ALREADY_DONE:
                assert self.processes[0].store.last.message in self.ledger.done_at, "a message is forgotten"
            else:
                assert isinstance(answer, Turn), "a message is forgotten"
        for process in (*self.processes, *self.killed):
            process.store.close()

    def _begin(self, process: Process, message: int, token: str = "") -> Turn | Answer | None:
        if process.frozen:
            return None
        if not token:
            token = f"jwt_{self.number}_{next(self.tokens)}"
            self.presented.append((message, token))
        # The token lives for longer than any course.
        given = delivery(f"msg_{self.number}_{message}", jti=token, exp=NOW + 100_000_000)
        answer = process.once.begin(given, "POST")
        if isinstance(answer, Turn):
            process.handlers.append(AtWork(answer, process.store.last, message))
        return answer

    def _started(self) -> Process:
        return Process(Reached(self.opened.elsewhere(), self.ledger), self.ledger)

    def _wake(self, process: Process) -> None:
        process.frozen, process.well_since = False, self.ledger.now

    def _advance(self, seconds: float) -> None:
        self.ledger.now += seconds
        self.opened.advance(seconds)
        for process in self.processes:
            if not process.frozen:
                process.renewals.renew_due()


def _one_of(things: list[T], which: int) -> T:
    return things[which % len(things)]


_courses = count()
# How many for each store, more for those that take less time; each has up to forty events.
COURSES = {
    "memory": 60,
    "sqlite": 25,
    "django_cache": 8,
    "django_database": 15,
    "redis": 25,
    "django_cache_in_redis": 10,
    "django_database_in_postgresql": 10,
    "django_database_in_mariadb": 10,
}


# Finding the shortest course that fails takes its time.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_S05_no_two_handlers_hold_a_message_and_none_is_forgotten(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    with open_store(request, kind, tmp_path) as opened:

        class OfThisStore(Course):
            def __init__(self) -> None:
                opened.clear()
                self.opened = opened
                super().__init__()

        courses = settings(
            max_examples=examples(COURSES[kind]),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(OfThisStore, settings=courses)
