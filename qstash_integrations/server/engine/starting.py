"""One round of starting: what is due gets a slot at its destination, then what its flow-control key has left.

What finds no slot is parked until there is one. Nobody overtakes what is parked for the same destination, and among
destinations the one with the fewest slots comes first.
"""

from collections import deque
from dataclasses import replace

from ..model import Flow
from ..rules.flow_control import opens_at, room, started
from ..rules.slots import Slots
from ..tables import Store

# A round looks at no more due messages than this; those that are held back are not looked at again.
_MOST_EXAMINED = 1000


class Round:
    """Steps of a call. Each starts up to ``limit`` messages, and has how many those were."""

    def __init__(self, store: Store, slots: Slots, now: float) -> None:
        self._store = store
        self._slots = slots
        self._now = now
        self._crowded = set(store.messages.parked_places())
        self.started: list[int] = []

    def start_parked(self, limit: int) -> int:
        keys = _Keys(self._store, self._now)
        found: dict[str, deque[tuple[int, str | None]]] = {}
        places = set(self._crowded)
        going: list[int] = []
        held: list[int] = []
        while len(going) < limit and len(held) < _MOST_EXAMINED:
            place = self._slots.fairest(places)
            if place is None:
                break
            if place not in found:
                found[place] = deque(self._store.messages.parked(place, limit + 1))
            seq, key = found[place].popleft()
            if keys.admit(key):
                self._slots.take(place)
                going.append(seq)
            else:
                held.append(seq)
            if not found[place]:
                places.discard(place)
        self._go(going)
        self._store.messages.move(held, "held")
        keys.settle()
        self._crowded = set(self._store.messages.parked_places()) if going or held else self._crowded
        return len(going)

    def start_held(self, limit: int) -> int:
        going: list[int] = []
        for key in self._store.flows.awake(self._now, limit):
            most = limit - len(going)
            if not most:
                break
            flow = self._store.flows.get(key)
            assert flow is not None, "what is awake is stored"
            free = room(flow, self._now)
            its: list[int] = []
            for seq, place in self._store.messages.held(key, most if free is None else min(free, most)):
                if self._has_slot(seq, place):
                    its.append(seq)
            self._go(its)
            going += its
            _settle(self._store, started(flow, len(its), self._now), self._now)
        return len(going)

    def start_waiting(self, limit: int) -> int:
        keys = _Keys(self._store, self._now)
        count = examined = 0
        while count < limit and examined < _MOST_EXAMINED:
            due = self._store.messages.waiting(self._now, limit - count)
            if not due:
                break
            examined += len(due)
            going: list[int] = []
            held: list[int] = []
            for seq, key, place in due:
                if place in self._crowded or not self._slots.has_room(place):
                    self._park(seq, place)
                elif keys.admit(key):
                    self._slots.take(place)
                    going.append(seq)
                else:
                    held.append(seq)
            self._go(going)
            self._store.messages.move(held, "held")
            count += len(going)
        keys.settle()
        return count

    def _has_slot(self, seq: int, place: str) -> bool:
        """Whether it may go. What is parked already may be of another key, which this one must not wait for."""
        if not self._slots.has_room(place):
            self._park(seq, place)
            return False
        self._slots.take(place)
        return True

    def _park(self, seq: int, place: str) -> None:
        self._crowded.add(place)
        self._store.messages.park(seq)

    def _go(self, seqs: list[int]) -> None:
        self._store.messages.move(seqs, "active")
        self.started += seqs


class _Keys:
    """The flow-control keys that messages which are not held back yet come with."""

    def __init__(self, store: Store, now: float) -> None:
        self._store = store
        self._now = now
        self._flows: dict[str, Flow] = {}
        self._closed: set[str] = set()  # keys that something waits for: it was there first

    def admit(self, key: str | None) -> bool:
        if key is None:
            return True
        if key in self._closed:
            return False
        if key not in self._flows:
            flow = self._store.flows.get(key)
            assert flow is not None, "every key is stored with the first message that names it"
            self._flows[key] = flow
            if self._store.messages.held(key, 1):
                self._closed.add(key)
                return False
        if room(self._flows[key], self._now) == 0:
            self._closed.add(key)
            return False
        self._flows[key] = started(self._flows[key], 1, self._now)
        return True

    def settle(self) -> None:
        for flow in self._flows.values():
            _settle(self._store, flow, self._now)


def _settle(store: Store, flow: Flow, now: float) -> None:
    """Store the counts, and when the rest of the key may go."""
    wake_at = opens_at(flow, now) if store.messages.held(flow.key, 1) else None
    store.flows.put(replace(flow, wake_at=wake_at))
