"""The leases of what is at work: when they are renewed, and what is said when they cannot be."""

import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations import Delivery
from qstash_integrations._core.receiving.once import Once, Turn
from qstash_integrations._core.receiving.renewals import Renewals, RenewingThread
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations.once import MemoryStore, Run, SQLiteStore
from tests.core.test_once import delivery
from tests.signing import NOW

ROOT = Path(__file__).parents[2]
_numbers = count(100)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Worker:
    """A process with a store that can fail, and notes who asked it to renew."""

    def __init__(self, lease: float = 30) -> None:
        self.clock = Clock()
        self.asked: list[Run] = []
        self.error: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.renewals = Renewals(self.clock)
        worker = self

        class Store(MemoryStore):
            def renew(self, run: Run) -> bool:
                worker.asked.append(run)
                if worker.error:
                    raise worker.error
                held = super().renew(run)
                worker.meanwhile()
                return held

        self.store = Store(lease=lease, now=self.clock)
        self.once = Once(self.store, lambda: NOW, Reporter(self.clock), self.renewals)

    def begin(self, given: Delivery | None = None) -> Any:
        return self.once.begin(given or delivery(), "POST")

    def advance(self, seconds: float, step: float = 1.0) -> None:
        """As the thread would, which wakes when something is due."""
        for _ in range(int(seconds / step)):
            self.clock.seconds += step
            self.renewals.renew_due()


def again() -> Delivery:
    """Another attempt at the same message, with a token of its own."""
    return delivery(jti=f"jwt_{next(_numbers)}")


def test_S05_a_handler_of_two_hours_keeps_its_lease() -> None:
    worker = Worker()
    turn = worker.begin()
    worker.advance(7200)
    assert worker.begin(again()).status == 409
    assert len(worker.asked) == 720
    turn.end(200)
    assert worker.begin(again()).status == 200


def test_S05_a_lease_is_renewed_when_a_third_of_it_is_over() -> None:
    worker = Worker(lease=60)
    turn = worker.begin()
    worker.advance(19)
    assert worker.asked == []
    worker.advance(1)
    assert len(worker.asked) == 1
    turn.end(200)


def test_S05_what_has_ended_is_renewed_no_more() -> None:
    worker = Worker()
    worker.begin().end(500)
    worker.advance(60)
    assert worker.asked == []
    assert isinstance(worker.begin(again()), Turn)


def test_S05_a_handler_that_nobody_knows_of_is_renewed_no_more() -> None:
    worker = Worker()
    turn: Turn | None = worker.begin()
    assert turn is not None
    del turn
    gc.collect()
    worker.advance(60)
    assert worker.asked == []


def test_S05_a_retry_is_told_to_come_when_the_lease_ends() -> None:
    worker = Worker()
    turn = worker.begin()
    worker.clock.seconds += 12.5
    assert ("retry-after", "18") in worker.begin(again()).headers
    turn.end(200)


