"""What follows from an attempt: delivered, tried again later, or a dead letter; and the callbacks.

Spec: https://upstash.com/docs/qstash/features/retry and https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Callable

from ..model import CallbackOptions, Message, Outcome
from ..rules.retry import wait
from ..tables import Store
from .acceptance import Acceptance
from .callbacks import callback
from .commits import Commits
from .endings import Endings, unfinished
from .pages import position
from .workflows.outcomes import Outcomes


class Recording:
    """``wall_clock`` is what the dates in an answer are compared with."""

    def __init__(
        self,
        store: Store,
        commit: Commits,
        acceptance: Acceptance,
        endings: Endings,
        runs: Outcomes,
        *,
        wall_clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._commit = commit
        self._acceptance = acceptance
        self._endings = endings
        self._runs = runs
        self._wall_clock = wall_clock

    def record(self, seq: int, outcome: Outcome) -> None:
        """What came of a claimed message. What is not active, or not any more, is left alone."""
        with self._commit() as now:
            message = self._store.messages.head(seq)
            # Recorded before, or made due again since: an attempt counts once.
            if message is not None and message.state == "active":
                self._record(message, outcome, now)

    def _record(self, message: Message, outcome: Outcome, now: float) -> None:
        if message.run is not None:
            outcome = self._runs.checked(message, outcome)
        attempt = self._store.log.add_attempt(message.seq, outcome)
        if outcome.body:
            self._store.messages.grow(message.seq, len(outcome.body))
        if outcome.delivered:
            self._deliver(message, attempt, outcome, now)
            return
        self._store.log.add(message.seq, "ERROR", now, attempt=attempt)
        seconds = wait(
            outcome,
            retried=message.retried,
            retries=message.options.retries,
            retry_delay=message.options.retry_delay,
            now=self._wall_clock(),
        )
        if message.cancel_requested:
            self._store.log.add(message.seq, "CANCELED", now)
            self._endings.end([unfinished(message)], "CANCELED", now)
        elif seconds is not None:
            self._retry(message, outcome, now, round(now + seconds, 3))
        else:
            self._fail(message, attempt, outcome, now)

    def _deliver(self, message: Message, attempt: int, outcome: Outcome, now: float) -> None:
        self._store.log.add(message.seq, "DELIVERED", now, attempt=attempt)
        self._call_back(message, outcome, now)
        self._endings.end([unfinished(message)], "DELIVERED", now)
        if message.run is not None:
            self._runs.delivered(message, outcome, now)

    def _retry(self, message: Message, outcome: Outcome, now: float, due_at: float) -> None:
        self._store.log.add(message.seq, "RETRY", now, next_at=due_at)
        self._store.messages.postpone(message.seq, due_at)
        self._call_back(message, outcome, now)
        self._endings.free([unfinished(message)], now)

    def _fail(self, message: Message, attempt: int, outcome: Outcome, now: float) -> None:
        self._store.log.add(message.seq, "FAILED", now, attempt=attempt)
        if message.run is not None:
            self._endings.end([unfinished(message)], "FAILED", now)
            self._runs.failed(message, attempt, outcome, now)
            return
        letter = self._store.dead_letters.add(message.seq, attempt, now)
        self._call_back(message, outcome, now)
        if message.options.failure_callback is not None:
            self._accept(message.options.failure_callback, message, outcome, now, position(now, letter))
        self._endings.end([unfinished(message)], "FAILED", now)

    def _call_back(self, message: Message, outcome: Outcome, now: float) -> None:
        """After every attempt: the receiver sees from the status and the count whether it was the last.

        A workflow run hears of the last one only.
        """
        if message.options.callback is not None and message.run is None:
            self._accept(message.options.callback, message, outcome, now, None)

    def _accept(
        self, options: CallbackOptions, message: Message, outcome: Outcome, now: float, dlq_id: str | None
    ) -> None:
        whole = self._store.messages.get(message.seq) if message.unread else message
        assert whole is not None, "it is being recorded"
        self._acceptance.accept(callback(options, whole, outcome, now, dlq_id))
