"""From draft to stored message, the one way in: publishing, schedules, callbacks and retried dead letters."""

from collections.abc import Sequence

from ..model import Draft, Limits, Options, Refused
from ..rules.destination import place_of
from ..rules.flow_control import of_destination
from ..rules.quotas import check_quotas
from ..tables import Store
from .heads import Heads
from .holding import Holding


class Acceptance:
    """Steps of a call."""

    def __init__(self, store: Store, limits: Limits, holding: Holding, heads: Heads) -> None:
        self._store = store
        self._limits = limits
        self._holding = holding
        self._heads = heads

    def check_body(self, body: bytes) -> None:
        if len(body) > self._limits.body:
            raise Refused(412, f"quota maxMessageSize exceeded, current limit: {self._limits.body}")

    def check_options(self, options: Options, now: float) -> None:
        check_quotas(options, self._limits, now)

    def check_room(self, drafts: Sequence[Draft]) -> None:
        """Refused when the server would have more unfinished messages than it can bear."""
        self.check_space(len(drafts), sum(len(draft.body) for draft in drafts))

    def check_space(self, messages: int, size: int) -> None:
        """As ``check_room``, for what there is no draft of yet; ``size`` in bytes."""
        total = self._store.messages.total_with_lists()
        if total.messages + messages > self._limits.unfinished:
            raise Refused(429, f"too many unfinished messages: at most {self._limits.unfinished}")
        if total.bytes + size > self._limits.unfinished_bytes:
            raise Refused(429, f"unfinished messages are too large: at most {self._limits.unfinished_bytes} bytes")

    def accept(self, draft: Draft) -> None:
        flow_control = draft.options.flow_control or of_destination(draft.url, self._limits)
        flow_key = None if flow_control is None else flow_control.key
        seq = self._store.messages.add(
            draft, "waiting" if draft.queue is None else "queued", flow_key, place_of(draft.url)
        )
        self._store.log.add(seq, "CREATED", draft.created_at, next_at=draft.due_at)
        if flow_control is not None:
            self._holding.configure(flow_control, draft.created_at)
        if draft.queue is not None:
            self._heads.enter(draft.queue, draft.created_at)
