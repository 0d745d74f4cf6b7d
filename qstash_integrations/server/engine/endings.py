"""What ends a message, and what its end sets going: the next of its queue, the rest of its flow-control key.

Spec: https://upstash.com/docs/qstash/howto/cancel
"""

from collections.abc import Sequence

from ..model import Ending, Filter, Message
from ..tables import Store
from ..tables.messages import Unfinished
from .heads import Heads
from .holding import Holding


def unfinished(message: Message) -> Unfinished:
    return Unfinished(
        seq=message.seq,
        state=message.state,
        queue=message.queue,
        flow_key=message.flow_key,
        source=message.source,
        cancel_requested=message.cancel_requested,
    )


class Endings:
    """Steps of a call."""

    def __init__(self, store: Store, holding: Holding, heads: Heads) -> None:
        self._store = store
        self._holding = holding
        self._heads = heads

    def end(self, messages: Sequence[Unfinished], ending: Ending, now: float) -> None:
        """To be called when all callbacks of them are accepted: those keep the place in the queue."""
        self._store.messages.finish([message.seq for message in messages], ending, now)
        self.free(messages, now)
        for source in dict.fromkeys(message.source for message in messages):
            if source is not None:
                self._heads.release(source)

    def free(self, messages: Sequence[Unfinished], now: float) -> None:
        """Let others go in place of messages whose attempt is over, or that will see none."""
        for queue in dict.fromkeys(message.queue for message in messages):
            if queue is not None:
                self._heads.settle(queue)
        for key in dict.fromkeys(message.flow_key for message in messages if message.state == "active"):
            if key is not None:
                self._holding.wake(key, now)

    def cancel(self, wanted: Filter, count: int | None, now: float) -> int:
        """How many were unfinished and are not any more. An attempt under way may still succeed."""
        messages = self._store.messages.unfinished(wanted, count)
        self._store.log.add_to_all([message.seq for message in messages], "CANCEL_REQUESTED", now)
        self.drop(messages, now)
        return len(messages)

    def drop(self, messages: Sequence[Unfinished], now: float) -> None:
        """End what is not under way, and let what is have no further attempt."""
        self._store.messages.request_cancel([message.seq for message in messages if message.state == "active"])
        self._canceled([message for message in messages if message.state != "active"], now)

    def recover(self, now: float) -> int:
        """Make due again what was being delivered when the process died, as if it had not been tried."""
        interrupted = self._store.messages.interrupted()
        again = [message for message in interrupted if not message.cancel_requested]
        self._store.messages.move([message.seq for message in again], "waiting")
        # Among those that had a slot, in the order in which they were due.
        self._store.messages.unpark_all()
        self._canceled([message for message in interrupted if message.cancel_requested], now)
        self.free(again, now)
        return len(again)

    def _canceled(self, messages: Sequence[Unfinished], now: float) -> None:
        self._store.log.add_to_all([message.seq for message in messages], "CANCELED", now)
        self.end(messages, "CANCELED", now)
