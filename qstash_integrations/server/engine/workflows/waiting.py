"""Waits and events, as calls: wait for one, tell all that wait or one run, and look who waits.

Spec: https://upstash.com/docs/workflow/basics/client/notify and https://upstash.com/docs/workflow/basics/client/waiters
"""

from ...model import Notified, Refused, Run, Wait, Waiter
from ...tables import Store
from ..commits import Commits
from .waits import Waits


class Waiting:
    def __init__(self, store: Store, commit: Commits, waits: Waits) -> None:
        self._store = store
        self._commit = commit
        self._waits = waits

    def wait(self, wait: Wait) -> None:
        """Refused with 400 for a run that is over. What came before counts."""
        with self._commit() as now:
            self._waits.begin(wait, now)

    def waiters(self, event_id: str) -> list[Waiter]:
        return self._store.waiters.of_event(event_id)

    def knows(self, run_id: str) -> bool:
        """Whether there is a run of this id, over or not."""
        return self._store.runs.last(run_id) is not None

    def notify(self, event_id: str, event: bytes) -> list[Notified]:
        """Release all that wait for it, of any run."""
        with self._commit() as now:
            return self._waits.release(self._store.waiters.of_event(event_id), event, now)

    def notify_run(self, run_id: str, event_id: str, event: bytes) -> list[Notified]:
        """Release what one run has waiting for it; kept for a later wait where that is nothing."""
        with self._commit() as now:
            run = self._store.runs.active(run_id)
            if run is None:
                return []
            waiters = self._store.waiters.of_event(event_id, run.seq)
            if waiters:
                return self._waits.release(waiters, event, now)
            self._waits.keep(run, event_id, event, now)
            return []

    def check_hook(self, run_id: str) -> None:
        """Refused with 404 unless there is such a run, and it is not over."""
        self._hooked(run_id)

    def call_hook(self, run_id: str, event_id: str, event: bytes) -> None:
        """As ``notify_run``, for one wait at a time, and refused as by ``check_hook``."""
        with self._commit() as now:
            run = self._hooked(run_id)
            waiters = self._store.waiters.of_event(event_id, run.seq)
            if waiters:
                self._waits.release(waiters[:1], event, now)
            else:
                self._waits.keep(run, event_id, event, now)

    def _hooked(self, run_id: str) -> Run:
        run = self._store.runs.active(run_id)
        if run is None:
            raise Refused(404, "this webhook belongs to no workflow run that is active")
        return run
