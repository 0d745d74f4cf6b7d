"""Drives the engine without waiting: what is due is delivered, then the clock goes on to whatever is due next.

Written as generators that hand out requests and take answers, so that plain and async tests share them. No rule of
QStash is in here, and no I/O. Deliveries are made one after the other.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeAlias

from ..server.attempt import SignedRequest, answer_limit, no_answer, outcome_of, signed_request
from ..server.engine import Engine
from ..server.model import Message, Outcome
from ..server.signature import LIFETIME
from ..server.tables import Store
from .clock import Clock
from .hosting import Host, Place
from .in_process import AppRequest, AppResponse
from .seen import Attempt, attempt_at

MOST = 10_000
_LONG_EXPIRED = 3600 + LIFETIME  # seconds, beyond what any receiver tolerates


class Fail(NamedTuple):
    """The message does not reach the app."""

    answer: AppResponse


class Twice(NamedTuple):
    """The message reaches the app twice: the first answer got lost on its way back."""


class Expire(NamedTuple):
    """The message arrives long after its signature has expired."""


Fault: TypeAlias = Fail | Twice | Expire


class Faults:
    """What a test wants to go wrong: each with one delivery, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.reorder = False
        self._next: deque[Fault] = deque()

    def add(self, fault: Fault, times: int = 1) -> None:
        if type(times) is not int or times < 1:
            raise ValueError(f"times must be a number from 1 on, not {times!r}")
        self._next.extend([fault] * times)

    def take(self) -> Fault | None:
        """The fault for the delivery that is about to be made."""
        return self._next.popleft() if self._next else None

    def unused(self) -> list[str]:
        """The verbs that had no effect: a test that they were part of has not tested what it says."""
        verbs = {Fail: "fail_next", Twice: "deliver_twice", Expire: "expire_next"}
        return [*(["reorder"] if self.reorder else []), *(verbs[type(fault)] for fault in self._next)]


class Step(NamedTuple):
    """A request to be made; its answer is what the generator wants to have sent."""

    host: Host
    request: AppRequest


Steps: TypeAlias = Generator[Step, AppResponse, list[Attempt]]


class Driver:
    """``attempts`` grows by all that are made. ``check`` is told of those that the test did not spoil, and may raise.

    ``lock`` is held during every call of the engine: publishers call it too, from the threads of the app.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        *,
        clock: Clock,
        wall_clock: Callable[[], float],
        find: Callable[[str], Place | None],
        faults: Faults,
        attempts: list[Attempt],
        check: Callable[[Sequence[Attempt]], None],
        lock: threading.RLock,
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._wall_clock = wall_clock
        self._find = find
        self._faults = faults
        self._attempts = attempts
        self._check = check
        self._lock = lock
        self._claimed: deque[Message] = deque()

    def due(self, limit: int = MOST) -> Steps:
        """All that is due now, and what becomes due at once because of it."""
        made: list[Attempt] = []
        for _ in range(limit):
            message = self._take()
            if message is not None:
                made += yield from self._deliver(message)
            elif not self._more_is_due():
                return made
        raise RuntimeError(_endless("at this moment", made))

    def until(self, at: float) -> Steps:
        """All that is due up to ``at``, each at its own moment."""
        made: list[Attempt] = []
        while True:
            made += yield from self.due()
            due_at = self._next_due_at()
            if due_at is None or due_at > at:
                self._clock.move_to(at)
                return made
            self._clock.move_to(due_at)

    def until_idle(self, limit: int) -> Steps:
        """All messages there are, with their retries, and all waits of workflow runs to their ends.

        Schedules fire on the way, but it does not wait for them.
        """
        made: list[Attempt] = []
        while True:
            made += yield from self.due(limit)
            due_at = self._next_due_at()
            if due_at is None or not self._messages_wait():
                return made
            if len(made) >= limit:
                raise RuntimeError(_endless(f"by {self._clock.now:%Y-%m-%d %H:%M}", made))
            self._clock.move_to(due_at)

    def _take(self) -> Message | None:
        with self._lock:
            self._engine.schedules.fire()
            if not self._claimed:
                self._claimed.extend(self._engine.claiming.claim(MOST if self._faults.reorder else 1))
                if len(self._claimed) > 1:
                    self._faults.reorder = False
                    self._claimed.reverse()
            return self._claimed.popleft() if self._claimed else None

    def _more_is_due(self) -> bool:
        due_at = self._next_due_at()
        return due_at is not None and due_at <= self._clock()

    def _next_due_at(self) -> float | None:
        with self._lock:
            return self._engine.claiming.next_due_at()

    def _messages_wait(self) -> bool:
        with self._lock:
            moments = (
                self._store.messages.first_due_at(),
                self._store.flows.first_wake_at(),
                self._store.waiters.first_deadline_at(),
            )
        return any(moment is not None for moment in moments)

    def _deliver(self, message: Message) -> Steps:
        made: list[Attempt] = []
        outcome = no_answer("the test stopped during the delivery")
        fault = self._faults.take()
        try:
            for _ in range(2 if isinstance(fault, Twice) else 1):
                request = self._signed(message, expired=isinstance(fault, Expire))
                answer = yield from self._send(message, request, fault)
                made.append(attempt_at(message, request, self._clock.now, answer))
                outcome = _outcome(message, answer)
        finally:
            self._attempts += made
            with self._lock:
                self._engine.recording.record(message.seq, outcome)
        if not isinstance(fault, Fail | Expire):
            self._check(made)
        return made

    def _signed(self, message: Message, *, expired: bool) -> SignedRequest:
        with self._lock:
            keys = self._engine.keys.get()
        return signed_request(message, keys, self._wall_clock() - (_LONG_EXPIRED if expired else 0))

    def _send(
        self, message: Message, request: SignedRequest, fault: object
    ) -> Generator[Step, AppResponse, AppResponse]:
        if isinstance(fault, Fail):
            return fault.answer
        place = self._find(message.url)
        if place is None:
            return AppResponse(status=0)
        return (yield Step(place.host, _for_app(request, place.target)))


def _for_app(request: SignedRequest, target: str) -> AppRequest:
    return AppRequest(request.method, request.url, target, request.headers, request.body)


def _outcome(message: Message, answer: AppResponse) -> Outcome:
    if answer.status == 0:
        return no_answer("nothing serves this URL in this test")
    return outcome_of(answer.status, answer.headers, answer.body, answer_limit(message))


def _endless(when: str, made: list[Attempt]) -> str:
    last = f", the last to {made[-1].url}" if made else ""
    return f"still more to deliver {when} after {len(made)} deliveries{last}: does a handler publish to itself?"
