"""Publish, to a URL or a URL group, one message or a batch; duplicates are answered, not stored.

Spec: https://upstash.com/docs/qstash/api/publish and https://upstash.com/docs/qstash/features/deduplication
"""

from collections.abc import Sequence

from ..model import Limits, Publication, Receipts, Refused
from .commits import Commits
from .planning import Plan, Planning


class Publishing:
    def __init__(self, commit: Commits, limits: Limits, planning: Planning) -> None:
        self._commit = commit
        self._limits = limits
        self._planning = planning

    def publish(self, publication: Publication) -> Receipts:
        """To a URL, or to each endpoint of a URL group."""
        with self._commit() as now:
            (receipts,) = self._planning.carry_out([self._planning.plan(publication, now)], now)
            return receipts

    def batch(self, publications: Sequence[Publication]) -> list[Receipts]:
        """All of them or none: Refused names the place of the one that is wrong, counted from 0."""
        with self._commit() as now:
            plans: list[Plan] = []
            messages = 0
            for index, publication in enumerate(publications):
                try:
                    plan = self._planning.plan(publication, now)
                except Refused as error:
                    raise Refused(error.status, f"message {index}: {error.text}") from error
                plans.append(plan)
                messages += len(plan.drafts)
                if messages > self._limits.batch:
                    raise Refused(412, f"the batch is too large: at most {self._limits.batch} messages in one call")
            return self._planning.carry_out(plans, now)
