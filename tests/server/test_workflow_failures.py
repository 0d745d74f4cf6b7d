"""A run that fails: what it leaves, whom it tells, and what it keeps of its first message."""

import json
from base64 import b64decode
from typing import Any

import pytest

from qstash_integrations.server.model import Filter, Message, Refused, Run
from tests.server.driver import Driver
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers, header_of, ids_of

ELSEWHERE = "https://app.example.com/failed"


@pytest.fixture
def sdk(driver: Driver) -> Sdk:
    return Sdk(driver)


def run_of(driver: Driver, sdk: Sdk) -> Run:
    (log,) = driver.engine.run_log.page(sdk.own, cursor=None, count=9).items
    return log.run


def letters(driver: Driver) -> list[Message]:
    return [letter.message for letter in driver.engine.dead_letters.page(Filter(), cursor=None, count=9).items]


def failed(driver: Driver, sdk: Sdk, **headers: str) -> Message:
    """The call that tells of the failure of the run's first step."""
    sdk.start(b"payload", **{"Upstash_Retries": "0", **failure_headers(), **headers})
    driver.deliver()
    sdk.result(1)
    driver.deliver(500, b'{"message":"broken"}', X_Answer="yes")
    (call,) = driver.claim()
    return call


def test_a_failure_is_told_with_the_payload_that_the_run_began_with(driver: Driver, sdk: Sdk) -> None:
    call = failed(driver, sdk)
    told: dict[str, Any] = json.loads(call.body)
    assert (call.url, b64decode(told["sourceBody"]), b64decode(told["body"])) == (
        WORKFLOW, b"payload", b'{"message":"broken"}'
    )  # fmt: skip
    assert [told[name] for name in ("status", "retried", "maxRetries", "url", "workflowRunId")] == [
        500, 0, 0, WORKFLOW, "wfr_1"
    ]  # fmt: skip
    assert told["workflowCreatedAt"] == 1_800_000_000_000
    assert told["dlqId"] == run_of(driver, sdk).dlq_id
    assert [message.id for message in letters(driver)] == [told["sourceMessageId"]]


def test_a_failure_call_says_what_it_is(driver: Driver, sdk: Sdk) -> None:
    call = failed(driver, sdk, Content_Type="text/plain")
    names = ("RunId", "Url", "Init", "CallType", "Is-Failure", "CreatedAt", "Sdk-Version")
    assert [header_of(call, f"Upstash-Workflow-{name}") for name in names] == [
        "wfr_1", WORKFLOW, "false", "failureCall", "true", "1800000000000", None
    ]  # fmt: skip
    assert [header_of(call, name) for name in ("X-User", "Content-Type")] == ["joe", "application/json"]


def test_a_failure_may_be_told_elsewhere(driver: Driver, sdk: Sdk) -> None:
    call = failed(driver, sdk, **failure_headers(ELSEWHERE))
    assert (call.url, header_of(call, "Upstash-Workflow-Url")) == (ELSEWHERE, WORKFLOW)


def test_an_empty_payload_stays_empty(driver: Driver, sdk: Sdk) -> None:
    sdk.start(b"", Upstash_Retries="0", **failure_headers())
    driver.deliver(500)
    (call,) = driver.claim()
    assert json.loads(call.body)["sourceBody"] == ""


@pytest.mark.parametrize(("status", "state"), [(200, "CALLBACK_SUCCESS"), (500, "CALLBACK_FAIL")])
def test_what_came_of_the_failure_call_is_recorded(driver: Driver, sdk: Sdk, status: int, state: str) -> None:
    call = failed(driver, sdk, Upstash_Failure_Callback_Retries="0")
    failure = run_of(driver, sdk).failure
    assert failure is not None
    assert (failure.message_id, failure.state) == (call.id, "CALLBACK_INPROGRESS")
    driver.answer(call, status, b"told")
    failure = run_of(driver, sdk).failure
    assert failure is not None
    assert (failure.state, failure.status, failure.body) == (state, status, b"told")
    assert len(letters(driver)) == 1
    assert driver.claim() == []


def test_a_failure_call_has_retries_of_its_own(driver: Driver, sdk: Sdk) -> None:
    call = failed(driver, sdk, Upstash_Failure_Callback_Retries="1")
    driver.answer(call, 500)
    driver.advance(12.2)
    assert [message.id for message in driver.deliver()] == [call.id]
    failure = run_of(driver, sdk).failure
    assert failure is not None
    assert failure.state == "CALLBACK_SUCCESS"


def test_a_run_that_nobody_wants_to_hear_of_fails_silently(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver(500)
    assert driver.claim() == []
    assert (run_of(driver, sdk).state, run_of(driver, sdk).failure) == ("RUN_FAILED", None)


def test_what_cannot_be_retried_fails_the_run_at_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="5")
    driver.deliver(489, Upstash_NonRetryable_Error="true")
    assert run_of(driver, sdk).state == "RUN_FAILED"


