"""Runs that are started without an SDK, and endpoints that turn out to have none, or an old one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations.server.model import Message, Outcome
from tests.server.driver import NOW
from tests.server.local import Local
from tests.server.workflow_sdk import WORKFLOW, Sdk, header_of, ids_of, list_of

SDK = {"Upstash_Workflow_Sdk_Version": "1"}
NO_SDK = (
    "detected a non-workflow destination for trigger/invoke. make sure you are sending the request to the correct"
    " endpoint"
)


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(now=NOW)
    yield local
    local.engine.close()


def trigger(local: Local, body: bytes = b'{"n":1}', **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    status, answer = local("POST", f"/v2/trigger/{WORKFLOW}", body, names)
    assert status == 200, answer
    return answer


def shown(local: Local) -> Any:
    (run,) = local("GET", "/v2/workflows/logs").json["runs"]
    return run


def claim(local: Local) -> Message:
    (message,) = local.engine.claiming.claim(2)
    return message


def test_a_run_is_started_as_an_sdk_would_have_done(local: Local) -> None:
    answer = trigger(local, Upstash_Forward_X_User="joe", Upstash_Retries="2", Upstash_Label="a")
    message = local.deliver(200, **SDK)
    names = ("RunId", "Url", "Init", "CreatedAt", "Sdk-Version")
    assert [header_of(message, f"Upstash-Workflow-{name}") for name in names] == [
        answer["workflowRunId"], WORKFLOW, "true", str(answer["workflowCreatedAt"]), "1"
    ]  # fmt: skip
    assert answer == {"workflowRunId": answer["workflowRunId"], "workflowCreatedAt": NOW * 1000}
    assert answer["workflowRunId"].startswith("wfr_")
    assert (list_of(message), header_of(message, "X-User"), header_of(message, "Upstash-Label")) == (
        ['{"n":1}'], "joe", "a"
    )  # fmt: skip
    Sdk(local, answer["workflowRunId"]).result(1)
    step = local.deliver()
    assert (ids_of(step), header_of(step, "X-User"), step.options.retries) == ([1], "joe", 2)
    assert shown(local)["labels"] == ["a"]


def test_a_failure_is_told_to_the_workflow_itself(local: Local) -> None:
    run_id = trigger(local, Upstash_Forward_X_User="joe", Upstash_Retries="0")["workflowRunId"]
    local.deliver(500)
    told = claim(local)
    names = ("Is-Failure", "Failure-Callback", "RunId", "CallType", "Init", "Sdk-Version")
    assert [header_of(told, f"Upstash-Workflow-{name}") for name in names] == [
        "true", "true", run_id, "failureCall", "false", None
    ]  # fmt: skip
    assert (told.url, header_of(told, "X-User")) == (WORKFLOW, "joe")


def test_a_failure_may_be_told_elsewhere(local: Local) -> None:
    trigger(local, Upstash_Failure_Callback="https://ops.example.com/failed", Upstash_Retries="0")
    local.deliver(500)
    assert claim(local).url == "https://ops.example.com/failed"


@pytest.mark.parametrize("run_id", ["a\r\nX-Evil: 1", "a\0b", "\x1b[2J", "日"])
def test_an_id_that_no_delivery_could_carry_is_refused(local: Local, run_id: str) -> None:
    item = {"destination": WORKFLOW, "headers": {"Upstash-Workflow-RunId": run_id}}
    started = {**item["headers"], "Upstash-Workflow-Init": "true"}
    for call, asked in (("batch/trigger", item), ("batch", {**item, "headers": started})):
        got = local("POST", f"/v2/{call}", [asked])
        assert (got.status, "invalid Upstash-Workflow-RunId" in got.json["error"]) == (400, True)


def test_an_id_that_is_given_is_used_and_not_twice(local: Local) -> None:
    first, second = (trigger(local, Upstash_Workflow_RunId="mine") for _ in range(2))
    assert first == {"workflowRunId": "mine", "workflowCreatedAt": NOW * 1000}
    assert second == {**first, "deduplicated": True}
    assert header_of(claim(local), "Upstash-Workflow-RunId") == "mine"


def test_a_run_may_start_later(local: Local) -> None:
    trigger(local, Upstash_Delay="10m")
    assert shown(local)["workflowState"] == "RUN_STARTED"
    assert local.engine.claiming.next_due_at() == NOW + 600


def test_many_runs_are_started_with_one_call(local: Local) -> None:
    items = [
        {"destination": WORKFLOW, "body": "one", "headers": {"Upstash-Workflow-RunId": "wfr_a"}},
        {"destination": WORKFLOW, "body": "two", "headers": {"Upstash-Workflow-RunId": "wfr_a"}},
        {"destination": WORKFLOW},
    ]
    status, answers = local("POST", "/v2/batch/trigger", items)
    assert status == 201
    assert [answer.get("deduplicated") for answer in answers] == [None, True, None]
    assert [list_of(message) for message in local.engine.claiming.claim(9)] == [["one"], [""]]


def test_of_many_runs_all_are_started_or_none(local: Local) -> None:
    status, answer = local("POST", "/v2/batch/trigger", [{"destination": WORKFLOW}, {"destination": "nowhere"}])
    assert (status, answer["error"][:7]) == (400, "run 1: ")
    assert local.engine.claiming.claim(9) == []


@pytest.mark.parametrize("target", ["nowhere", "ftp://app.example.com"])
def test_a_run_needs_a_url(local: Local, target: str) -> None:
    assert local("POST", f"/v2/trigger/{target}").status == 400


def test_what_answers_without_an_sdk_fails_the_run_at_once(local: Local) -> None:
    trigger(local, Upstash_Retries="3")
    local.deliver(200, b"hello")
    run = shown(local)
    assert run["workflowState"] == "RUN_FAILED"
    assert [group["type"] for group in run["steps"]] == ["sequential", "next"]
    (step,) = run["steps"][1]["steps"]
    ((error,), state) = step["errors"], step["state"]
    assert (state, error["error"], error["status"], error["body"]) == ("STEP_FAILED", NO_SDK, 200, "hello")
    (letter,) = local("GET", "/v2/workflows/dlq").json["messages"]
    assert letter["responseStatus"] == 200
    assert header_of(claim(local), "Upstash-Workflow-Is-Failure") == "true"


def test_only_a_good_answer_tells_that_there_is_no_sdk(local: Local) -> None:
    trigger(local, Upstash_Retries="3")
    local.deliver(500, b"oops")
    assert shown(local)["workflowState"] == "RUN_STARTED"


def test_only_the_first_answer_tells_that_there_is_no_sdk(local: Local) -> None:
    run_id = trigger(local)["workflowRunId"]
    first = claim(local)
    Sdk(local, run_id).result(1)
    local.deliver(200)
    assert first.entry == 0
    assert shown(local)["workflowState"] == "RUN_STARTED"


def test_a_run_that_does_not_ask_is_not_looked_at(local: Local) -> None:
    Sdk(local).start()
    local.deliver(200)
    assert shown(local)["workflowState"] == "RUN_STARTED"


def start_again(local: Local, run_id: str, payload: bytes = b"made of it") -> Any:
    """As an SDK does that was told that it is unknown."""
    sdk = Sdk(local, run_id)
    return sdk.start(payload, **{"upstash-workflow-trigger-by-sdk": "true"})


@pytest.mark.parametrize("header", ["Upstash_Workflow_Unknown_Sdk", "Upstash_Forward_Upstash_Workflow_Unknown_Sdk"])
def test_an_sdk_that_is_unknown_starts_the_run_once_more(local: Local, header: str) -> None:
    run_id = trigger(local, Upstash_Forward_X_User="joe", Upstash_Retries="2", **{header: "true"})["workflowRunId"]
    first = claim(local)
    assert header_of(first, "Upstash-Workflow-Unknown-Sdk") == "true"
    local.now += 1
    assert not start_again(local, run_id).deduplicated
    assert start_again(local, run_id).deduplicated
    second = local.deliver(200, **SDK)
    assert (header_of(second, "Upstash-Workflow-Unknown-Sdk"), header_of(second, "Upstash-Workflow-Init")) == (
        None, "true"
    )  # fmt: skip
    assert (list_of(second), header_of(second, "X-User"), second.options.retries) == (["made of it"], "joe", 2)
    assert json.loads(second.body)[0]["messageId"] == second.id != first.id
    assert header_of(second, "Upstash-Workflow-CreatedAt") == str(round(NOW * 1000))
    Sdk(local, run_id).result(1)
    step = local.deliver()
    assert (list_of(step)[0], header_of(step, "Upstash-Workflow-Unknown-Sdk")) == ("made of it", None)
    local.engine.recording.record(first.seq, Outcome(status=500))
    assert shown(local)["workflowState"] == "RUN_STARTED"
    assert local.engine.claiming.claim(9) == []


def test_a_run_that_was_started_for_a_known_sdk_is_not_started_once_more(local: Local) -> None:
    run_id = trigger(local)["workflowRunId"]
    assert start_again(local, run_id).deduplicated
    assert list_of(claim(local)) == ['{"n":1}']
