"""Messages after they were published: looked at, hastened, cancelled, published again.

Spec: https://upstash.com/docs/qstash/api/messages and https://upstash.com/docs/qstash/howto/cancel
"""

from dataclasses import replace

from ..model import READABLE_FOR, Filter, Flaw, Message, Note, Receipt, Refused
from ..tables import Store
from .acceptance import Acceptance
from .again import again, flawed
from .commits import Commits
from .endings import Endings
from .obstacles import obstacle


class Messages:
    def __init__(self, store: Store, commit: Commits, acceptance: Acceptance, endings: Endings) -> None:
        self._store = store
        self._commit = commit
        self._acceptance = acceptance
        self._endings = endings

    def get(self, message_id: str) -> Message:
        """Refused with 404 when there is none, when it was cancelled, or a minute after it ended."""
        message = self._kept(message_id)
        past = message.finished_at is not None and message.finished_at + READABLE_FOR < self._commit.now()
        if message.ended == "CANCELED" or past:
            raise _unknown(message_id)
        return message

    def replay(self, message_id: str, flaw: Flaw | None = None) -> Receipt:
        """Publish a message again as a new one, due now, whatever became of it; with a flaw, for one attempt only."""
        with self._commit() as now:
            message = self._kept(message_id)
            if message.run is not None:
                raise Refused(
                    400, f"message {message_id[:80]!r} is a workflow run's: restart or resume that when it failed"
                )
            draft = again(message, now)
            # Of a message that was itself signed wrong, too, a replay without a flaw is signed right.
            draft = flawed(draft, flaw) if flaw else replace(draft, options=replace(draft.options, flaw=None))
            self._acceptance.check_room([draft])
            self._acceptance.accept(draft)
            return Receipt(message_id=draft.id, url=draft.url)

    def deliver_now(self, message_id: str) -> None:
        """Make one due that waits for its time or for its next attempt, which stays the attempt that it is.

        Refused with 409, and why, where it waits for something else or is over.
        """
        with self._commit() as now:
            message = self._kept(message_id)
            hindrance = obstacle(self._store, message)
            if hindrance is not None:
                raise Refused(409, hindrance)
            if message.due_at > now:
                self._store.messages.hasten(message.seq, now)
                self._store.news.tell(Note(at=now, text=f"message {message.id} is due now, as asked in the dashboard"))

    def cancel(self, message_id: str) -> int:
        """1. Refused with 404 when it is over, or was cancelled before. An attempt under way may still succeed."""
        message = self._store.messages.by_id(message_id)
        if message is not None and message.run is not None:
            raise Refused(400, f"message {message.id} belongs to a workflow run: cancel the run")
        cancelled = self.cancel_all(Filter(message_ids=(message_id,)), None)
        if not cancelled:
            raise _unknown(message_id)
        return cancelled

    def cancel_all(self, wanted: Filter, count: int | None) -> int:
        """How many were cancelled, the oldest first, at most ``count``. An empty filter means every message.

        Those of workflow runs are not among them: a run is cancelled as a whole.
        """
        with self._commit() as now:
            return self._endings.cancel(wanted, count, now)

    def _kept(self, message_id: str) -> Message:
        message = self._store.messages.by_id(message_id)
        if message is None:
            raise _unknown(message_id)
        return message


def _unknown(message_id: str) -> Refused:
    return Refused(404, f"message {message_id[:80]!r} not found")
