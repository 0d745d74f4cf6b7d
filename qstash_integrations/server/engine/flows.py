"""Flow-control keys: shown, paused, pinned, reset.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from collections.abc import Callable
from dataclasses import replace

from ..model import Flow, Note, Refused
from ..rules.flow_control import at, check_key, check_limit
from ..tables import Store
from .commits import Commits
from .holding import Holding, unlimited


class Flows:
    def __init__(self, store: Store, commit: Commits, holding: Holding) -> None:
        self._store = store
        self._commit = commit
        self._holding = holding

    def get(self, key: str) -> Flow:
        flow = self._store.flows.shown(key)
        if flow is None:
            raise Refused(404, f"flow control key {key[:60]!r} not found")
        return at(flow, self._commit.now())

    def search(self, part: str) -> list[Flow]:
        """Keys that contain ``part``, at most a thousand."""
        now = self._commit.now()
        return [at(flow, now) for flow in self._store.flows.search(part)]

    def pause(self, key: str) -> None:
        """Start nothing of the key. Its rate period goes on."""
        self._change(key, lambda flow, _: replace(flow, paused=True), "paused")

    def resume(self, key: str) -> None:
        self._change(key, lambda flow, _: replace(flow, paused=False), "resumed")

    def pin(self, key: str, *, parallelism: int | None, rate: int | None, period: int | None) -> None:
        """Fix these limits against what later messages bring, ``rate`` and ``period`` together; a new period begins."""

        def pinned(flow: Flow, now: float) -> Flow:
            flow = _at_the_start(flow, now)
            if parallelism is not None:
                flow = replace(flow, parallelism=check_limit("parallelism", parallelism), pinned_parallelism=True)
            if rate is not None:
                flow = replace(flow, rate=check_limit("rate", rate), pinned_rate=True)
            if period is not None:
                flow = replace(flow, period=check_limit("period", period), pinned_rate=True)
            return flow

        self._change(key, pinned)

    def unpin(self, key: str, *, parallelism: bool, rate: bool) -> None:
        """Let later messages set the limits again; until then they stay."""
        self._change(
            key,
            lambda flow, _: replace(
                flow,
                pinned_parallelism=flow.pinned_parallelism and not parallelism,
                pinned_rate=flow.pinned_rate and not rate,
            ),
        )

    def reset_rate(self, key: str) -> None:
        """Count nothing so far, and begin a new period."""
        self._change(key, _at_the_start)

    def _change(self, key: str, changed: Callable[[Flow, float], Flow], told: str | None = None) -> None:
        """A key may be paused or pinned before the first message names it."""
        with self._commit() as now:
            known = self._store.flows.get(key) or unlimited(check_key(key))
            self._store.flows.put(changed(known, now))
            self._holding.wake(key, now)
            if told:
                self._store.news.tell(Note(at=now, text=f"flow-control key {key} {told}"))


def _at_the_start(flow: Flow, now: float) -> Flow:
    return replace(flow, rate_count=0, period_start_at=now)
