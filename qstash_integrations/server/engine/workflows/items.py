"""What an SDK publishes for workflow runs, checked and then stored: starts, steps, calls, runs that others wait for.

Spec: https://upstash.com/docs/workflow/basics/how
"""

from dataclasses import replace

from ...model import Draft, Options, Publication, Receipt, Refused, Run, Step
from ...rules.destination import check_url
from ...rules.invocations import Invocation
from ...rules.options import read_options
from ...rules.workflow import Item, base_of, of_calls, of_delivery
from ...tables import Store
from ..acceptance import Acceptance
from ..endings import Endings, unfinished
from .invoking import check_nesting, invoked_before, invoking
from .runs import Runs, draft_of, no_news_of_the_run, over

# By which a first delivery says that it does not know whether the endpoint's SDK can be started like this.
_UNKNOWN = "upstash-workflow-unknown-sdk"


class Items:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, endings: Endings, runs: Runs) -> None:
        self._store = store
        self._acceptance = acceptance
        self._endings = endings
        self._runs = runs

    def draft(self, item: Item, publication: Publication, now: float) -> Draft:
        """What the SDK wants delivered, checked; nothing of it is stored. Refused for a run that is over."""
        if item.invocation is not None:
            publication = replace(publication, body=item.invocation.payload)
            self._check_invocation(item.invocation, now)
        base = self._base(item)
        try:
            check_url(item.url, "workflow")
            options = read_options(item.headers, now, base)
            self._acceptance.check_options(options, now)
            check_url(publication.destination)
        except Refused as error:
            # Only who starts a run from outside hears the text.
            raise error if item.is_first and item.invocation is None else no_news_of_the_run(error) from error
        draft = draft_of(publication, options, now)
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
            return self._runs.start(item.run_id, item.url, draft, item.features, now, item.invocation.invoker)
        if item.is_first and item.by_sdk and (begun := self._store.runs.active(item.run_id)) is not None:
            return self._begin_again(begun, draft, now)
        if item.is_first:
            return self._runs.start(item.run_id, item.url, draft, item.features, now)
        run = self._runs.active(item.run_id)
        if item.call_type == "toCallback":
            return self._call(run, draft, item.waits)
        return self._runs.append(
            run, replace(draft, options=of_delivery(draft.options, run, is_first=False)), item.step
        )

    def note(self, item: Item, publication: Publication, now: float) -> None:
        """What a branch comes to after another one has failed, though it is refused; of nothing else."""
        run = self._store.runs.last(item.run_id)
        if item.is_first or not item.step.id or run is None or run.state != "RUN_FAILED":
            return
        self._acceptance.check_body(publication.body)
        self._runs.note(run, item.step, publication.body, now)

    def _base(self, item: Item) -> Options:
        """What counts where the message does not bring its own. Refused for a run that is over."""
        if item.is_first:
            # The SDK brings nothing when it starts a run once more.
            run = self._store.runs.active(item.run_id) if item.by_sdk else None
            return Options() if run is None else run.settings.options
        settings = self._runs.active(item.run_id).settings
        return of_calls(settings) if item.call_type == "toCallback" else base_of(settings)

    def _begin_again(self, run: Run, draft: Draft, now: float) -> Receipt:
        """Of a run that was started for an SDK unknown: with what the SDK makes of its payload, once."""
        first = self._store.messages.by_id(self._runs.first(run))
        if first is None or not any(name.lower() == _UNKNOWN for name, _ in first.options.headers):
            return Receipt(message_id=self._runs.first(run), url=draft.url, deduplicated=True)
        self._store.runs.replace_first(run.seq, draft.id, draft.body)
        self._endings.drop([unfinished(first)], now)
        options = of_delivery(draft.options, run, is_first=True)
        options = replace(options, headers=tuple(one for one in options.headers if one[0].lower() != _UNKNOWN))
        self._acceptance.accept(replace(draft, options=options, run=run.seq, call_type="step", entry=0))
        return Receipt(message_id=draft.id, url=draft.url)

    def _check_invocation(self, invocation: Invocation, now: float) -> None:
        run = invoking(self._store, invocation.invoker)
        if run is None or not run.active:
            raise over(invocation.invoker.run_id)
        check_nesting(self._store, run)
        self._runs.check_own(run, invocation.invoker.url, invocation.invoker.headers, now)

    def _call(self, run: Run, draft: Draft, step: int | None) -> Receipt:
        """A request to somebody else, once for each step."""
        if step is not None:
            earlier = self._store.messages.call(run.seq, step) or self._store.runs.same(run.seq, Step(id=step))
            if earlier is not None:
                return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
        self._acceptance.accept(replace(draft, run=run.seq, call_type="toCallback", step=step))
        return Receipt(message_id=draft.id, url=draft.url)
