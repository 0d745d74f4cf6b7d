"""Queues: strict order of acceptance, as many at once as the parallelism says.

The head's retries and callbacks come first: it keeps its slot until all of them are over.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from ..model import Limits, Queue, Refused
from ..rules.destination import check_name
from ..tables import Store


class Queues:
    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    def check(self, name: str) -> str:
        """The name; Refused when no message can be put into a queue of that name."""
        check_name(name, "queue name")
        if self._store.queues.slots(name) is None and self._store.queues.count() >= self._limits.queues:
            raise Refused(412, f"quota maxQueues exceeded, current limit: {self._limits.queues}")
        return name

    def enter(self, name: str, now: float) -> None:
        """A message was put into the queue, which springs into existence."""
        if self._store.queues.slots(name) is None:
            self._store.queues.put(name, 1, False, now)
        self.settle(name)

    def settle(self, name: str) -> None:
        """Give as many slots as the queue has now; to be called after whatever may change that.

        Attempts under way keep theirs, whatever happens.
        """
        slots = self._store.queues.slots(name)
        if slots is None:
            return
        heads = self._store.queues.heads(name)
        free = (0 if slots.paused else slots.parallelism) - len(heads)
        if free > 0:
            self._store.queues.promote(name, free)
        elif free < 0:
            idle = [head.seq for head in heads if head.state in ("waiting", "held")]
            self._store.queues.demote(idle[free:])

    def release(self, source: int) -> None:
        """A callback of this message is over: perhaps it was the last that its queue waited for."""
        name = self._store.queues.release(source)
        if name is not None:
            self.settle(name)

    def upsert(self, name: str, parallelism: int, paused: bool, now: float) -> None:
        self.check(name)
        if parallelism < 1:
            raise Refused(400, f"invalid parallelism {parallelism}: it must be at least 1")
        if parallelism > self._limits.queue_parallelism:
            raise Refused(412, f"quota maxParallelism exceeded, current limit: {self._limits.queue_parallelism}")
        self._store.queues.put(name, parallelism, paused, now)
        self.settle(name)

    def set_paused(self, name: str, paused: bool, now: float) -> None:
        check_name(name, "queue name")
        if not self._store.queues.set_paused(name, paused, now):
            raise _unknown(name)
        self.settle(name)

    def get(self, name: str) -> Queue:
        check_name(name, "queue name")
        queue = self._store.queues.get(name)
        if queue is None:
            raise _unknown(name)
        return queue

    def remove(self, name: str) -> None:
        """Only the queue itself; its messages must be over, or in their last attempt."""
        self._store.queues.remove(name)
        self._store.queues.release_all(name)


def _unknown(name: str) -> Refused:
    return Refused(404, f"queue {name[:60]!r} not found")
