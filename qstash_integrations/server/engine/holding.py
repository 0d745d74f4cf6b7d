"""What flow control holds back: limits as the newest message wants them, and when the rest of a key may go.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from ..model import Flow, FlowControl
from ..rules.flow_control import configured, opens_at
from ..tables import Store


class Holding:
    """Steps of a call."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def configure(self, wanted: FlowControl, now: float) -> None:
        """Take over what a message that was just published asks for."""
        known = self._store.flows.get(wanted.key)
        flow = configured(known or unlimited(wanted.key), wanted)
        if flow != known:
            self._store.flows.put(flow)
            self.wake(wanted.key, now)

    def wake(self, key: str, now: float) -> None:
        """Note when the held messages of a key may start; to be called after whatever may change that."""
        flow = self._store.flows.get(key)
        if flow is None:
            return
        wake_at = opens_at(flow, now) if self._store.messages.held(key, 1) else None
        if wake_at != flow.wake_at:
            self._store.flows.wake(key, wake_at)


def unlimited(key: str) -> Flow:
    return Flow(key=key, parallelism=None, rate=None, period=1)
