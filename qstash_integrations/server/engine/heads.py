"""Which messages stand at the head of a queue: strict order of acceptance, as many at once as the parallelism says.

The head's retries and callbacks come first: it keeps its slot until all of them are over.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from ..model import Limits, Refused
from ..rules.destination import check_name
from ..tables import Store


class Heads:
    """Steps of a call."""

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
