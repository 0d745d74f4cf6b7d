"""What may be attempted now: due, at the head of its queue, and within the limits of its flow-control key.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from dataclasses import replace

from ..model import Flow, Limits, Message
from ..rules.flow_control import opens_again_at, opens_at, room, started
from ..tables import Store
from .commits import Commits
from .endings import Endings
from .workflows.lists import steps_json

# A call looks at no more due messages than this; those that flow control holds back are not looked at again.
_MOST_EXAMINED = 1000


class Claiming:
    def __init__(self, store: Store, commit: Commits, limits: Limits, endings: Endings) -> None:
        self._store = store
        self._commit = commit
        self._limits = limits
        self._endings = endings
        # The server as a whole, as if it were one key; a restart begins a new period.
        self._all = Flow(key="", parallelism=None, rate=limits.rate, period=1)

    def recover(self) -> int:
        """At the start: what was active when the process died is due again, as if it had not been attempted."""
        with self._commit() as now:
            return self._endings.recover(now)

    def claim(self, limit: int) -> list[Message]:
        """Make up to ``limit`` messages active and hand them out; ``Recording.record`` must follow for each.

        Fewer, even none, does not mean that nothing more is due: ``next_due_at`` says so.
        """
        with self._commit() as now:
            free = min(limit, self._limits.parallelism - self._store.messages.active())
            left = room(self._all, now)
            free = free if left is None else min(free, left)
            if free <= 0:
                return []
            # Half for what flow control lets go, so that neither kind starves the other.
            seqs = self._start_held((free + 1) // 2, now)
            seqs += self._start_waiting(free - len(seqs), now)
            seqs += self._start_held(free - len(seqs), now)
            self._all = started(self._all, len(seqs), now)
            self._store.log.add_to_all(seqs, "ACTIVE", now)
            return [self._whole(message) for message in map(self._store.messages.get, seqs) if message is not None]

    def next_due_at(self) -> float | None:
        """The first moment at which there may be something to claim, or a schedule to fire; perhaps a past one.

        None when that takes another call first.
        """
        moments = [self._store.schedules.first_due_at()]
        if self._store.messages.active() < self._limits.parallelism:
            firsts = (self._store.messages.first_due_at(), self._store.flows.first_wake_at())
            moments += [max(first, opens_again_at(self._all)) for first in firsts if first is not None]
        return min((moment for moment in moments if moment is not None), default=None)

    def _whole(self, message: Message) -> Message:
        """With the body that is delivered: of a step, all of its run up to it."""
        if message.call_type != "step" or message.run is None or message.entry is None:
            return message
        return replace(message, body=steps_json(self._store.runs.entries(message.run, up_to=message.entry)))

    def _start_held(self, limit: int, now: float) -> list[int]:
        seqs: list[int] = []
        for key in self._store.flows.awake(now, limit):
            most = limit - len(seqs)
            if not most:
                break
            flow = self._flow(key)
            free = room(flow, now)
            going = self._store.messages.held(key, most if free is None else min(free, most))
            self._store.messages.move(going, "active")
            seqs += going
            self._settle(started(flow, len(going), now), now)
        return seqs

    def _start_waiting(self, limit: int, now: float) -> list[int]:
        flows: dict[str, Flow] = {}
        closed: set[str] = set()  # keys that something waits for: it was there first
        seqs: list[int] = []
        examined = 0
        while len(seqs) < limit and examined < _MOST_EXAMINED:
            due = self._store.messages.waiting(now, limit - len(seqs))
            if not due:
                break
            examined += len(due)
            going = [seq for seq, key in due if key is None or self._admit(key, flows, closed, now)]
            admitted = set(going)
            self._store.messages.move(going, "active")
            self._store.messages.move([seq for seq, _ in due if seq not in admitted], "held")
            seqs += going
        for flow in flows.values():
            self._settle(flow, now)
        return seqs

    def _admit(self, key: str, flows: dict[str, Flow], closed: set[str], now: float) -> bool:
        if key in closed:
            return False
        if key not in flows:
            flows[key] = self._flow(key)
            if self._store.messages.held(key, 1):
                closed.add(key)
                return False
        if room(flows[key], now) == 0:
            closed.add(key)
            return False
        flows[key] = started(flows[key], 1, now)
        return True

    def _flow(self, key: str) -> Flow:
        flow = self._store.flows.get(key)
        assert flow is not None, "every key is stored with the first message that names it"
        return flow

    def _settle(self, flow: Flow, now: float) -> None:
        """Store the counts, and when the rest of the key may go."""
        wake_at = opens_at(flow, now) if self._store.messages.held(flow.key, 1) else None
        self._store.flows.put(replace(flow, wake_at=wake_at))
