"""Start workflow runs for callers that have no SDK.

Spec: https://upstash.com/docs/workflow/rest/runs/trigger
"""

from collections.abc import Sequence

from ... import identifiers
from ...model import Publication, Refused, Triggered
from ...rules.triggers import triggered
from ...tables import Store
from ..commits import Commits
from ..planning import Plan, Planning


class Triggering:
    def __init__(self, store: Store, commit: Commits, planning: Planning) -> None:
        self._store = store
        self._commit = commit
        self._planning = planning

    def trigger(self, publication: Publication) -> Triggered:
        """The run that is active under the id that is asked for, if there is one."""
        with self._commit() as now:
            return self._carry_out([self._planning.plan(triggered(publication, identifiers.run_id()), now)], now)[0]

    def trigger_all(self, publications: Sequence[Publication]) -> list[Triggered]:
        """All of them or none: Refused names the place of the one that is wrong, counted from 0."""
        with self._commit() as now:
            plans: list[Plan] = []
            for index, publication in enumerate(publications):
                try:
                    plans.append(self._planning.plan(triggered(publication, identifiers.run_id()), now))
                except Refused as error:
                    raise Refused(error.status, f"run {index}: {error.text}") from error
            return self._carry_out(plans, now)

    def _carry_out(self, plans: Sequence[Plan], now: float) -> list[Triggered]:
        found: list[Triggered] = []
        for plan, receipts in zip(plans, self._planning.carry_out(plans, now), strict=True):
            run = None if plan.item is None else self._store.runs.active(plan.item.run_id)
            assert run is not None, "it has just been started, or was active before"
            found.append(Triggered(run=run, deduplicated=receipts.each[0].deduplicated))
        return found
