"""From draft to stored message, the one way in: publishing, schedules, callbacks and retried dead letters."""

from ..model import Draft
from ..store import Store
from .flows import Flows
from .queues import Queues


class Acceptance:
    def __init__(self, store: Store, flows: Flows, queues: Queues) -> None:
        self._store = store
        self._flows = flows
        self._queues = queues

    def accept(self, draft: Draft) -> None:
        seq = self._store.messages.add(draft, "waiting" if draft.queue is None else "queued")
        self._store.log.add(seq, "CREATED", draft.created_at, next_at=draft.due_at)
        if draft.options.flow_control is not None:
            self._flows.configure(draft.options.flow_control, draft.created_at)
        if draft.queue is not None:
            self._queues.enter(draft.queue, draft.created_at)
