"""What follows for a workflow run from the end of an attempt: its last one, or one that succeeded.

Spec: https://upstash.com/docs/workflow/features/failure-callback and https://upstash.com/docs/workflow/troubleshooting/general
"""

from dataclasses import replace

from ...model import FailureCall, Message, Outcome, Run, Step
from ...tables import Store
from ..acceptance import Acceptance
from ..pages import position
from .calling_back import failure_call, result_of_call
from .runs import Runs

# What an answer of an SDK has among its headers.
_MARK = "upstash-workflow-sdk-version"
_NO_SDK = (
    "detected a non-workflow destination for trigger/invoke. make sure you are sending the request to the correct"
    " endpoint"
)


class Outcomes:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, runs: Runs) -> None:
        self._store = store
        self._acceptance = acceptance
        self._runs = runs

    def checked(self, message: Message, outcome: Outcome) -> Outcome:
        """With what is wrong, where a run's first answer comes from no Workflow SDK."""
        if not outcome.delivered or message.entry != 0:
            return outcome
        run = self._run_of(message)
        is_known = any(name.lower() == _MARK for name, _ in outcome.headers)
        return outcome if is_known or not run.active or not run.settings.detects else replace(outcome, error=_NO_SDK)

    def delivered(self, message: Message, outcome: Outcome, now: float) -> None:
        """What follows from a delivery of a run's message that succeeded."""
        run = self._run_of(message)
        if not self._is_answered(run, message, outcome, now):
            assert message.entry is not None, "it is in the run's list"
            self._store.runs.mark_delivered(run.seq, message.entry, message.id)

    def failed(self, message: Message, attempt: int, outcome: Outcome, now: float) -> None:
        """What follows from the last attempt, when it failed: of a call just its result, of a step the run's end."""
        run = self._run_of(message)
        if not self._is_answered(run, message, outcome, now):
            self.fail(run, message, attempt, outcome, now)

    def fail(self, run: Run, message: Message, attempt: int, outcome: Outcome, now: float) -> None:
        """Once: a dead letter, and the failure call."""
        if not run.active:
            return
        dlq_id = position(now, self._store.dead_letters.add(message.seq, attempt, now))
        draft = failure_call(run, message, outcome, self._store.runs.entries(run.seq), dlq_id, now)
        call = None if draft is None else FailureCall(message_id=draft.id, url=draft.url)
        self._store.runs.set_failure(run.seq, dlq_id, call)
        if draft is not None:
            self._acceptance.accept(draft)
        self._runs.end(run, "RUN_FAILED", now)

    def _is_answered(self, run: Run, message: Message, outcome: Outcome, now: float) -> bool:
        """Of a call whatever came is its result; False for a step."""
        match message.call_type:
            case "toCallback":
                self._call_back(run, message, outcome, now)
            case "failureCall":
                self._failure_told(run, message, outcome)
            case _:
                return False
        return True

    def _call_back(self, run: Run, message: Message, outcome: Outcome, now: float) -> None:
        if run.active and message.options.callback is not None:
            draft = result_of_call(run, message, message.options.callback, outcome, now)
            self._runs.append(run, draft, Step(), "fromCallback")

    def _failure_told(self, run: Run, message: Message, outcome: Outcome) -> None:
        if run.failure is not None and run.failure.message_id == message.id:
            told = replace(
                run.failure,
                state="CALLBACK_SUCCESS" if outcome.delivered else "CALLBACK_FAIL",
                status=outcome.status,
                headers=outcome.headers,
                body=outcome.body or outcome.error.encode("utf-8", "replace"),
            )
            self._store.runs.set_failure(run.seq, run.dlq_id, told)

    def _run_of(self, message: Message) -> Run:
        assert message.run is not None
        run = self._store.runs.get(message.run)
        assert run is not None, "a run is kept for as long as a message of it is under way"
        return run
