"""Workflow runs, as calls: read one, end one, cancel many.

Spec: https://upstash.com/docs/workflow/basics/how
"""

from typing import Any

from ...model import Refused, Run, RunFilter
from ...tables import Store
from ..commits import Commits
from .lists import steps
from .runs import Runs

__all__ = ["Runs", "Workflows"]


class Workflows:
    def __init__(self, store: Store, commit: Commits, runs: Runs) -> None:
        self._store = store
        self._commit = commit
        self._runs = runs

    def steps(self, run_id: str) -> list[dict[str, Any]]:
        """The list of a run that is not over; Refused with 404 for any other."""
        run = self._store.runs.active(run_id)
        if run is None:
            raise _unknown(run_id)
        return steps(self._store.runs.entries(run.seq))

    def end(self, run_id: str, response: bytes | None) -> None:
        """Its workflow has returned. One that is over stays as it ended."""
        with self._commit() as now:
            self._runs.end(self._last(run_id), "RUN_SUCCESS", now, response)

    def cancel(self, run_id: str) -> None:
        """One that is over stays as it ended."""
        with self._commit() as now:
            self._runs.end(self._last(run_id), "RUN_CANCELED", now)

    def cancel_all(self, wanted: RunFilter, count: int | None) -> int:
        """How many were active and are not any more, the oldest first. An empty filter means every run."""
        with self._commit() as now:
            active = list(self._store.runs.active_ones(wanted, count))
            for run in active:
                self._runs.end(run, "RUN_CANCELED", now)
            return len(active)

    def _last(self, run_id: str) -> Run:
        run = self._store.runs.last(run_id)
        if run is None:
            raise _unknown(run_id)
        return run


def _unknown(run_id: str) -> Refused:
    return Refused(404, f"workflow run {run_id[:80]!r} not found")
