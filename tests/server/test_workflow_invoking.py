"""Runs that start other runs and wait for them: each hears of the end of the other, once, whichever it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations.server.model import Message, Publication, Receipt, Refused
from qstash_integrations.server.tables import Store
from tests.server.driver import NOW, Driver
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers, header_of, list_of

CHILD = "https://app.example.com/child"


def started(driver: Driver, run_id: str = "wfr_1", **headers: str) -> Sdk:
    sdk = Sdk(driver, run_id)
    sdk.start(Upstash_Forward_X_User="joe", Upstash_Retries="7", **headers)
    driver.deliver()
    return sdk


def envelope(invoker: str = "wfr_1", step_id: int = 1, **fields: object) -> bytes:
    listed = {
        "Upstash-Workflow-RunId": [invoker],
        "Upstash-Workflow-Init": ["false"],
        "Upstash-Forward-Upstash-Workflow-Sdk-Version": ["1"],
        "Upstash-Feature-Set": ["InitialBody,WF_TriggerOnConfig"],
    }
    found = {
        "body": '{"n":1}',
        "headers": listed,
        "workflowRunId": invoker,
        "workflowRunCreatedAt": round(NOW * 1000),
        "workflowUrl": WORKFLOW,
        "step": {"stepId": step_id, "stepName": "to the child", "stepType": "Invoke", "concurrent": 1},
        **fields,
    }
    return json.dumps(found).encode()


def invoke(
    driver: Driver, run_id: str = "wfr_child", invoker: str = "wfr_1", step_id: int = 1, **fields: object
) -> Receipt:
    """As the SDK does it: a publish to the other workflow."""
    headers = {"Upstash_Retries": "0", **failure_headers(CHILD)}
    item = Sdk(driver, run_id).initial(envelope(invoker, step_id, **fields), Upstash_Workflow_Invoke="true", **headers)
    return driver.engine.publishing.publish(
        Publication(destination=CHILD, headers=item.headers, body=item.body, caller_ip="203.0.113.9")
    ).each[0]


def result(message: Message) -> Any:
    step = list_of(message)[-1]
    assert (step["stepId"], step["stepName"], step["stepType"]) == (1, "to the child", "Invoke")
    return json.loads(step["out"])


def succeed(driver: Driver) -> None:
    driver.engine.workflows.end("wfr_child", '"Grüße"'.encode())


def succeed_silently(driver: Driver) -> None:
    driver.engine.workflows.end("wfr_child", None)


def cancel(driver: Driver) -> None:
    driver.engine.workflows.cancel("wfr_child")


ENDS = {
    "it returns": (succeed, {"body": '"Grüße"', "isCanceled": False, "isFailed": False}),
    "it returns nothing": (succeed_silently, {"isCanceled": False, "isFailed": False}),
    "it is cancelled": (cancel, {"isCanceled": True, "isFailed": False}),
}


@pytest.mark.parametrize(("end", "expected"), ENDS.values(), ids=ENDS)
def test_a_run_hears_how_the_one_ends_that_it_has_started(driver: Driver, end: Any, expected: Any) -> None:
    started(driver)
    invoke(driver)
    (child,) = driver.deliver()
    assert (child.url, list_of(child)) == (CHILD, ['{"n":1}'])
    end(driver)
    end(driver)
    (message,) = driver.deliver()
    assert result(message) == expected
    assert (message.url, header_of(message, "Upstash-Workflow-RunId")) == (WORKFLOW, "wfr_1")
    assert (header_of(message, "X-User"), message.options.retries) == ("joe", 7)
    assert driver.claim() == []


def test_a_run_hears_that_the_one_failed_that_it_has_started(driver: Driver) -> None:
    started(driver)
    invoke(driver)
    driver.deliver(500)
    failed, told = sorted(driver.claim(), key=lambda message: message.url)
    assert header_of(failed, "Upstash-Workflow-Is-Failure") == "true"
    assert result(told) == {"isCanceled": False, "isFailed": True}


def test_a_run_started_by_another_has_settings_of_its_own(driver: Driver) -> None:
    started(driver)
    invoke(driver)
    (child,) = driver.deliver()
    assert (header_of(child, "X-User"), child.options.retries) == (None, 0)


@pytest.mark.parametrize("payload", [None, ""])
def test_a_run_may_be_started_with_nothing(driver: Driver, payload: object) -> None:
    started(driver)
    invoke(driver, body=payload)
    (child,) = driver.deliver()
    assert list_of(child) == [""]


def test_an_invocation_whose_answer_was_lost_starts_one_run(driver: Driver) -> None:
    started(driver)
    first, second = invoke(driver, "wfr_child"), invoke(driver, "wfr_another")
    assert (second.message_id, second.deduplicated) == (first.message_id, True)
    assert len(driver.deliver()) == 1
    succeed(driver)
    assert invoke(driver, "wfr_another").deduplicated


def test_steps_of_a_group_start_runs_of_their_own(driver: Driver) -> None:
    started(driver)
    invoke(driver, "wfr_one", step_id=1)
    invoke(driver, "wfr_two", step_id=2)
    assert len(driver.deliver()) == 2
    driver.engine.workflows.end("wfr_two", b"2")
    (message,) = driver.deliver()
    assert list_of(message)[-1]["stepId"] == 2


def test_a_run_that_is_over_starts_no_other(driver: Driver) -> None:
    started(driver)
    driver.engine.workflows.cancel("wfr_1")
    with pytest.raises(Refused) as refused:
        invoke(driver)
    assert refused.value.status == 400
    assert driver.claim() == []


def test_of_a_run_that_is_over_the_log_has_what_it_waited_for(driver: Driver) -> None:
    started(driver)
    invoke(driver)
    driver.deliver()
    driver.engine.workflows.cancel("wfr_1")
    succeed(driver)
    assert driver.claim() == []
    (log,) = driver.engine.run_log.page(Sdk(driver).own, cursor=None, count=1).items
    (step,) = log.groups[1].steps
    assert (step.state, json.loads(step.facts["out"])["isFailed"]) == ("STEP_SUCCESS", False)


def test_another_run_of_the_same_id_hears_nothing(driver: Driver) -> None:
    started(driver)
    invoke(driver)
    driver.engine.workflows.end("wfr_1", None)
    driver.deliver()
    driver.advance(1)
    started(driver)
    succeed(driver)
    assert driver.claim() == []


def test_runs_are_nested_so_deep_and_no_deeper(driver: Driver) -> None:
    started(driver, "wfr_0")
    for depth in range(100):
        invoke(driver, f"wfr_{depth + 1}", f"wfr_{depth}")
    with pytest.raises(Refused) as refused:
        invoke(driver, "wfr_101", "wfr_100")
    assert refused.value.status == 412


BROKEN = {
    "no object": (b"[]", "must be a JSON object"),
    "no JSON": (b"{", "must be a JSON object"),
    "a payload that is no text": (envelope(body={}), "body must be a text"),
    "no run": (envelope(workflowRunId=None), "must name a run"),
    "no step": (envelope(step={}), "stepId"),
    "a step without end": (envelope(step={"stepId": 1, "x": "x" * 100_000}), "invalid step"),
    "headers that are none": (envelope(headers=[]), "headers of the invoking run"),
    "a URL that is none": (envelope(workflowUrl="here"), "invalid workflow url"),
    "settings that are none": (envelope(headers={"Upstash-Retries": ["many"]}), "Upstash-Retries"),
}


@pytest.mark.parametrize(("body", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_an_invocation_is_not_taken_for_the_end_of_a_run(
    driver: Driver, body: bytes, text: str
) -> None:
    started(driver)
    item = Sdk(driver, "wfr_child").initial(body, Upstash_Workflow_Invoke="true")
    with pytest.raises(Refused, match=text) as refused:
        driver.engine.publishing.publish(item)
    assert refused.value.status == 412


def test_who_waits_for_whom_outlives_the_server(tmp_path: Path) -> None:
    file = tmp_path / "qstash.db"
    before = Driver(Store.open(file))
    started(before)
    invoke(before)
    before.deliver()
    before.engine.close()
    after = Driver(Store.open(file))
    succeed(after)
    (message,) = after.deliver()
    assert result(message)["body"] == '"Grüße"'
    assert invoke(after, "wfr_another").deduplicated
