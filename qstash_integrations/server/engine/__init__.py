"""What QStash does, as calls. No HTTP, no threads, no sleeping: drivers deliver, and move the clock.

Every call is one transaction, or a part of ``together``. What a caller got wrong is a ``Refused`` with an HTTP status;
a full disk is ``StorageFull``, which is one too. Belongs to one thread at a time.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from ..model import (
    READABLE_FOR,
    DeadLetter,
    Endpoint,
    Event,
    Filter,
    Flaw,
    Flow,
    Header,
    Keys,
    Limits,
    Message,
    Outcome,
    Page,
    Publication,
    Published,
    Queue,
    Receipt,
    Refused,
    Retention,
    Schedule,
    UrlGroup,
)
from ..tables import Store
from .acceptance import Acceptance
from .again import again, flawed
from .claiming import Claiming
from .dead_letters import DeadLetters
from .endings import Endings
from .flows import Flows
from .inspection import Inspection
from .keys import SigningKeys
from .log import Log
from .publishing import Publishing
from .queues import Queues
from .recording import Recording
from .retention import Sweeping
from .schedules import Schedules
from .url_groups import UrlGroups

__all__ = ["Engine"]

_Clock = Callable[[], float]


class Engine:
    """The server's whole behaviour over a store, which it closes in the end.

    ``clock`` says what is due; ``wall_clock`` is what the dates in a Retry-After are compared with. ``keys`` are
    the signing keys where the store has none yet, a fresh pair for None.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: _Clock = time.time,
        wall_clock: _Clock = time.time,
        keys: Keys | None = None,
        limits: Limits | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wall_clock = wall_clock
        self.limits: Limits = limits or Limits()
        self._flows = Flows(store)
        self._queues = Queues(store, self.limits)
        self._endings = Endings(store, self._flows, self._queues)
        self._acceptance = acceptance = Acceptance(store, self.limits, self._flows, self._queues)
        self._publishing = Publishing(store, self.limits, acceptance, self._queues)
        self._schedules = Schedules(store, self.limits, self._publishing)
        self._url_groups = UrlGroups(store, self.limits)
        self._dead_letters = DeadLetters(store, acceptance, self._publishing)
        self._log = Log(store)
        self._claiming = Claiming(store, self.limits)
        self._recording = Recording(store, acceptance, self._endings)
        self._sweeping = Sweeping(store, retention or Retention())
        self._keys = SigningKeys(store)
        self.inspection: Inspection = Inspection(
            store, now=self._now, wall_clock=wall_clock, keys=self.keys, parallelism=self.limits.parallelism
        )
        with store.transaction():
            self._keys.ensure(keys)

    def close(self) -> None:
        self._store.close()

    def together(self) -> AbstractContextManager[None]:
        """One commit for the calls in the block; when it cannot be made, nothing of any of them is stored.

        A call that is Refused, and that the block catches, leaves the others alone. Any other failure undoes them as
        well, which the block's end raises: they can be made again, one by one.
        """
        return self._store.transaction()

    def _now(self) -> float:
        # Whole milliseconds, as the API shows them: a filter for what is shown then finds it.
        return round(self._clock(), 3)

    def publish(self, publication: Publication) -> Published:
        """To a URL, or to each endpoint of a URL group: ``grouped``, with one receipt per endpoint."""
        with self._store.transaction():
            return self._publishing.publish(publication, self._now())

    def batch(self, publications: Sequence[Publication]) -> list[Published]:
        """All of them or none: Refused names the place of the one that is wrong, counted from 0."""
        with self._store.transaction():
            return self._publishing.publish_all(publications, self._now())

    def message(self, message_id: str) -> Message:
        """Refused with 404 when there is none, when it was cancelled, or a minute after it ended."""
        message = self._store.messages.by_id(message_id)
        if message is None or message.ended == "CANCELED" or self._is_past(message):
            raise _no_message(message_id)
        return message

    def _is_past(self, message: Message) -> bool:
        return message.finished_at is not None and message.finished_at + READABLE_FOR < self._now()

    def replay(self, message_id: str, flaw: Flaw | None = None) -> Receipt:
        """Publish a message again as a new one, due now, whatever became of it; with a flaw, for one attempt only."""
        with self._store.transaction():
            draft = again(self.inspection.message(message_id), self._now())
            # Of a message that was itself signed wrong, too, a replay without a flaw is signed right.
            draft = flawed(draft, flaw) if flaw else replace(draft, options=replace(draft.options, flaw=None))
            self._publishing.check_room([draft])
            self._acceptance.accept(draft)
            return Receipt(message_id=draft.id, url=draft.url)

    def cancel(self, message_id: str) -> int:
        """1. Refused with 404 when it is over, or was cancelled before. An attempt under way may still succeed."""
        cancelled = self.cancel_many(Filter(message_ids=(message_id,)), None)
        if not cancelled:
            raise _no_message(message_id)
        return cancelled

    def cancel_many(self, wanted: Filter, count: int | None) -> int:
        """How many were cancelled, the oldest first, at most ``count``. An empty filter means every message."""
        with self._store.transaction():
            return self._endings.cancel(wanted, count, self._now())

    def upsert_queue(self, name: str, parallelism: int, paused: bool) -> None:
        with self._store.transaction():
            self._queues.upsert(name, parallelism, paused, self._now())

    def queue(self, name: str) -> Queue:
        return self._queues.get(name)

    def queues(self) -> list[Queue]:
        return self._store.queues.all()

    def delete_queue(self, name: str) -> None:
        """With all its messages, which count as cancelled. A queue that does not exist is deleted already."""
        with self._store.transaction():
            self._endings.cancel(Filter(queues=(name,)), None, self._now())
            self._queues.remove(name)

    def pause_queue(self, name: str) -> None:
        """Accept, but deliver nothing; attempts under way go on."""
        with self._store.transaction():
            self._queues.set_paused(name, True, self._now())

    def resume_queue(self, name: str) -> None:
        with self._store.transaction():
            self._queues.set_paused(name, False, self._now())

    def create_schedule(self, publication: Publication) -> str:
        """Its id. Cron, id and queue are in the headers; a schedule with the same id is replaced as a whole."""
        with self._store.transaction():
            return self._schedules.create(publication, self._now())

    def schedule(self, schedule_id: str) -> Schedule:
        return self._schedules.get(schedule_id)

    def schedules(self) -> list[Schedule]:
        return self._store.schedules.all()

    def delete_schedule(self, schedule_id: str) -> None:
        """One that does not exist is deleted already."""
        with self._store.transaction():
            self._store.schedules.remove(schedule_id)

    def pause_schedule(self, schedule_id: str) -> None:
        """Skip its ticks until it is resumed; they are not made up for."""
        with self._store.transaction():
            self._schedules.set_paused(schedule_id, True, self._now())

    def resume_schedule(self, schedule_id: str) -> None:
        with self._store.transaction():
            self._schedules.set_paused(schedule_id, False, self._now())

    def run_schedule(self, schedule_id: str) -> Sequence[Receipt]:
        """Publish a schedule's message now; its ticks stay as they are."""
        with self._store.transaction():
            return self._schedules.run(schedule_id, self._now())

    def schedule_states(self, schedule: Schedule) -> dict[str, str]:
        """IN_PROGRESS, SUCCESS or FAIL for each message of its last tick that is still remembered."""
        return self._schedules.states(schedule)

    def add_endpoints(self, name: str, endpoints: Sequence[Endpoint]) -> None:
        """Create the group if need be. An endpoint with a known URL or name takes that one's place."""
        with self._store.transaction():
            self._url_groups.add_endpoints(name, endpoints, self._now())

    def remove_endpoints(self, name: str, endpoints: Sequence[Endpoint]) -> None:
        """By URL, or by name where the URL is empty. The group goes with its last endpoint."""
        with self._store.transaction():
            self._url_groups.remove_endpoints(name, endpoints, self._now())

    def url_group(self, name: str) -> UrlGroup:
        return self._url_groups.get(name)

    def url_groups(self) -> list[UrlGroup]:
        return self._store.url_groups.all()

    def delete_url_group(self, name: str) -> None:
        """One that does not exist is deleted already. What was published to it goes on."""
        with self._store.transaction():
            self._store.url_groups.remove(name)

    def set_group_headers(self, name: str, headers: Sequence[Header]) -> None:
        """Defaults for every publish to the group, in place of earlier ones; a request's own headers win."""
        with self._store.transaction():
            self._url_groups.set_headers(name, headers, self._now())

    def dead_letters(
        self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = True
    ) -> Page[DeadLetter]:
        """Up to ``count``, fewer when they are large; dates mean when they became dead letters."""
        return self._dead_letters.letters(wanted, cursor=cursor, count=count, earliest_first=earliest_first)

    def dead_letter(self, dlq_id: str) -> DeadLetter:
        return self._dead_letters.get(dlq_id)

    def delete_dead_letter(self, dlq_id: str) -> None:
        with self._store.transaction():
            self._dead_letters.delete(dlq_id)

    def delete_dead_letters(self, wanted: Filter, *, count: int | None) -> tuple[int, str | None]:
        """How many were deleted, the oldest first, and a cursor if ``count`` left some."""
        with self._store.transaction():
            return self._dead_letters.delete_all(wanted, count)

    def retry_dead_letter(self, dlq_id: str, overrides: Sequence[Header] = ()) -> Receipt:
        """Publish it again as a new message; ``Upstash-*`` headers replace what it was published with."""
        with self._store.transaction():
            return self._dead_letters.retry(dlq_id, overrides, self._now())

    def retry_dead_letters(
        self, wanted: Filter, *, count: int | None, overrides: Sequence[Header] = ()
    ) -> tuple[list[Receipt], str | None]:
        """As ``retry_dead_letter``, all or none of them; and a cursor if ``count`` left some.

        Refused with 404 when one that is asked for by its id is unknown.
        """
        with self._store.transaction():
            return self._dead_letters.retry_all(wanted, count, overrides, self._now())

    def events(self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = False) -> Page[Event]:
        """Up to ``count``, fewer when their bodies are large."""
        return self._log.events(wanted, cursor=cursor, count=count, earliest_first=earliest_first)

    def event_groups(
        self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = False
    ) -> Page[Sequence[Event]]:
        """As ``events``, but up to ``count`` messages, each with all of its events that are wanted, and once."""
        return self._log.groups(wanted, cursor=cursor, count=count, earliest_first=earliest_first)

    def flow(self, key: str) -> Flow:
        return self._flows.get(key, self._now())

    def flows(self, search: str | None) -> list[Flow]:
        """Keys that contain ``search``, at most a thousand."""
        return self._flows.search(search or "", self._now())

    def pause_flow(self, key: str) -> None:
        """Start nothing of the key. Its rate period goes on."""
        with self._store.transaction():
            self._flows.set_paused(key, True, self._now())

    def resume_flow(self, key: str) -> None:
        with self._store.transaction():
            self._flows.set_paused(key, False, self._now())

    def pin_flow(self, key: str, *, parallelism: int | None, rate: int | None, period: int | None) -> None:
        """Fix these limits against what later messages bring; ``rate`` and ``period`` are fixed together."""
        with self._store.transaction():
            self._flows.pin(key, parallelism, rate, period, self._now())

    def unpin_flow(self, key: str, *, parallelism: bool, rate: bool) -> None:
        """Let later messages set the limits again; until then they stay."""
        with self._store.transaction():
            self._flows.unpin(key, parallelism, rate, self._now())

    def reset_flow_rate(self, key: str) -> None:
        """Count nothing so far, and begin a new period."""
        with self._store.transaction():
            self._flows.reset_rate(key, self._now())

    def global_parallelism(self) -> tuple[int, int]:
        """How many requests may be in flight, and how many are."""
        return self.limits.parallelism, self._store.messages.active()

    def keys(self) -> Keys:
        return self._keys.get()

    def rotate_keys(self) -> Keys:
        """The next key becomes the current one; a second rotation cuts off whoever did not follow the first."""
        with self._store.transaction():
            return self._keys.rotate()

    def recover(self) -> int:
        """At the start: what was being delivered when the process died is due again, as if it had not been tried."""
        with self._store.transaction():
            return self._endings.recover(self._now())

    def fire_schedules(self) -> int:
        """Publish each schedule whose time has come, once, however many ticks were missed; how many there were."""
        with self._store.transaction():
            return self._schedules.fire(self._now())

    def claim_due(self, limit: int) -> list[Message]:
        """Mark up to ``limit`` messages as being delivered and hand them out; ``record`` must follow for each.

        Fewer, even none, does not mean that nothing more is due: ``next_due_at`` says so.
        """
        with self._store.transaction():
            return self._claiming.claim(limit, self._now())

    def record(self, seq: int, outcome: Outcome) -> None:
        """What came of a claimed message. What is not being delivered, or not any more, is left alone."""
        with self._store.transaction():
            self._recording.record(seq, outcome, self._now(), self._wall_clock())

    def next_due_at(self) -> float | None:
        """The first moment at which ``claim_due`` or ``fire_schedules`` may find something, perhaps a past one.

        None when that takes another call first.
        """
        return self._claiming.next_due_at()

    def sweep(self) -> int:
        """Remove some of what is kept no longer; call it again soon unless it answers 0."""
        with self._store.transaction():
            return self._sweeping.sweep(self._now())


def _no_message(message_id: str) -> Refused:
    return Refused(404, f"message {message_id[:80]!r} not found")