def test_S05_a_store_that_fails_is_asked_again_until_it_takes_the_renewal(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker()
    turn = worker.begin()
    worker.error = OSError("down")
    worker.advance(25)
    worker.error = None
    worker.advance(20)
    assert worker.begin(again()).status == 409
    assert "could not be renewed" not in caplog.text
    turn.end(200)


def test_S05_a_lease_that_could_not_be_renewed_is_reported_once_and_taken_back_if_it_can_be(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker()
    turn = worker.begin()
    worker.error = OSError("redis://user:hunter2@cache.example is down")
    worker.advance(120)
    lost = [record.getMessage() for record in caplog.records if "could not be renewed" in record.getMessage()]
    assert lost == [
        "qstash duplicate protection: a handler is at work whose lease could not be renewed for 30 seconds; another "
        "may take its message over"
    ]
    assert "hunter2" not in caplog.text
    worker.error = None
    worker.advance(3)
    assert worker.begin(again()).status == 409
    turn.end(200)
    assert worker.begin(again()).status == 200


def test_S05_a_process_that_was_frozen_is_fenced(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker()
    frozen = worker.begin()
    worker.clock.seconds += 30
    elsewhere = Once(worker.store, lambda: NOW, Reporter(), Renewals(worker.clock))
    successor: Any = elsewhere.begin(again(), "POST")
    assert isinstance(successor, Turn)
    worker.renewals.renew_due()
    frozen.end(200)
    assert caplog.messages == [
        "qstash duplicate protection: a handler was at work for more than 30 seconds without a renewal of its lease; "
        "another took its message over, and what becomes of the first changes nothing of that"
    ]
    third = delivery(jti="jwt_TESTONLY3")
    assert worker.begin(third).status == 409
    successor.end(500)
    assert isinstance(worker.begin(third), Turn)


def test_S05_a_renewal_that_meets_the_end_of_its_turn_keeps_nobody_out() -> None:
    worker = Worker()
    turn = worker.begin()

    def put_it_back() -> None:
        turn.end(None)
        MemoryStore.renew(worker.store, worker.asked[0])

    worker.meanwhile = put_it_back
    worker.advance(10)
    assert isinstance(worker.begin(again()), Turn)


def test_S05_a_store_that_fails_is_asked_once_in_a_round() -> None:
    worker = Worker()
    turns = [worker.begin(delivery(f"msg_{number}", jti=f"jwt_{number}")) for number in range(50)]
    worker.error = OSError("down")
    worker.advance(11)
    assert len(worker.asked) == 1
    worker.error = None
    worker.advance(4)
    assert len(worker.asked) == 51
    for turn in turns:
        turn.end(200)


def test_S05_the_lease_in_another_store_does_not_wait() -> None:
    failing, working = Worker(), Worker()
    working.clock = failing.clock
    once = Once(working.store, lambda: NOW, Reporter(), failing.renewals)
    turns: list[Any] = [failing.begin(), once.begin(delivery(), "POST")]
    failing.error = OSError("down")
    failing.advance(10)
    assert (len(failing.asked), len(working.asked)) == (1, 1)
    for turn in turns:
        turn.end(200)


class Counted(MemoryStore):
    """Tells when it has renewed."""

    def __init__(self) -> None:
        super().__init__(lease=1)
        self.renewed = threading.Semaphore(0)
        self.threads: set[str] = set()

    def renew(self, run: Run) -> bool:
        self.threads.add(threading.current_thread().name)
        held = super().renew(run)
        self.renewed.release()
        return held


def test_S05_one_thread_renews_the_leases_of_all_stores() -> None:
    renewals, stores = RenewingThread(), [Counted(), Counted()]
    turns: list[Any] = [Once(store, lambda: NOW, Reporter(), renewals).begin(delivery(), "POST") for store in stores]
    before = {thread.ident for thread in threading.enumerate()}
    for store in stores:
        for _ in range(3):
            assert store.renewed.acquire(timeout=30)
    assert {thread.ident for thread in threading.enumerate()} <= before
    assert stores[0].threads == stores[1].threads == {"qstash_integrations leases"}
    for turn in turns:
        turn.end(200)


def test_S05_runs_that_end_soon_need_one_thread_between_them(tmp_path: Path) -> None:
    class Watched(RenewingThread):
        def _work(self) -> None:
            started.append(threading.current_thread())
            super()._work()

    started: list[threading.Thread] = []
    store = SQLiteStore(tmp_path / "claims.db")  # while it writes, the thread comes to look
    once = Once(store, lambda: NOW, Reporter(), Watched())
    for number in range(300):
        turn: Any = once.begin(delivery(f"msg_{number}", jti=f"jwt_{number}"), "POST")
        turn.end(200)
    assert len(started) == 1
    store.close()


class Unreportable(Reporter):
    """As one whose record a filter of the app breaks."""

    def store_failed(self, error: Exception) -> None:
        raise error


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_S05_a_thread_that_broke_is_replaced() -> None:
    broke = threading.Event()

    class Broken(Counted):
        def renew(self, run: Run) -> bool:
            broken.append(threading.current_thread())
            broke.set()
            raise OSError("down")

    broken: list[threading.Thread] = []
    renewals, working = RenewingThread(), Counted()
    turns: list[Any] = [Once(Broken(), lambda: NOW, Unreportable(), renewals).begin(delivery(), "POST")]
    assert broke.wait(30)
    broken[0].join(30)
    turns[0].end(200)
    turns.append(Once(working, lambda: NOW, Reporter(), renewals).begin(delivery(), "POST"))
    assert working.renewed.acquire(timeout=30)
    turns[1].end(200)


def test_S05_without_a_thread_nobody_has_a_turn(caplog: pytest.LogCaptureFixture) -> None:
    class NoMoreThreads(RenewingThread):
        def _wake(self) -> None:
            raise RuntimeError("can't start new thread")

    store = MemoryStore()
    guarded = Once(store, lambda: NOW, Reporter(), NoMoreThreads())
    answer: Any = guarded.begin(delivery(), "POST")
    assert answer.status == 503
    assert "RuntimeError" in caplog.text
    assert guarded.renewals.due_at() == float("inf")
    elsewhere: Any = Once(store, lambda: NOW, Reporter(), Renewals()).begin(again(), "POST")
    assert elsewhere.status == 409  # until the lease is over, or the first store's next claim has released it


CHILD = """
import os, signal, threading
from qstash_integrations._core.receiving.once import Once
from qstash_integrations._core.receiving.report import Reporter
from tests.core.test_once import delivery
from tests.core.test_renewals import Counted
from tests.signing import NOW

store = Counted()
once = Once(store, lambda: NOW, Reporter())
mine = once.begin(delivery(), "POST")
assert store.renewed.acquire(timeout=30)
child = os.fork()
if not child:
    signal.alarm(30)  # for what hangs
    store.renewed = threading.Semaphore(0)
    assert once.renewals.due_at() == float("inf")
    turn = once.begin(delivery("msg_2", jti="jwt_2"), "POST")
    assert store.renewed.acquire(timeout=30)
    turn.end(200)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert store.renewed.acquire(timeout=30)
mine.end(200)
"""


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_S05_a_child_renews_what_it_is_at_work_on_and_nothing_of_its_parents() -> None:
    # Python 3.12 warns of forks beside threads, which is what this is about.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CHILD]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")


EXIT = """
from qstash_integrations._core.receiving.once import Once
from qstash_integrations._core.receiving.report import Reporter
from tests.core.test_once import delivery
from tests.core.test_renewals import Counted
from tests.signing import NOW

store = Counted()
turn = Once(store, lambda: NOW, Reporter()).begin(delivery(), "POST")
assert store.renewed.acquire(timeout=30)
"""


@pytest.mark.system
def test_S05_a_process_ends_while_its_handlers_are_at_work() -> None:
    ended = subprocess.run([sys.executable, "-c", EXIT], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_records_say_how_many_went_unwritten(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    reporter = Reporter(lambda: 0.0)
    for _ in range(3):
        reporter.overtaken(30)
        reporter.not_renewed(30)
    assert len(caplog.records) == 2
