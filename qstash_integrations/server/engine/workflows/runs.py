"""Steps of calls that concern a workflow run: started, appended to, ended, each at most once.

What is appended is delivered, and what cannot be delivered is not appended: both are one transaction.
"""

from dataclasses import replace

from ... import identifiers
from ...model import (
    CallType,
    Draft,
    FailureCall,
    Header,
    Invoker,
    Message,
    Options,
    Outcome,
    Publication,
    Receipt,
    Refused,
    Run,
    RunState,
    Step,
)
from ...rules.destination import check_url
from ...rules.invocations import Invocation
from ...rules.options import read_options
from ...rules.results import of_invoked
from ...rules.workflow import Item, base_of, of_calls, of_delivery, read_step, settings_of, workflow_headers
from ...tables import Store
from ..acceptance import Acceptance
from ..due import due_at
from ..endings import Endings
from ..pages import position
from .calling_back import failure_call, result_of_call
from .invoking import check_nesting, invoked_before, invoking


class Runs:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, endings: Endings) -> None:
        self._store = store
        self._acceptance = acceptance
        self._endings = endings

    def draft(self, item: Item, publication: Publication, now: float) -> Draft:
        """What the SDK wants delivered, checked; nothing of it is stored. Refused for a run that is over."""
        check_url(item.url, "workflow")
        if item.is_first:
            if item.invocation is not None:
                publication = replace(publication, body=item.invocation.payload)
                self._check_invocation(item.invocation, now)
            check_url(publication.destination)
            options = read_options(item.headers, now)
            self._acceptance.check_options(options, now)
            return _draft(publication, options, now)
        run = self.active(item.run_id)
        try:
            base = of_calls(run.settings) if item.call_type == "toCallback" else base_of(run.settings)
            options = read_options(item.headers, now, base)
            self._acceptance.check_options(options, now)
            check_url(publication.destination)
        except Refused as error:
            raise _no_news_of_the_run(error) from error
        draft = _draft(publication, options, now)
        until = item.step.sleep_until
        # Rounded in the header, to a second that may be too early.
        if until is not None and options.not_before_at is not None and abs(until - options.not_before_at) <= 1:
            draft = replace(draft, due_at=max(round(until, 3), now))
        return draft

    def accept(self, item: Item, draft: Draft, now: float) -> Receipt:
        if item.is_first and item.invocation is not None:
            earlier = invoked_before(self._store, item.invocation)
            if earlier is not None:
                return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
            return self.start(item.run_id, item.url, draft, item.features, now, item.invocation.invoker)
        if item.is_first:
            return self.start(item.run_id, item.url, draft, item.features, now)
        run = self.active(item.run_id)
        if item.call_type == "toCallback":
            return self._call(run, draft, item.waits)
        return self.append(run, replace(draft, options=of_delivery(draft.options, run, is_first=False)), item.step)

    def active(self, run_id: str) -> Run:
        run = self._store.runs.active(run_id)
        if run is None:
            raise _over(run_id)
        return run

    def start(
        self,
        run_id: str,
        url: str,
        draft: Draft,
        features: tuple[str, ...],
        now: float,
        invoker: Invoker | None = None,
    ) -> Receipt:
        """A run whose initial payload is the draft's body; the one that is active under this id, if there is one."""
        active = self._store.runs.active(run_id)
        if active is not None:
            first = self._store.runs.entry(active.seq, 0)
            assert first is not None, "a run is never without its initial payload"
            return Receipt(message_id=first.message_id, url=draft.url, deduplicated=True)
        flow_control = draft.options.flow_control
        run = self._store.runs.add(
            run_id,
            url,
            settings_of(draft.options, features),
            now,
            caller_ip=draft.caller_ip,
            flow_key=None if flow_control is None else flow_control.key,
            invoker=invoker,
        )
        return self.append(run, replace(draft, options=of_delivery(draft.options, run, is_first=True)), Step())

    def append(self, run: Run, draft: Draft, step: Step, call_type: CallType = "step") -> Receipt:
        """Put the draft's body at the end of the list, and deliver it; not a step that is in it already."""
        earlier = self._store.runs.same(run.seq, step)
        if earlier is not None:
            return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
        entry = self._store.runs.append(run.seq, draft.id, call_type, step, draft.body, draft.created_at)
        self._acceptance.accept(replace(draft, run=run.seq, call_type=call_type, entry=entry))
        return Receipt(message_id=draft.id, url=draft.url)

    def check_own(self, run: Run, url: str, headers: tuple[Header, ...], now: float) -> None:
        """Refused, and with no 400, when ``append_own`` could not have its way later."""
        try:
            check_url(url, "workflow")
            self._acceptance.check_options(_own_options(run, headers, now), now)
        except Refused as error:
            raise _no_news_of_the_run(error) from error

    def append_own(self, run: Run, url: str, body: bytes, headers: tuple[Header, ...], now: float) -> Receipt:
        """A step that the server made itself; ``headers`` are those of a publish, over what the run keeps.

        To a run that is over it is appended as well, but not delivered.
        """
        step = read_step(body)
        options = _own_options(run, headers, now)
        draft = _draft(Publication(destination=url, body=body, caller_ip=run.caller_ip), options, now)
        if run.active:
            return self.append(run, replace(draft, options=of_delivery(options, run, is_first=False)), step)
        earlier = self._store.runs.same(run.seq, step)
        if earlier is None:
            self._store.runs.append(run.seq, draft.id, "step", step, body, now)
        return Receipt(message_id=earlier or draft.id, url=url, deduplicated=earlier is not None)

    def end(self, run: Run, state: RunState, now: float, response: bytes | None = None) -> None:
        """Once: what it still waits for, and what was not delivered yet, is dropped; who waits for it is told."""
        if not run.active:
            return
        self._store.runs.end(run.seq, state, now, response)
        self._store.waiters.forget_run(run.seq)
        self._endings.drop(self._store.messages.of_run(run.seq), now)
        waiting = None if run.invoker is None else invoking(self._store, run.invoker)
        if run.invoker is not None and waiting is not None:
            result = of_invoked(run.invoker.step, state, response)
            self.append_own(waiting, run.invoker.url, result, run.invoker.headers, now)

    def delivered(self, message: Message, outcome: Outcome, now: float) -> None:
        """What follows from a delivery of a run's message that succeeded."""
        run = self._run_of(message)
        match message.call_type:
            case "toCallback":
                self._call_back(run, message, outcome, now)
            case "failureCall":
                self._failure_told(run, message, outcome)
            case _:
                assert message.entry is not None, "it is in the run's list"
                self._store.runs.mark_delivered(run.seq, message.entry)

    def failed(self, message: Message, attempt: int, outcome: Outcome, now: float) -> None:
        """What follows from the last attempt, when it failed: of a call just its result, of a step the run's end."""
        run = self._run_of(message)
        match message.call_type:
            case "toCallback":
                self._call_back(run, message, outcome, now)
            case "failureCall":
                self._failure_told(run, message, outcome)
            case _:
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
        self.end(run, "RUN_FAILED", now)

    def _check_invocation(self, invocation: Invocation, now: float) -> None:
        run = invoking(self._store, invocation.invoker)
        if run is None or not run.active:
            raise _over(invocation.invoker.run_id)
        check_nesting(self._store, run)
        self.check_own(run, invocation.invoker.url, invocation.invoker.headers, now)

    def _call(self, run: Run, draft: Draft, step: int | None) -> Receipt:
        """A request to somebody else, once for each step."""
        if step is not None:
            earlier = self._store.messages.call(run.seq, step) or self._store.runs.same(run.seq, Step(id=step))
            if earlier is not None:
                return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
        self._acceptance.accept(replace(draft, run=run.seq, call_type="toCallback", step=step))
        return Receipt(message_id=draft.id, url=draft.url)

    def _call_back(self, run: Run, message: Message, outcome: Outcome, now: float) -> None:
        if run.active and message.options.callback is not None:
            draft = result_of_call(run, message, message.options.callback, outcome, now)
            self.append(run, draft, Step(), "fromCallback")

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


def _over(run_id: str) -> Refused:
    return Refused(400, f"can not append to the workflow run {run_id[:80]!r}: it is over, or was never started")


def _own_options(run: Run, headers: tuple[Header, ...], now: float) -> Options:
    return read_options(workflow_headers(headers), now, run.settings.options)


def _no_news_of_the_run(error: Refused) -> Refused:
    """The SDK takes 400 for the news that the run was cancelled, and says nothing more."""
    return Refused(412, error.text) if error.status == 400 else error


def _draft(publication: Publication, options: Options, now: float) -> Draft:
    return Draft(
        id=identifiers.message_id(),
        url=publication.destination,
        body=publication.body,
        options=replace(options, queue=None),
        created_at=now,
        due_at=due_at(options, now),
        caller_ip=publication.caller_ip,
    )
