"""What a process keeps in memory."""

from qstash_integrations.once import MemoryStore
from tests.once.stores import KEPT, Clock, run


def test_what_has_expired_is_forgotten_within_a_minute_of_use() -> None:
    clock = Clock()
    store = MemoryStore(now=clock)
    for _ in range(100):
        store.claim(run())
    assert len(store) == 200
    clock.advance(KEPT)
    store.claim(run())
    assert len(store) == 2
