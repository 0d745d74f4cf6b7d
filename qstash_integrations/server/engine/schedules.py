"""Schedules: created, paused, fired. A tick publishes as a caller would, to the destination as it is then.

A tick that was missed, because the server was down or asleep, is published once; ticks of a pause are not.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Sequence
from dataclasses import replace

from ..model import Note, Publication, Receipt, Refused, Schedule
from ..rules.cron import next_tick
from ..tables import Store
from .commits import Commits
from .planning import Planning
from .scheduling import Scheduling

_STATES = {None: "IN_PROGRESS", "DELIVERED": "SUCCESS", "FAILED": "FAIL", "CANCELED": "FAIL"}


class Schedules:
    def __init__(self, store: Store, commit: Commits, scheduling: Scheduling, planning: Planning) -> None:
        self._store = store
        self._commit = commit
        self._scheduling = scheduling
        self._planning = planning

    def get(self, schedule_id: str) -> Schedule:
        schedule = self._store.schedules.get(schedule_id)
        if schedule is None:
            raise Refused(404, f"schedule {schedule_id[:60]!r} not found")
        return schedule

    def all(self) -> list[Schedule]:
        return self._store.schedules.all()

    def states(self, schedule: Schedule) -> dict[str, str]:
        """IN_PROGRESS, SUCCESS or FAIL for each message of its last tick that is still remembered."""
        endings = self._store.messages.endings(schedule.last_message_ids)
        return {message_id: _STATES[ending] for message_id, ending in endings.items()}

    def create(self, publication: Publication) -> str:
        """Its id. Cron, id and queue are in the headers; a schedule with the same id is replaced as a whole."""
        with self._commit() as now:
            return self._scheduling.create(publication, now)

    def delete(self, schedule_id: str) -> None:
        """One that does not exist is deleted already."""
        with self._commit():
            self._store.schedules.remove(schedule_id)

    def pause(self, schedule_id: str) -> None:
        """Skip its ticks until it is resumed; they are not made up for."""
        self._set_paused(schedule_id, True)

    def resume(self, schedule_id: str) -> None:
        self._set_paused(schedule_id, False)

    def run(self, schedule_id: str) -> Sequence[Receipt]:
        """Publish once, out of turn: its next tick stays where it is, and one that is paused stays paused."""
        with self._commit() as now:
            schedule = self.get(schedule_id)
            receipts = self._publish(schedule, now)
            message_ids = tuple(receipt.message_id for receipt in receipts)
            self._store.schedules.put(replace(schedule, last_at=now, last_message_ids=message_ids, error=None))
            return receipts

    def fire(self) -> int:
        """Publish each schedule whose time has come, once, however many ticks were missed; how many there were.

        Why one could not is kept with it.
        """
        with self._commit() as now:
            due = self._store.schedules.due(now)
            for schedule_id in due:
                self._store.schedules.put(self._fired(self.get(schedule_id), now))
            return len(due)

    def _set_paused(self, schedule_id: str, paused: bool) -> None:
        with self._commit() as now:
            schedule = self.get(schedule_id)
            if schedule.paused != paused:
                next_at = None if paused else next_tick(schedule.cron, now)
                self._store.schedules.put(replace(schedule, paused=paused, next_at=next_at))
                word = "paused" if paused else "resumed"
                self._store.news.tell(Note(at=now, text=f"schedule {schedule_id} {word}"))

    def _fired(self, schedule: Schedule, now: float) -> Schedule:
        fired = replace(schedule, last_at=now, next_at=None, last_message_ids=(), error=None)
        try:
            # A time zone can be missing where the file is used now; such a schedule rests until it is replaced.
            fired = replace(fired, next_at=next_tick(schedule.cron, now))
            receipts = self._publish(schedule, now)
        except Refused as error:
            self._store.news.tell(Note(at=now, text=f"schedule {schedule.id} could not publish: {error.text}"))
            return replace(fired, error=error.text)
        return replace(fired, last_message_ids=tuple(receipt.message_id for receipt in receipts))

    def _publish(self, schedule: Schedule, now: float) -> Sequence[Receipt]:
        publication = Publication(
            destination=schedule.destination,
            headers=schedule.headers,
            body=schedule.body,
            caller_ip=schedule.caller_ip,
        )
        (receipts,) = self._planning.carry_out([self._planning.plan(publication, now, schedule.id)], now)
        return receipts.each
