"""What a process keeps in memory."""

from qstash_integrations.once import MemoryStore
from tests.once.stores import KEPT, LEASE, Clock, run

MINUTE = 60.0


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
