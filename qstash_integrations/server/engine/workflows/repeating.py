"""A run that failed, once more as a new run: from its start, or with all that it has come to.

Spec: https://upstash.com/docs/workflow/features/dlq/restart and https://upstash.com/docs/workflow/features/dlq/resume
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ... import identifiers
from ...model import CallbackOptions, Draft, Entry, Header, Message, Options, Run
from ...rules.options import read_options, repeated
from ...rules.workflow import of_call_back, of_delivery, settings_of
from ...tables import Store
from ..acceptance import Acceptance
from ..due import due_at
from .runs import Runs

# What marks the body of a delivery as a list of steps, and is not among the settings of a run.
_FIRST = (("Content-Type", "application/json"), ("Upstash-Workflow-Sdk-Version", "1"))
_FAILURE = (("Upstash-Workflow-Is-Failure", "true"), ("Upstash-Workflow-Failure-Callback", "true"))
_LABEL = "Upstash-Label"


class Repeating:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, runs: Runs) -> None:
        self._store = store
        self._acceptance = acceptance
        self._runs = runs

    def beginning(self, run: Run) -> tuple[bytes, tuple[Header, ...]]:
        """The payload, and the headers that it was delivered with."""
        entry = self._store.runs.entry(run.seq, 0)
        return b"" if entry is None else entry.body, self._first_options(run, entry).headers

    def restart(self, run: Run, overrides: Sequence[Header], now: float) -> Run:
        entry = self._store.runs.entry(run.seq, 0)
        options = _overridden(self._first_options(run, entry), overrides, now)
        draft = Draft(
            id=identifiers.message_id(),
            url=run.url,
            body=b"" if entry is None else entry.body,
            options=options,
            created_at=now,
            due_at=due_at(options, now),
            caller_ip=run.caller_ip,
        )
        self._acceptance.check_room([draft])
        run_id = identifiers.run_id()
        self._runs.start(run_id, run.url, draft, run.settings.features, now)
        return self._runs.active(run_id)

    def resume(self, run: Run, overrides: Sequence[Header], now: float) -> Run:
        """What was not delivered when the run failed is delivered again, and what led to no result."""
        settings = settings_of(_overridden(run.settings.options, overrides, now), run.settings.features)
        flow_control = settings.options.flow_control
        new = self._store.runs.add(
            identifiers.run_id(),
            run.url,
            settings,
            now,
            caller_ip=run.caller_ip,
            flow_key=None if flow_control is None else flow_control.key,
            invoker=None,
        )
        entries = self._store.runs.entries(run.seq)
        messages = {message.id: message for message in self._store.run_history.messages(run.seq)}
        calls = _open_calls(messages.values(), entries)
        again = _undelivered(entries, {call.step for call in calls})
        drafts: list[Draft] = []
        for entry in entries:
            message_id = identifiers.message_id() if entry.position in again else entry.message_id
            self._store.runs.append(new.seq, message_id, entry.call_type, entry.step, entry.body, entry.created_at)
            if entry.position not in again:
                self._store.runs.mark_delivered(new.seq, entry.position, entry.message_id)
                continue
            message = messages.get(entry.message_id)
            base = message.options if message else self._first_options(run, None)
            options = _overridden(base, overrides, now)
            drafts.append(
                Draft(
                    id=message_id,
                    url=message.url if message else run.url,
                    body=entry.body,
                    options=_of_run(options, new, entry),
                    created_at=now,
                    due_at=_due_at(message, options, now),
                    caller_ip=run.caller_ip,
                    run=new.seq,
                    call_type=entry.call_type,
                    entry=entry.position,
                )
            )
        drafts += [_call(call, new, now) for call in calls]
        self._acceptance.check_room(drafts)
        for draft in drafts:
            self._acceptance.accept(draft)
        return new

    def _first_options(self, run: Run, entry: Entry | None) -> Options:
        """Those of the first message, or what is known of them when it is gone."""
        message = None if entry is None else self._store.messages.by_id(entry.message_id)
        if message is not None:
            return message.options
        kept = run.settings.options
        return replace(kept, headers=(*kept.headers, *_FIRST))


def _open_calls(messages: Iterable[Message], entries: Sequence[Entry]) -> list[Message]:
    """Calls to others that were dropped with the run; those that ended have brought their results."""
    over = {entry.step.id for entry in entries}
    return [
        message
        for message in messages
        if message.call_type == "toCallback" and message.ended == "CANCELED" and message.step not in over
    ]


def _undelivered(entries: Sequence[Entry], calling: set[int | None]) -> set[int]:
    """By position. A plan is delivered again unless something has come of it, whether it was delivered or not."""
    results = {entry.step.id for entry in entries} | calling
    return {
        entry.position
        for entry in entries
        if (entry.step.target not in results if entry.step.id == 0 else not entry.delivered)
    }


def _overridden(options: Options, overrides: Sequence[Header], now: float) -> Options:
    base = repeated(options)
    # The call's own Content-Type is not the message's.
    given = [header for header in overrides if header[0].lower().startswith("upstash-")]
    found = read_options(given, now, base)
    if found.failure_callback != base.failure_callback and found.failure_callback is not None:
        found = replace(found, failure_callback=_called_back(base.failure_callback, found.failure_callback))
    if found.labels != base.labels:
        # The workflow reads them from this one.
        kept = tuple(header for header in found.headers if header[0] != _LABEL)
        found = replace(found, headers=(*kept, (_LABEL, ",".join(found.labels))))
    return found


def _of_run(options: Options, run: Run, entry: Entry) -> Options:
    """With the headers that name the new run."""
    if entry.call_type == "fromCallback":
        return replace(options, headers=of_call_back(options.headers, run, entry.call_type))
    return of_delivery(options, run, is_first=entry.position == 0)


def _called_back(base: CallbackOptions | None, given: CallbackOptions) -> CallbackOptions:
    """To another URL, with what the SDK has to be told."""
    if base is None:
        return replace(given, headers=(*_FAILURE, *given.headers))
    names = {name for name, _ in given.headers}
    kept = (header for header in base.headers if header[0] not in names)
    return replace(base, url=given.url, headers=(*kept, *given.headers))


def _due_at(message: Message | None, options: Options, now: float) -> float:
    """A sleep goes on until when it would have ended."""
    asleep = message is not None and message.retried == 0 and message.ended == "CANCELED"
    return max(message.due_at if message is not None and asleep else now, due_at(options, now))


def _call(message: Message, run: Run, now: float) -> Draft:
    return Draft(
        id=identifiers.message_id(),
        url=message.url,
        body=message.body,
        options=message.options,
        created_at=now,
        due_at=now,
        caller_ip=message.caller_ip,
        run=run.seq,
        call_type="toCallback",
        step=message.step,
    )
