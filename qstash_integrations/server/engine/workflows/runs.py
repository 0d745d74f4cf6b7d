"""Steps of calls that concern a workflow run: started, appended to, ended, each at most once.

What is appended is delivered, and what cannot be delivered is not appended: both are one transaction.
"""

from dataclasses import replace

from ... import identifiers
from ...model import (
    CallType,
    Draft,
    Header,
    Invoker,
    Options,
    Publication,
    Receipt,
    Refused,
    Run,
    RunIsOver,
    RunState,
    Step,
)
from ...rules.destination import check_url
from ...rules.options import read_options
from ...rules.results import of_invoked
from ...rules.workflow import of_delivery, read_step, settings_of, workflow_headers
from ...tables import Store
from ..acceptance import Acceptance
from ..due import due_at
from ..endings import Endings
from .invoking import invoking


class Runs:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, endings: Endings) -> None:
        self._store = store
        self._acceptance = acceptance
        self._endings = endings

    def active(self, run_id: str) -> Run:
        run = self._store.runs.active(run_id)
        if run is None:
            raise over(run_id)
        return run

    def first(self, run: Run) -> str:
        """The id of the message that it began with."""
        entry = self._store.runs.entry(run.seq, 0)
        assert entry is not None, "a run is never without its initial payload"
        return entry.message_id

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
            return Receipt(message_id=self.first(active), url=draft.url, deduplicated=True)
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
            raise no_news_of_the_run(error) from error

    def append_own(self, run: Run, url: str, body: bytes, headers: tuple[Header, ...], now: float) -> Receipt:
        """A step that the server made itself; ``headers`` are those of a publish, over what the run keeps.

        To a run that is over it is appended as well, but not delivered.
        """
        step = read_step(body)
        options = _own_options(run, headers, now)
        draft = draft_of(Publication(destination=url, body=body, caller_ip=run.caller_ip), options, now)
        if run.active:
            return self.append(run, replace(draft, options=of_delivery(options, run, is_first=False)), step)
        message_id = self.note(run, step, body, now)
        return Receipt(message_id=message_id or draft.id, url=url, deduplicated=message_id is None)

    def note(self, run: Run, step: Step, body: bytes, now: float) -> str | None:
        """What a run comes to when it is over already: for its log, and for its resumption.

        The id that it has in the list; None for a step that is in there already.
        """
        if self._store.runs.same(run.seq, step) is not None:
            return None
        message_id = identifiers.message_id()
        self._store.runs.append(run.seq, message_id, "step", step, body, now)
        return message_id

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


def over(run_id: str) -> Refused:
    """By its status the SDK knows that it has to stop."""
    return RunIsOver(400, f"can not append to the workflow run {run_id[:80]!r}: it is over, or was never started")


def _own_options(run: Run, headers: tuple[Header, ...], now: float) -> Options:
    return read_options(workflow_headers(headers), now, run.settings.options)


def no_news_of_the_run(error: Refused) -> Refused:
    """The SDK takes 400 for the news that the run was cancelled, and says nothing more."""
    return Refused(412, error.text) if error.status == 400 else error


def draft_of(publication: Publication, options: Options, now: float) -> Draft:
    return Draft(
        id=identifiers.message_id(),
        url=publication.destination,
        body=publication.body,
        options=replace(options, queue=None),
        created_at=now,
        due_at=due_at(options, now),
        caller_ip=publication.caller_ip,
    )
