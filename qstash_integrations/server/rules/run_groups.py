"""What a Workflow run's list, messages, waits and invoked runs come to: its steps, in groups. Pure.

A step is known from what was planned, called, waited for or invoked for it, and over with its result. The delivery that
is to bring the next one is a group of its own, ``next``, for as long as it is not over or where it failed.

Spec: https://upstash.com/docs/workflow/rest/runs/logs
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core.durations import parse_duration
from ..model import CallType, Entry, Options, Waiter
from ..model.run_history import Group, Invoked, LoggedStep, Sent, StepState
from .steps import number_of, step_of

_SLEEPS = ("SleepFor", "SleepUntil")
_OPEN: tuple[StepState, ...] = ("STEP_PROGRESS", "STEP_RETRY")
# Where a call's step is told, in the headers that its answer is to come back with.
_CALLED = {
    "upstash-workflow-stepid": "stepId",
    "upstash-workflow-stepname": "stepName",
    "upstash-workflow-steptype": "stepType",
    "upstash-workflow-concurrent": "concurrent",
}


def groups(
    kept: Sequence[Entry],
    sent: Sequence[Sent],
    waiting: Iterable[Waiter] = (),
    invoked: Iterable[Invoked] = (),
    *,
    over: str | None = None,
) -> list[Group]:
    """``over`` is the state that the run ended in. ``kept`` and ``sent`` are in the order of their acceptance."""
    by_id = {one.message.id: one for one in sent}
    if not kept:
        return []
    steps = {step.id: step for step in _pending(kept, sent, waiting, invoked)}
    steps |= {step.id: step for step in _results(kept, by_id, steps)}
    first = _beginning(kept[0], by_id.get(kept[0].message_id))
    shown = [first, *(steps[number] for number in sorted(steps))]
    upcoming = _next(kept, by_id, steps, over)
    if over is not None:
        shown = [_closed(step) for step in shown]
        upcoming = [_closed(step) for step in upcoming]
    found = _grouped(shown)
    return [*found, Group(type="next", steps=tuple(upcoming))] if upcoming else found


def called_step(call_type: CallType | None, options: Options) -> Mapping[str, Any]:
    """The step that a call, or the answer to one, is made for."""
    callback = options.callback if call_type == "toCallback" else None
    headers = callback.headers if callback else options.headers
    found: dict[str, Any] = {"stepType": "Call"}
    for name, value in headers:
        if key := _CALLED.get(name.lower()):
            is_number = key in ("stepId", "concurrent") and value.isdecimal() and len(value) < 10
            found[key] = int(value) if is_number else value
    return found


def _beginning(entry: Entry, sent: Sent | None) -> LoggedStep:
    return LoggedStep(
        id=0,
        state="STEP_PROGRESS" if sent is not None and _waits(sent) else "STEP_SUCCESS",
        facts={"stepName": "init", "stepType": "Initial", "concurrent": 1},
        created_at=entry.created_at,
        message_id=entry.message_id,
        payload=entry.body,
        sent=sent,
    )


def _pending(
    kept: Sequence[Entry], sent: Sequence[Sent], waiting: Iterable[Waiter], invoked: Iterable[Invoked]
) -> Iterable[LoggedStep]:
    """What is known of steps before their results, each time in place of what was known of the same one."""
    by_id = {one.message.id: one for one in sent}
    calls: dict[int, Sent] = {}
    for entry in kept[1:]:
        if entry.step.target and not entry.step.id:
            yield _planned(entry.step.target, entry, by_id.get(entry.message_id))
    for one in sent:
        if one.message.call_type not in ("toCallback", "fromCallback"):
            continue
        facts = called_step(one.message.call_type, one.message.options)
        if number := number_of(facts, "stepId"):
            if one.message.call_type == "toCallback":
                calls[number] = one
            yield _calling(number, facts, one, calls.get(number))
    for waiter in waiting:
        yield LoggedStep(
            id=waiter.step_id,
            state="STEP_PROGRESS",
            facts={**step_of(waiter.step), "waitEventId": waiter.event_id, "timeout": waiter.timeout},
            created_at=_since(waiter),
            message_id="",
            waiting=waiter,
        )
    for child in invoked:
        facts = step_of(child.run.invoker.step if child.run.invoker else "")
        if number := number_of(facts, "stepId"):
            yield LoggedStep(
                id=number,
                state="STEP_PROGRESS",
                facts=facts,
                created_at=child.run.created_at,
                message_id="",
                invoked=child,
            )


def _since(waiter: Waiter) -> float:
    """When the wait began, as its end tells."""
    try:
        return waiter.deadline_at - parse_duration(waiter.timeout, "timeout").total_seconds()
    except ValueError:
        return waiter.deadline_at


def _planned(target: int, entry: Entry, sent: Sent | None) -> LoggedStep:
    return LoggedStep(
        id=target,
        # That its delivery was answered does not mean that there is a result.
        state="STEP_PROGRESS" if sent is None or sent.message.ended == "DELIVERED" else _state(sent),
        facts=step_of(entry.body),
        created_at=entry.created_at,
        message_id=entry.message_id,
        sent=sent,
        failures=() if sent is None else sent.failures,
    )


def _calling(number: int, facts: Mapping[str, Any], sent: Sent, call: Sent | None) -> LoggedStep:
    # However a call ends, its answer is the step's result: only the way back to the endpoint can fail.
    message = sent.message
    over = message.ended == "DELIVERED" or (message.call_type == "toCallback" and message.ended == "FAILED")
    return LoggedStep(
        id=number,
        state="STEP_PROGRESS" if over else _state(sent),
        facts=facts,
        created_at=message.created_at,
        message_id=message.id,
        sent=sent,
        call=call,
        failures=sent.failures,
    )


def _results(
    kept: Sequence[Entry], by_id: Mapping[str, Sent], pending: Mapping[int, LoggedStep]
) -> Iterable[LoggedStep]:
    for entry in kept[1:]:
        number = entry.step.id
        if not number:
            continue
        facts = step_of(entry.body)
        sent = by_id.get(entry.message_id)
        before = pending.get(number)
        asleep = facts.get("stepType") in _SLEEPS and sent is not None and _waits(sent)
        yield LoggedStep(
            id=number,
            state="STEP_PROGRESS" if asleep else "STEP_SUCCESS",
            facts=facts,
            created_at=entry.created_at,
            message_id=entry.message_id,
            sent=sent,
            call=before.call if before else None,
            invoked=before.invoked if before else None,
        )


def _next(
    kept: Sequence[Entry], by_id: Mapping[str, Sent], steps: Mapping[int, LoggedStep], over: str | None
) -> list[LoggedStep]:
    """The deliveries that are to bring what comes next, and those that failed on the way."""
    if over == "RUN_SUCCESS":
        return []
    leading = [entry for index, entry in enumerate(kept) if not index or entry.step.id]
    found: list[LoggedStep] = []
    for entry in leading:
        sent = by_id.get(entry.message_id)
        if sent is None or sent.message.ended == "DELIVERED":
            continue
        failed = sent.message.ended == "FAILED"
        if failed or (entry is leading[-1] and not _waits(sent) and _leads_on(entry, steps)):
            found.append(
                LoggedStep(
                    id=0,
                    state=_state(sent),
                    facts={},
                    created_at=entry.created_at,
                    message_id=entry.message_id,
                    sent=sent,
                    failures=sent.failures,
                )
            )
    return found


def _leads_on(entry: Entry, steps: Mapping[int, LoggedStep]) -> bool:
    """Whether the next step can come of its delivery: all steps so far have their results."""
    if not entry.step.id:
        return not steps
    return not any(step.state in (*_OPEN, "STEP_FAILED") for step in steps.values())


def _waits(sent: Sent) -> bool:
    """It was delayed, and its moment has not come, or never came."""
    message = sent.message
    if sent.failures or message.due_at <= message.created_at:
        return False
    return message.state == "waiting" or (message.ended == "CANCELED" and (message.finished_at or 0) < message.due_at)


def _state(sent: Sent) -> StepState:
    match sent.message.ended:
        case "DELIVERED":
            return "STEP_SUCCESS"
        case "FAILED":
            return "STEP_FAILED"
        case "CANCELED":
            return "STEP_CANCELED"
        case None:
            return "STEP_RETRY" if sent.failures else "STEP_PROGRESS"


def _closed(step: LoggedStep) -> LoggedStep:
    return replace(step, state="STEP_CANCELED") if step.state in _OPEN else step


def _grouped(steps: Sequence[LoggedStep]) -> list[Group]:
    """A group of n steps has n consecutive ids, and each of them says how many they are."""
    found: list[Group] = []
    index = 0
    while index < len(steps):
        first = steps[index]
        length = 1
        while (
            index + length < len(steps)
            and steps[index + length].id < first.id + first.concurrent
            and steps[index + length].concurrent == first.concurrent
        ):
            length += 1
        found.append(
            Group(
                type="parallel" if first.concurrent > 1 else "sequential",
                steps=tuple(steps[index : index + length]),
            )
        )
        index += length
    return found