def test_a_branch_that_fails_takes_the_others_along(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver()
    sdk.send(sdk.plan(1, 3), sdk.plan(2, 3), sdk.plan(3, 3, Upstash_Delay="1m"))
    one, two = driver.claim()
    sdk.send(sdk.step(1, concurrent=3))
    driver.answer(two, 500)
    driver.answer(one, 200)
    driver.advance(100)
    assert driver.claim() == []


def test_what_a_branch_comes_to_after_the_failure_is_refused_and_shown(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver()
    sdk.send(sdk.plan(1, 2), sdk.plan(2, 2))
    _, failing = driver.claim()
    driver.answer(failing, 500)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            sdk.send(sdk.step(1, concurrent=2, out='"late"'))
        assert refused.value.status == 400
    assert driver.claim() == []
    (log,) = driver.engine.run_log.page(sdk.own, cursor=None, count=1).items
    (late, failed), kind = log.groups[1].steps, log.groups[1].type
    assert (kind, late.state, late.facts["out"], failed.state) == ("parallel", "STEP_SUCCESS", '"late"', "STEP_FAILED")


def test_what_came_late_counts_when_the_run_is_resumed(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver()
    sdk.send(sdk.plan(1, 2), sdk.plan(2, 2))
    _, failing = driver.claim()
    driver.answer(failing, 500)
    with pytest.raises(Refused):
        sdk.send(sdk.step(1, concurrent=2))
    (letter,) = driver.engine.failed_runs.page(Filter(of_runs=True), cursor=None, count=1).items
    resumed = Sdk(driver, driver.engine.failed_runs.resume(letter.letter.id).id)
    assert sorted(ids_of(message) for message in driver.deliver()) == [[-1, -2], [-1, -2, 1]]
    resumed.send(resumed.step(2, concurrent=2))
    assert [ids_of(message) for message in driver.deliver()] == [[-1, -2, 1, 2]]


def test_only_a_run_that_failed_has_more_come_to_it(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    driver.engine.workflows.cancel("wfr_1")
    with pytest.raises(Refused):
        sdk.result(1)
    (log,) = driver.engine.run_log.page(sdk.own, cursor=None, count=1).items
    assert [group.type for group in log.groups] == ["sequential"]


SETTINGS = {
    "Upstash_Retries": "7",
    "Upstash_Retry_Delay": "5000",
    "Upstash_Flow_Control_Key": "crm",
    "Upstash_Flow_Control_Value": "parallelism=3",
    "Upstash_Forward_X_User": "joe",
    "Upstash_Label": "eu",
    "Upstash_Redact_Fields": "body",
}


def test_what_the_first_message_brings_counts_for_the_whole_run(driver: Driver, sdk: Sdk) -> None:
    sdk.start(**SETTINGS, **failure_headers(), Upstash_Delay="1s", Upstash_Forward_Upstash_Workflow_Unknown_Sdk="true")
    driver.advance(1)
    (first,) = driver.deliver()
    sdk.result(1)
    (step,) = driver.deliver()
    assert replaced(step) == replaced(first)
    assert header_of(first, "Upstash-Workflow-Unknown-Sdk") == "true"
    assert header_of(step, "Upstash-Workflow-Unknown-Sdk") is None
    assert (step.flow_key, step.options.delay) == ("crm", 0)


def test_what_a_later_message_brings_itself_comes_first(driver: Driver, sdk: Sdk) -> None:
    sdk.start(**SETTINGS)
    driver.deliver()
    sdk.result(1, Upstash_Retries="1", Upstash_Forward_X_User="ann")
    (step,) = driver.deliver()
    assert (step.options.retries, header_of(step, "X-User"), step.flow_key) == (1, "ann", "crm")


def test_without_the_feature_each_message_brings_its_own(driver: Driver) -> None:
    sdk = Sdk(driver, features="LazyFetch,InitialBody,WF_DetectTrigger")
    sdk.start(**SETTINGS, **failure_headers())
    driver.deliver(Upstash_Workflow_Sdk_Version="1")
    sdk.result(1, Upstash_Retries="2")
    (step,) = driver.deliver()
    assert (step.options.retries, header_of(step, "X-User"), step.flow_key) == (2, None, None)
    assert step.options.failure_callback is None
    assert (step.options.labels, step.options.redaction is None) == (("eu",), False)


def test_what_an_endpoint_sends_back_of_a_request_is_not_passed_on(driver: Driver, sdk: Sdk) -> None:
    names = ("Host", "Content_Length", "Connection", "Accept_Encoding", "Transfer_Encoding", "User_Agent")
    system = ("Signature", "Message_Id", "Retried", "Caller_Ip")
    sdk.start(
        **{f"Upstash_Forward_{name}": "1" for name in (*names, *(f"Upstash_{name}" for name in system))},
        Upstash_Forward_Upstash_Workflow_CreatedAt="1",
        Upstash_Forward_X_User="joe",
    )
    (first,) = driver.deliver()
    assert [name for name, _ in first.options.headers] == [
        "Upstash-Workflow-Sdk-Version", "X-User", "Content-Type", "Upstash-Workflow-RunId", "Upstash-Workflow-Url",
        "Upstash-Workflow-Init", "Upstash-Workflow-CreatedAt",
    ]  # fmt: skip


def replaced(message: Message) -> tuple[object, ...]:
    options = message.options
    kept = {name: value for name, value in options.headers if not name.startswith(("Upstash-Workflow-", "Content-"))}
    return (
        options.retries, options.retry_delay, options.flow_control, options.failure_callback, options.labels,
        options.redaction, kept,
    )  # fmt: skip
