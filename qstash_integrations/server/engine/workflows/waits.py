"""Steps of calls that concern what a run waits for: registered, released by an event, or too late, one of them once.

An event for one run that nothing waits for yet is kept for the first wait that wants it.

Spec: https://upstash.com/docs/workflow/features/wait-for-event
"""

from collections.abc import Sequence

from ...model import Limits, Notified, Refused, Run, Step, Wait, Waiter
from ...rules.results import of_wait
from ...tables import Store
from ..acceptance import Acceptance
from .runs import Runs

_AT_ONCE = 200
# As base64, in which a step carries what came.
_GROWS_BY = 4 / 3


class Waits:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, limits: Limits, runs: Runs) -> None:
        self._store = store
        self._acceptance = acceptance
        self._limits = limits
        self._runs = runs

    def begin(self, wait: Wait, now: float) -> None:
        """Once for each step: the SDK may ask again when it did not hear the answer."""
        run = self._runs.active(wait.run_id)
        self._runs.check_own(run, wait.url, wait.headers, now)
        if self._store.waiters.get(run.seq, wait.step_id) or self._store.runs.same(run.seq, Step(id=wait.step_id)):
            return
        if self._store.waiters.count(run.seq) >= self._limits.waits:
            raise Refused(412, f"quota of waiting steps exceeded, current limit: {self._limits.waits}")
        waiter = Waiter(
            run=run.seq,
            step_id=wait.step_id,
            event_id=wait.event_id,
            url=wait.url,
            timeout=wait.timeout,
            deadline_at=round(now + wait.seconds, 3),
            headers=wait.headers,
            step=wait.step,
        )
        kept = self._store.waiters.take(run.seq, wait.event_id)
        if kept is None:
            self._store.waiters.add(waiter)
        else:
            self._end(waiter, run, kept.body, now)

    def release(self, waiters: Sequence[Waiter], event: bytes, now: float) -> list[Notified]:
        """All of them, or none where there is no room."""
        self._acceptance.check_body(event)
        size = round(len(waiters) * len(event) * _GROWS_BY)
        # Each gets one of its own, and nothing else happens until all of them are written.
        if len(waiters) > 1 and size > self._limits.batch_bytes:
            text = f"the event is too large for {len(waiters)} waiters: at most {self._limits.batch_bytes} bytes in all"
            raise Refused(412, text)
        self._acceptance.check_space(len(waiters), size)
        return [self._release(waiter, event, now) for waiter in waiters]

    def keep(self, run: Run, event_id: str, event: bytes, now: float) -> None:
        """Refused with 429 when the run has as many as it may."""
        kept = self._store.waiters.kept(run.seq)
        if kept.messages >= self._limits.kept_events:
            raise Refused(429, f"too many events that the run did not wait for: at most {kept.messages}")
        if kept.bytes + len(event) > self._limits.kept_event_bytes:
            most = self._limits.kept_event_bytes
            raise Refused(429, f"the events that the run did not wait for are too large: at most {most} bytes")
        self._acceptance.check_body(event)
        self._acceptance.check_space(0, len(event))
        self._store.waiters.keep(run.seq, event_id, event, now)

    def time_out(self, now: float) -> None:
        """Let steps go on that have waited for too long, some at a time."""
        for waiter in self._store.waiters.due(now, _AT_ONCE):
            self._release(waiter, None, now)

    def _release(self, waiter: Waiter, event: bytes | None, now: float) -> Notified:
        run = self._store.runs.get(waiter.run)
        assert run is not None, "nothing waits for a run that is over"
        self._store.waiters.remove(waiter.run, waiter.step_id)
        return self._end(waiter, run, event, now)

    def _end(self, waiter: Waiter, run: Run, event: bytes | None, now: float) -> Notified:
        receipt = self._runs.append_own(run, waiter.url, of_wait(waiter, event), waiter.headers, now)
        return Notified(waiter=waiter, run=run, message_id=receipt.message_id, deduplicated=receipt.deduplicated)
