"""Queues: create or change, pause, delete.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from ..model import Filter, Limits, Note, Queue, Refused
from ..rules.destination import check_name
from ..tables import Store
from .commits import Commits
from .endings import Endings
from .heads import Heads


class Queues:
    def __init__(self, store: Store, commit: Commits, limits: Limits, heads: Heads, endings: Endings) -> None:
        self._store = store
        self._commit = commit
        self._limits = limits
        self._heads = heads
        self._endings = endings

    def get(self, name: str) -> Queue:
        check_name(name, "queue name")
        queue = self._store.queues.get(name)
        if queue is None:
            raise _unknown(name)
        return queue

    def all(self) -> list[Queue]:
        return self._store.queues.all()

    def upsert(self, name: str, parallelism: int, paused: bool) -> None:
        with self._commit() as now:
            self._heads.check(name)
            if parallelism < 1:
                raise Refused(400, f"invalid parallelism {parallelism}: it must be at least 1")
            if parallelism > self._limits.queue_parallelism:
                raise Refused(412, f"quota maxParallelism exceeded, current limit: {self._limits.queue_parallelism}")
            self._store.queues.put(name, parallelism, paused, now)
            self._heads.settle(name)

    def pause(self, name: str) -> None:
        """Accept, but deliver nothing; attempts under way go on."""
        self._set_paused(name, True)

    def resume(self, name: str) -> None:
        self._set_paused(name, False)

    def delete(self, name: str) -> None:
        """With all its messages, which count as cancelled. A queue that does not exist is deleted already."""
        with self._commit() as now:
            self._endings.cancel(Filter(queues=(name,)), None, now)
            self._store.queues.remove(name)
            self._store.queues.release_all(name)

    def _set_paused(self, name: str, paused: bool) -> None:
        check_name(name, "queue name")
        with self._commit() as now:
            if not self._store.queues.set_paused(name, paused, now):
                raise _unknown(name)
            self._heads.settle(name)
            self._store.news.tell(Note(at=now, text=f"queue {name} {'paused' if paused else 'resumed'}"))


def _unknown(name: str) -> Refused:
    return Refused(404, f"queue {name[:60]!r} not found")
