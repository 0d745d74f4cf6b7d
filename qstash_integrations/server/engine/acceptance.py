"""From draft to stored message, the one way in: publishing, schedules, callbacks and retried dead letters."""

from ..model import Draft, Limits
from ..rules.flow_control import of_destination
from ..tables import Store
from .flows import Flows
from .queues import Queues


class Acceptance:
    def __init__(self, store: Store, limits: Limits, flows: Flows, queues: Queues) -> None:
        self._store = store
        self._limits = limits
        self._flows = flows
        self._queues = queues

    def accept(self, draft: Draft) -> None:
        flow_control = draft.options.flow_control or of_destination(draft.url, self._limits)
        flow_key = None if flow_control is None else flow_control.key
        seq = self._store.messages.add(draft, "waiting" if draft.queue is None else "queued", flow_key)
        self._store.log.add(seq, "CREATED", draft.created_at, next_at=draft.due_at)
        if flow_control is not None:
            self._flows.configure(flow_control, draft.created_at)
        if draft.queue is not None:
            self._queues.enter(draft.queue, draft.created_at)
