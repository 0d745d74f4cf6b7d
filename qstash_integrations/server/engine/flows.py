"""Flow-control keys: configured by the newest message, paused, pinned; and when what they hold back may go.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from dataclasses import replace

from ..model import Flow, FlowControl, Refused
from ..rules.flow_control import at, check_key, check_limit, configured, opens_at
from ..tables import Store


class Flows:
    def __init__(self, store: Store) -> None:
        self._store = store

    def configure(self, wanted: FlowControl, now: float) -> None:
        """Take over what a message that was just published asks for."""
        known = self._store.flows.get(wanted.key)
        flow = configured(known or _unlimited(wanted.key), wanted)
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

    def get(self, key: str, now: float) -> Flow:
        flow = self._store.flows.shown(key)
        if flow is None:
            raise Refused(404, f"flow control key {key[:60]!r} not found")
        return at(flow, now)

    def search(self, part: str, now: float) -> list[Flow]:
        return [at(flow, now) for flow in self._store.flows.search(part)]

    def set_paused(self, key: str, paused: bool, now: float) -> None:
        self._change(replace(self._known(key), paused=paused), now)

    def pin(self, key: str, parallelism: int | None, rate: int | None, period: int | None, now: float) -> None:
        """Fix limits against what later messages bring; a new period begins."""
        flow = replace(self._known(key), rate_count=0, period_start_at=now)
        if parallelism is not None:
            flow = replace(flow, parallelism=check_limit("parallelism", parallelism), pinned_parallelism=True)
        if rate is not None:
            flow = replace(flow, rate=check_limit("rate", rate), pinned_rate=True)
        if period is not None:
            flow = replace(flow, period=check_limit("period", period), pinned_rate=True)
        self._change(flow, now)

    def unpin(self, key: str, parallelism: bool, rate: bool, now: float) -> None:
        """Let later messages set the limits again; until then they stay."""
        flow = self._known(key)
        self._change(
            replace(
                flow,
                pinned_parallelism=flow.pinned_parallelism and not parallelism,
                pinned_rate=flow.pinned_rate and not rate,
            ),
            now,
        )

    def reset_rate(self, key: str, now: float) -> None:
        self._change(replace(self._known(key), rate_count=0, period_start_at=now), now)

    def _known(self, key: str) -> Flow:
        """A key may be paused or pinned before the first message names it."""
        return self._store.flows.get(key) or _unlimited(check_key(key))

    def _change(self, flow: Flow, now: float) -> None:
        self._store.flows.put(flow)
        self.wake(flow.key, now)


def _unlimited(key: str) -> Flow:
    return Flow(key=key, parallelism=None, rate=None, period=1)
