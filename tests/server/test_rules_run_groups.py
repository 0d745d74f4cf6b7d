"""The groups of steps that a Workflow run's log shows."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from qstash_integrations.server.model import (
    CallbackOptions,
    CallType,
    Entry,
    Invoker,
    Message,
    Options,
    Outcome,
    Run,
    RunSettings,
    Step,
    Waiter,
)
from qstash_integrations.server.model.run_history import Failure, Group, Invoked, Sent
from qstash_integrations.server.rules.run_groups import groups

NOW = 1_800_000_000.0
URL = "https://app.example.com/workflow"
FAILED = Failure(at=NOW, outcome=Outcome(status=500, body=b"broken"))


def entry(message_id: str, **step: Any) -> Entry:
    return Entry(
        position=0,
        message_id=message_id,
        call_type="step",
        step=Step(id=step.get("stepId"), target=step.get("targetStep"), concurrent=step.get("concurrent", 1)),
        body=json.dumps(step).encode(),
        created_at=NOW,
        delivered=False,
    )


INITIAL = entry("m0")


def result(number: int, concurrent: int = 1, kind: str = "Run", **more: Any) -> Entry:
    return entry(
        f"m{number}", stepId=number, stepName=f"step {number}", stepType=kind, concurrent=concurrent, out="1", **more
    )


def plan(number: int, concurrent: int, **more: Any) -> Entry:
    return entry(
        f"p{number}",
        stepId=0,
        targetStep=number,
        stepName=f"step {number}",
        stepType=more.pop("kind", "Run"),
        concurrent=concurrent,
        **more,
    )


def sent(
    message_id: str,
    ended: Any = "DELIVERED",
    *,
    call_type: CallType = "step",
    failures: tuple[Failure, ...] = (),
    delay: float = 0,
    options: Options = Options(),  # noqa: B008
) -> Sent:
    """A message that ended, or for None one that is being delivered, or with a delay waits."""
    return Sent(
        message=Message(
            seq=1,
            id=message_id,
            state="done" if ended else "waiting" if delay or failures else "active",
            url=URL,
            body=b"",
            options=options,
            created_at=NOW,
            not_before_at=NOW + delay,
            due_at=NOW + delay,
            retried=len(failures),
            queue=None,
            flow_key=None,
            topic=None,
            endpoint=None,
            schedule_id=None,
            caller_ip="",
            source=None,
            cancel_requested=False,
            finished_at=NOW if ended else None,
            ended=ended,
            call_type=call_type,
        ),
        failures=failures,
    )


def shown(found: Sequence[Group]) -> list[str]:
    """``sequential init=SUCCESS``: each step by its name, or in ``next`` by its message."""
    return [
        " ".join(
            (
                group.type,
                *(
                    f"{step.facts.get('stepName', step.message_id).replace(' ', '')}={step.state.removeprefix('STEP_')}"
                    for step in group.steps
                ),
            )
        )
        for group in found
    ]


def call(number: int, ended: Any, call_type: CallType = "toCallback", **more: Any) -> Sent:
    headers = (
        ("Upstash-Workflow-StepId", str(number)),
        ("Upstash-Workflow-StepName", f"step {number}"),
        ("Upstash-Workflow-StepType", "Call"),
        ("Upstash-Workflow-Concurrent", str(more.pop("concurrent", 1))),
    )
    options = (
        Options(callback=CallbackOptions(url=URL, headers=headers))
        if call_type == "toCallback"
        else Options(headers=headers)
    )
    return sent(f"c{number}", ended, call_type=call_type, options=options, **more)


@pytest.mark.parametrize(
    ("message", "over", "expected"),
    {
        "being delivered": (sent("m0", None), None, ["sequential init=SUCCESS", "next m0=PROGRESS"]),
        "tried again": (
            sent("m0", None, failures=(FAILED,)),
            None,
            ["sequential init=SUCCESS", "next m0=RETRY"],
        ),
        "failed": (
            sent("m0", "FAILED", failures=(FAILED,)),
            "RUN_FAILED",
            ["sequential init=SUCCESS", "next m0=FAILED"],
        ),
        "cancelled": (sent("m0", "CANCELED"), "RUN_CANCELED", ["sequential init=SUCCESS", "next m0=CANCELED"]),
        "cancelled during a delivery": (
            sent("m0", None),
            "RUN_CANCELED",
            ["sequential init=SUCCESS", "next m0=CANCELED"],
        ),
        "delayed": (sent("m0", None, delay=60), None, ["sequential init=PROGRESS"]),
        "cancelled while it was delayed": (
            sent("m0", "CANCELED", delay=60),
            "RUN_CANCELED",
            ["sequential init=CANCELED"],
        ),
        "answered without a result": (sent("m0"), None, ["sequential init=SUCCESS"]),
    }.values(),
    ids=lambda value: None,
)
def test_a_run_without_results_shows_its_first_delivery(message: Sent, over: str | None, expected: list[str]) -> None:
    assert shown(groups([INITIAL], [message], over=over)) == expected


def test_steps_in_sequence_are_groups_of_their_own() -> None:
    kept = [INITIAL, result(1), result(2)]
    on_the_way = [sent("m0"), sent("m1"), sent("m2", None)]
    expected = ["sequential init=SUCCESS", "sequential step1=SUCCESS", "sequential step2=SUCCESS"]
    assert shown(groups(kept, on_the_way)) == [*expected, "next m2=PROGRESS"]
    assert shown(groups(kept, [sent("m0"), sent("m1"), sent("m2")], over="RUN_SUCCESS")) == expected


def test_a_delivery_that_brought_its_step_is_not_next_though_it_is_still_open() -> None:
    found = groups([INITIAL, result(1)], [sent("m0", None), sent("m1", None)])
    assert shown(found) == ["sequential init=SUCCESS", "sequential step1=SUCCESS", "next m1=PROGRESS"]


def test_a_sleep_is_in_progress_until_it_is_over() -> None:
    kept = [INITIAL, result(1, kind="SleepFor", sleepFor="1m")]
    asleep = [sent("m0"), sent("m1", None, delay=60)]
    assert shown(groups(kept, asleep)) == ["sequential init=SUCCESS", "sequential step1=PROGRESS"]
    assert shown(groups(kept, [sent("m0"), sent("m1", "CANCELED", delay=60)], over="RUN_CANCELED")) == [
        "sequential init=SUCCESS",
        "sequential step1=CANCELED",
    ]


def test_a_parallel_group_shows_all_of_its_steps_from_the_start_on() -> None:
    kept = [INITIAL, plan(1, 3), plan(2, 3), plan(3, 3), result(2, 3)]
    on_the_way = [sent("m0"), sent("p1", None), sent("p2"), sent("p3", None, failures=(FAILED,)), sent("m2", None)]
    found = groups(kept, on_the_way)
    assert shown(found) == ["sequential init=SUCCESS", "parallel step1=PROGRESS step2=SUCCESS step3=RETRY"]
    assert found[1].steps[2].failures == (FAILED,)


def test_the_last_result_of_a_group_leads_on() -> None:
    kept = [INITIAL, plan(1, 2), plan(2, 2), result(2, 2), result(1, 2)]
    on_the_way = [sent("m0"), sent("p1"), sent("p2"), sent("m2"), sent("m1", None)]
    assert shown(groups(kept, on_the_way)) == [
        "sequential init=SUCCESS",
        "parallel step1=SUCCESS step2=SUCCESS",
        "next m1=PROGRESS",
    ]


def test_a_failed_branch_keeps_the_others() -> None:
    """Those that finish after the run did, too."""
    kept = [INITIAL, plan(1, 2), plan(2, 2), result(2, 2)]
    on_the_way = [sent("m0"), sent("p1", "FAILED", failures=(FAILED,)), sent("p2")]
    found = groups(kept, on_the_way, over="RUN_FAILED")
    assert shown(found) == ["sequential init=SUCCESS", "parallel step1=FAILED step2=SUCCESS"]
    assert found[1].steps[0].failures == (FAILED,)


def test_two_groups_that_follow_each_other_stay_apart() -> None:
    kept = [INITIAL, plan(1, 2), plan(2, 2), result(1, 2), result(2, 2), plan(3, 2), plan(4, 2)]
    on_the_way = [sent(one.message_id) for one in kept]
    assert shown(groups(kept, on_the_way))[1:] == [
        "parallel step1=SUCCESS step2=SUCCESS",
        "parallel step3=PROGRESS step4=PROGRESS",
    ]


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ([call(1, None)], "PROGRESS"),
        ([call(1, None, failures=(FAILED,))], "RETRY"),
        ([call(1, "FAILED", failures=(FAILED,))], "PROGRESS"),
        ([call(1, "DELIVERED"), call(1, None, "fromCallback")], "PROGRESS"),
        ([call(1, "DELIVERED"), call(1, None, "fromCallback", failures=(FAILED,))], "RETRY"),
        ([call(1, "DELIVERED"), call(1, "FAILED", "fromCallback", failures=(FAILED,))], "FAILED"),
    ],
)
def test_a_call_is_a_step_before_its_result_is_there(messages: list[Sent], state: str) -> None:
    found = groups([INITIAL], [sent("m0"), *messages])
    assert shown(found) == ["sequential init=SUCCESS", f"sequential step1={state}"]
    assert found[1].steps[0].call is messages[0]


def test_the_result_of_a_call_knows_what_was_called() -> None:
    request = call(1, "DELIVERED")
    kept = [INITIAL, result(1, kind="Call")]
    found = groups(kept, [sent("m0"), request, call(1, "DELIVERED", "fromCallback"), sent("m1")])
    assert shown(found)[1:] == ["sequential step1=SUCCESS"]
    assert found[1].steps[0].call is request


def test_a_wait_takes_the_place_of_its_plan() -> None:
    step = {"stepId": 2, "stepName": "step 2", "stepType": "Wait", "concurrent": 2}
    wait = Waiter(run=1, step_id=2, event_id="paid", url=URL, timeout="5s", deadline_at=NOW + 5, step=json.dumps(step))
    kept = [INITIAL, plan(1, 2), plan(2, 2, kind="Wait")]
    found = groups(kept, [sent("m0"), sent("p1"), sent("p2")], waiting=[wait])
    assert shown(found)[1:] == ["parallel step1=PROGRESS step2=PROGRESS"]
    waiting = found[1].steps[1]
    assert (waiting.waiting, waiting.created_at, waiting.facts["waitEventId"]) == (wait, NOW, "paid")
    assert shown(groups(kept, [sent("m0"), sent("p1"), sent("p2")], waiting=[wait], over="RUN_CANCELED"))[1:] == [
        "parallel step1=CANCELED step2=CANCELED"
    ]


def test_an_invoked_run_is_a_step_and_stays_known_with_the_result() -> None:
    step = {"stepId": 1, "stepName": "step 1", "stepType": "Invoke", "concurrent": 1}
    invoker = Invoker(run_id="wfr_a", created_at=NOW, url=URL, step=json.dumps(step))
    run = Run(
        seq=2,
        id="wfr_child",
        created_at=NOW,
        url=URL,
        state="RUN_STARTED",
        ended_at=None,
        settings=RunSettings(),
        caller_ip="",
        labels=(),
        flow_key=None,
        response=None,
        invoker=invoker,
        dlq_id=None,
        failure=None,
    )
    child = Invoked(run=run, payload=b"")
    before = groups([INITIAL], [sent("m0")], invoked=[child])
    after = groups([INITIAL, result(1, kind="Invoke")], [sent("m0"), sent("m1")], invoked=[child])
    assert (shown(before)[1], shown(after)[1]) == ("sequential step1=PROGRESS", "sequential step1=SUCCESS")
    assert before[1].steps[0].invoked is after[1].steps[0].invoked is child


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"[" * 100_000])
def test_an_entry_that_is_no_step_is_left_out(body: bytes) -> None:
    kept = [INITIAL, replace(entry("m1"), body=body)]
    assert shown(groups(kept, [sent("m0"), sent("m1")])) == ["sequential init=SUCCESS"]
