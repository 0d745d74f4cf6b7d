"""What the demo must see happen, and what it saw: one expectation per app and kind of message. No I/O."""

import threading
from dataclasses import dataclass, field

from ..server.attempt import Attempt

SHIPPED, RETRIED, HOPELESS, INVOICED, SCHEDULED = "shipped", "retried", "not retryable", "invoiced", "scheduled"
ORDERS: dict[str, dict[str, int]] = {SHIPPED: {"id": 1}, RETRIED: {"id": 2, "fails": 1}, HOPELESS: {"id": 0}}
"""What is ordered, and so what the webhook answers: at once, with ``RetryAfter`` first, with ``NonRetryable``."""

INVOICE = {"id": 4}
"""What a task writes an invoice for, whose callback notes it."""

EXPECTED: dict[str, tuple[int, ...]] = {
    SHIPPED: (200,),
    RETRIED: (503, 200),
    HOPELESS: (489,),
    INVOICED: (200,),
    SCHEDULED: (200,),
}
"""The statuses of all attempts at a message, in order; then there must be no further one."""


@dataclass(slots=True, kw_only=True)
class Expectation:
    """One message on its way."""

    app: str
    kind: str
    statuses: list[int] = field(default_factory=list[int])

    @property
    def is_met(self) -> bool:
        return tuple(self.statuses) == EXPECTED[self.kind]


class Story:
    """The attempts of the local QStash against what was published. Safe between its thread and ours."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._by_message: dict[str, Expectation] = {}
        self._schedules: dict[str, Expectation] = {}
        self._unclaimed: list[Attempt] = []
        self._told: list[tuple[Expectation, Attempt]] = []

    def expect(self, message_id: str, app: str, kind: str) -> None:
        with self._changed:
            self._by_message[message_id] = Expectation(app=app, kind=kind)
            self._sort()

    def expect_tick(self, schedule_id: str, app: str) -> None:
        with self._changed:
            self._schedules[schedule_id] = Expectation(app=app, kind=SCHEDULED)
            self._sort()

    def watch(self, attempt: Attempt) -> None:
        """For the local server to call after each attempt; the message may not be known here yet."""
        with self._changed:
            self._unclaimed.append(attempt)
            self._sort()

    def next_attempt(self, timeout: float) -> tuple[Expectation, Attempt] | None:
        """The next attempt at one of the messages; None when none came in time, or all expectations are met."""
        with self._changed:
            self._changed.wait_for(lambda: self._told or self.is_complete, max(timeout, 0.0))
            return self._told.pop(0) if self._told else None

    def messages(self, kind: str) -> list[str]:
        """The ids of the messages of one kind."""
        return [message_id for message_id, expected in self._by_message.items() if expected.kind == kind]

    @property
    def is_complete(self) -> bool:
        return all(expectation.is_met for expectation in self._expectations())

    def problems(self) -> list[str]:
        """What did not come as it should have."""
        return [
            f"{expected.app}, {expected.kind}: expected the answers {EXPECTED[expected.kind]}, "
            f"saw {tuple(expected.statuses)}"
            for expected in self._expectations()
            if not expected.is_met
        ]

    def _expectations(self) -> list[Expectation]:
        return [*self._by_message.values(), *self._schedules.values()]

    def _sort(self) -> None:
        """Assign the attempts whose message is known by now."""
        waiting, self._unclaimed = self._unclaimed, []
        for attempt in waiting:
            message = attempt.message
            found = self._by_message.get(message.id) or self._schedules.get(message.schedule_id or "")
            if found is None:
                self._unclaimed.append(attempt)
                continue
            found.statuses.append(attempt.outcome.status)
            self._told.append((found, attempt))
        self._changed.notify_all()
