"""The log of Workflow runs: each run with its steps, made of all that is kept of it when it is asked for.

Spec: https://upstash.com/docs/workflow/rest/runs/logs
"""

from collections import defaultdict
from collections.abc import Generator, Sequence

from ..model import Event, Message, Outcome, Page, Run, RunFilter, Step
from ..model.run_history import Failure, FailureLog, Invoked, RunEvent, RunLog, Sent
from ..rules.run_groups import called_step, groups
from ..rules.steps import number_of
from ..tables import Store
from ..tables.log import Entry
from ..tables.run_history import RunEntry, Tried
from .log import events_of, size_of
from .pages import beyond, page, position


class RunLogs:
    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, wanted: RunFilter, *, cursor: str | None, count: int) -> Page[RunLog]:
        """Up to ``count`` runs, fewer when they are large, the newest first."""
        return page(
            self._logs(wanted, beyond(cursor)),
            count,
            position_of=lambda log: position(log.run.created_at, log.run.seq),
            size_of=_size,
        )

    def events(self, wanted: RunFilter, *, cursor: str | None, count: int) -> Page[RunEvent]:
        """Up to ``count`` events, fewer when their bodies are large, the newest first; states are the events' own."""
        return page(
            self._events(wanted, beyond(cursor)),
            count,
            position_of=lambda event: position(event.at, event.seq),
            size_of=lambda event: size_of(event.event) if event.event else 0,
        )

    def _events(self, wanted: RunFilter, start: int | None) -> Generator[RunEvent]:
        for entry in self._store.run_history.events(wanted, beyond=start):
            run = self._store.runs.get(entry.run)
            assert run is not None, "a run is removed together with its events"
            event = None if entry.message is None else self._event(entry, entry.message)
            yield RunEvent(
                seq=entry.seq,
                at=entry.at,
                state=entry.state,
                run=run,
                event=event,
                step=Step() if event is None else self._step(event.message),
            )

    def _event(self, entry: RunEntry, message: int) -> Event:
        told = Entry(entry.seq, entry.at, entry.state, entry.next_at, message, entry.attempt)
        return next(events_of(self._store, [told]))

    def _step(self, message: Message) -> Step:
        """What a message is sent for; of a call, what its answer is to come back with."""
        if message.call_type == "step" and message.run is not None and message.entry is not None:
            entry = self._store.runs.entry(message.run, message.entry)
            return Step() if entry is None else entry.step
        facts = called_step(message.call_type, message.options)
        return Step(id=number_of(facts, "stepId") or None, name=facts.get("stepName", ""), type=facts["stepType"])

    def _logs(self, wanted: RunFilter, start: int | None) -> Generator[RunLog]:
        for run in self._store.runs.wanted(wanted, beyond=start, earliest_first=False):
            yield self._log(run)

    def _log(self, run: Run) -> RunLog:
        sent = sent_for(self._store, run)
        return RunLog(
            run=run,
            groups=tuple(
                groups(
                    self._store.runs.entries(run.seq),
                    sent,
                    self._store.waiters.of_run(run.seq),
                    self._invoked(run),
                    over=None if run.active else run.state,
                )
            ),
            failure_call=failure_log(run, sent),
        )

    def _invoked(self, run: Run) -> Generator[Invoked]:
        for child in self._store.runs.invoked_by(run):
            entry = self._store.runs.entry(child.seq, 0)
            yield Invoked(run=child, payload=b"" if entry is None else entry.body)


def sent_for(store: Store, run: Run) -> list[Sent]:
    """All messages of a run, with what came of them."""
    tried: defaultdict[int, list[Tried]] = defaultdict(list)
    for attempt in store.run_history.attempts(run.seq):
        tried[attempt.message].append(attempt)
    return [_sent(message, tried[message.seq]) for message in store.run_history.messages(run.seq)]


def failure_log(run: Run, sent: Sequence[Sent]) -> FailureLog | None:
    """The last one, where it was made again; with what failed before it."""
    calls = [one for one in sent if one.message.call_type == "failureCall"]
    if not calls:
        return None
    failed = [
        one for one in sent if one.message.ended == "FAILED" and one.message.call_type in ("step", "fromCallback")
    ]
    return FailureLog(
        sent=calls[-1],
        failed=failed[-1].failures[-1].outcome if failed and failed[-1].failures else Outcome(status=0),
        dlq_id=run.dlq_id,
    )


def _sent(message: Message, tried: Sequence[Tried]) -> Sent:
    answers = [attempt.outcome for attempt in tried if attempt.state == "DELIVERED"]
    return Sent(
        message=message,
        failures=tuple(Failure(at=one.at, outcome=one.outcome) for one in tried if one.state == "ERROR"),
        answer=answers[-1] if answers else None,
    )


def _size(log: RunLog) -> int:
    return sum(
        len(step.payload or str(step.facts.get("out", "")))
        + sum(len(failure.outcome.body) for failure in step.failures)
        + (len(step.call.message.body) if step.call else 0)
        for group in log.groups
        for step in group.steps
    )
