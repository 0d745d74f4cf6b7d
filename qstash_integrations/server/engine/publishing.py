"""Publish, to a URL or a URL group, one message or a batch; duplicates are answered, not stored.

What says when, by ``Upstash-Cron``, is no message but makes a schedule.

Spec: https://upstash.com/docs/qstash/api/publish and https://upstash.com/docs/qstash/features/deduplication
"""

from collections.abc import Sequence

from ..model import Limits, Publication, Receipts, Refused, RunIsOver
from .commits import Commits
from .planning import Plan, Planning
from .scheduling import Scheduling, is_schedule


class Publishing:
    def __init__(self, commit: Commits, limits: Limits, planning: Planning, scheduling: Scheduling) -> None:
        self._commit = commit
        self._limits = limits
        self._planning = planning
        self._scheduling = scheduling

    def publish(self, publication: Publication) -> Receipts:
        """To a URL, or to each endpoint of a URL group."""
        try:
            with self._commit() as now:
                if is_schedule(publication):
                    return self._scheduling.publish(publication, now)
                (receipts,) = self._planning.carry_out([self._planning.plan(publication, now)], now)
                return receipts
        except RunIsOver:
            self._note([publication])
            raise

    def batch(self, publications: Sequence[Publication]) -> list[Receipts]:
        """All of them or none: Refused names the place of the one that is wrong, counted from 0."""
        try:
            with self._commit() as now:
                return self._batch(publications, now)
        except RunIsOver:
            self._note(publications)
            raise

    def _batch(self, publications: Sequence[Publication], now: float) -> list[Receipts]:
        planned: list[Plan | Receipts] = []
        messages = 0
        for index, publication in enumerate(publications):
            try:
                planned.append(self._planned(publication, now))
            except Refused as error:
                raise type(error)(error.status, f"message {index}: {error.text}") from error
            messages += _messages(planned[-1])
            if messages > self._limits.batch:
                raise Refused(412, f"the batch is too large: at most {self._limits.batch} messages in one call")
        carried_out = iter(self._planning.carry_out([one for one in planned if isinstance(one, Plan)], now))
        return [next(carried_out) if isinstance(one, Plan) else one for one in planned]

    def _note(self, publications: Sequence[Publication]) -> None:
        """In a transaction of its own: that of the call leaves nothing behind when it is refused."""
        with self._commit() as now:
            self._planning.note(publications, now)

    def _planned(self, publication: Publication, now: float) -> Plan | Receipts:
        """A schedule is made at once: what is refused behind it undoes it."""
        if is_schedule(publication):
            return self._scheduling.publish(publication, now)
        return self._planning.plan(publication, now)


def _messages(planned: Plan | Receipts) -> int:
    return len(planned.drafts) if isinstance(planned, Plan) else 1
