"""What may be attempted now: due, at the head of its queue, with a slot at its destination, and within the limits of
its flow-control key.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from collections.abc import Iterable

from ..model import Flow, Limits, Message
from ..rules.flow_control import opens_again_at, room, started
from ..rules.slots import Slots
from ..tables import Store
from .commits import Commits
from .endings import Endings
from .starting import Round
from .workflows.lists import parts, with_list
from .workflows.waits import Waits


class Claiming:
    def __init__(self, store: Store, commit: Commits, limits: Limits, endings: Endings, waits: Waits) -> None:
        self._store = store
        self._commit = commit
        self._limits = limits
        self._endings = endings
        self._waits = waits
        # The server as a whole, as if it were one key; a restart begins a new period.
        self._all = Flow(key="", parallelism=None, rate=limits.rate, period=1)
        self._turn = 0

    def recover(self) -> int:
        """At the start: what was active when the process died is due again, as if it had not been attempted."""
        with self._commit() as now:
            return self._endings.recover(now)

    def claim(self, limit: int, *, whole: bool = True) -> list[Message]:
        """Make up to ``limit`` messages active and hand them out; ``Recording.record`` must follow for each.

        Waits that nothing came for in time have ended before: each makes a message.
        Unless they are to be ``whole``, large bodies stay in the store until ``body`` is asked for them. Fewer, even
        none, does not mean that nothing more is due: ``next_due_at`` says so.
        """
        with self._commit() as now:
            self._waits.time_out(now)
            slots = self._slots()
            free = min(limit, slots.free)
            left = room(self._all, now)
            free = free if left is None else min(free, left)
            if free <= 0:
                return []
            a_round = Round(self._store, slots, now)
            # Half for what was held back, so that no kind starves another, and of a single one in turn.
            self._turn = 1 - self._turn
            left = free - a_round.start_parked((free + self._turn) // 2)
            left -= a_round.start_held((left + 1) // 2)
            left -= a_round.start_waiting(left)
            left -= a_round.start_parked(left)
            a_round.start_held(left)
            seqs = a_round.started
            self._all = started(self._all, len(seqs), now)
            self._store.log.add_to_all(seqs, "ACTIVE", now)
            found = map(self._store.messages.get if whole else self._store.messages.head, seqs)
            return [with_list(self._store, message, whole=whole) for message in found if message is not None]

    def body(self, message: Message) -> Iterable[bytes]:
        """What is delivered, in parts."""
        return parts(self._store, message) if message.unread else (message.body,)

    def next_due_at(self) -> float | None:
        """The first moment at which there may be something to claim, or a schedule to fire; perhaps a past one.

        None when that takes another call first.
        """
        moments = [self._store.schedules.first_due_at(), self._store.waiters.first_deadline_at()]
        slots = self._slots()
        if slots.free > 0:
            firsts = [self._store.messages.first_due_at(), self._store.flows.first_wake_at()]
            if slots.fairest(self._store.messages.parked_places()):
                firsts.append(self._commit.now())
            moments += [max(first, opens_again_at(self._all)) for first in firsts if first is not None]
        return min((moment for moment in moments if moment is not None), default=None)

    def _slots(self) -> Slots:
        return Slots(self._limits.parallelism, self._store.messages.active_places())
