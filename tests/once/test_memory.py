"""What a process keeps in memory."""

import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from qstash_integrations.once import MemoryStore, memory
from tests.once.stores import KEPT, LEASE, Clock, run

MINUTE = 60.0


class BrokenOff(BaseException):
    """As a handler of a signal raises it, at any line."""


def breaks_off(line: int, act: Callable[[], object]) -> bool:
    """Whether ``act`` came to one more than so many lines of the store, and was broken off there."""
    lines = iter(range(line))

    def trace(frame: Any, event: str, _: object) -> Any:
        # Those of the marks: that a lock is let go of at any line, Python sees to.
        if frame.f_code.co_filename != memory.__file__ or not frame.f_code.co_qualname.startswith("_Marks."):
            return None
        if event == "line" and next(lines, None) is None:
            raise BrokenOff
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except BrokenOff:
        return True
    finally:
        sys.settrace(before)
    return False


def test_what_has_expired_is_forgotten_five_marks_with_each_claim() -> None:
    clock = Clock()
    store = MemoryStore(now=clock)
    for _ in range(100):
        store.claim(run())
    assert len(store) == 200
    clock.advance(KEPT)
    store.claim(run())
    assert len(store) == 200 - 5 + 2
    for _ in range(39):
        store.claim(run())
    assert len(store) == 2 * 40


def test_renewals_forget_as_well() -> None:
    clock = Clock()
    store, at_work = MemoryStore(now=clock), run()
    store.claim(at_work)
    for _ in range(1000):
        clock.advance(MINUTE)
        assert store.renew(at_work) is True
    assert len(store) == 1
    assert store.claim(run(at_work.message)).state == "busy"


def test_what_has_not_expired_is_not_forgotten() -> None:
    clock = Clock()
    store, done, released = MemoryStore(now=clock), run(), run()
    store.claim(done)
    store.complete(done)
    store.claim(released)
    store.release(released)
    clock.advance(KEPT - MINUTE)
    for _ in range(50):
        store.claim(run())
    assert store.claim(run(done.message)).state == "done"
    assert store.claim(released).state == "free"
    clock.advance(LEASE + MINUTE)
    for _ in range(50):
        store.claim(run())
    assert store.claim(run(done.message)).state == "free"


ACTS: dict[str, Callable[[MemoryStore], object]] = {
    "claim": lambda store: store.claim(run()),
    "renew": lambda store: store.renew(run()),
    "complete": lambda store: store.complete(run()),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_is_broken_off_at_any_line_leaves_a_store_that_works(act: Callable[[MemoryStore], object]) -> None:
    for line in count():
        clock = Clock()
        store = MemoryStore(now=clock)
        for _ in range(2):
            clock.advance(MINUTE)
            store.claim(run())
        clock.advance(KEPT)
        if not breaks_off(line, partial(act, store)):
            break
        for _ in range(3):
            clock.advance(KEPT)
            assert {store.claim(run()).state for _ in range(5)} == {"free"}, line
        assert len(store) <= 2 * 5 + 1, line
    assert line > 10
