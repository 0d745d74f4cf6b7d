# Made of _async/queue.py by tools/unasync.py: change that one, and run it.
"""``client.queue``.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from ..discreet import discreet
from ..operations import queue as operations
from ..results.queue import Queue
from . import Runner


@discreet
class QueueApi:
    """``client.queue``: queues by name. Each call raises APIError or TransportError where QStash does not do it."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    def upsert(self, queue: str, *, parallelism: int = 1, paused: bool = False) -> None:
        """Create the queue, or set both of its properties: what is not given takes its default again.

        ``parallelism`` is deliveries in flight at once; the plan sets the limit.
        """
        return self._client.run(operations.upsert(queue, parallelism=parallelism, paused=paused))

    def get(self, queue: str) -> Queue:
        """The queue as it is now; APIError 404 for an unknown name."""
        return self._client.run(operations.get(queue))

    def list(self) -> list[Queue]:
        """All queues."""
        return self._client.run(operations.list_all())

    def delete(self, queue: str) -> None:
        """Delete the queue with all that is in it; an unknown one is no error."""
        return self._client.run(operations.delete(queue))

    def pause(self, queue: str) -> None:
        """Deliver nothing of it until ``resume``; messages are still accepted."""
        return self._client.run(operations.pause(queue))

    def resume(self, queue: str) -> None:
        """End a pause; the oldest message comes first."""
        return self._client.run(operations.resume(queue))
