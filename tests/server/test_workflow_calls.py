"""``context.call``: a request to somebody else, whose outcome comes back to the workflow once, whatever it is."""

import json
from base64 import b64decode
from typing import Any

import pytest

from qstash_integrations.server.model import Filter, Message
from tests.server.driver import Driver
from tests.server.workflow_sdk import WORKFLOW, Sdk, header_of, ids_of


@pytest.fixture
def sdk(driver: Driver) -> Sdk:
    sdk = Sdk(driver)
    sdk.start(Upstash_Retries="1", Upstash_Forward_X_User="joe", Upstash_Forward_Upstash_Label="eu")
    driver.deliver()
    return sdk


def told(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(message.body)
    return body


def test_a_call_carries_nothing_of_its_run(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.call(1, Upstash_Method="PUT", Upstash_Forward_Accept_Encoding="gzip", Upstash_Forward_X_Key="k"))
    (call,) = driver.claim()
    assert (call.url, call.options.method, call.body) == ("https://api.example.com/price", "PUT", b"what is it?")
    assert call.options.headers == (("Accept-Encoding", "gzip"), ("X-Key", "k"))
    assert call.options.retries == 0


def test_the_result_of_a_call_comes_back_with_what_the_run_keeps(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.call(1))
    (call,) = driver.claim()
    driver.answer(call, 200, "12 €".encode(), Get_Header="x")
    (result,) = driver.claim()
    assert (result.url, result.options.retries) == (WORKFLOW, 1)
    shown = ("Callback", "StepId", "StepName", "CallType", "RunId", "Init", "CreatedAt", "Sdk-Version")
    assert [header_of(result, f"Upstash-Workflow-{name}") for name in shown] == [
        "true", "1", "the price", "fromCallback", "wfr_1", "false", "1800000000000", None
    ]  # fmt: skip
    assert [header_of(result, name) for name in ("X-User", "Upstash-Label", "Content-Type")] == [
        "joe", "eu", "application/json"
    ]  # fmt: skip
    body = told(result)
    assert (body["status"], b64decode(body["body"]).decode()) == (200, "12 €")
    assert body["header"] == {"Get-Header": ["x"]}
    assert (body["workflowRunId"], body["workflowCreatedAt"]) == ("wfr_1", 1_800_000_000_000)


def test_the_list_of_a_run_has_the_result_of_a_call_and_deliveries_do_not(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.call(1))
    driver.deliver(200, b"12")
    driver.deliver()
    sdk.result(1)
    assert [ids_of(message) for message in driver.deliver()] == [[1]]
    assert [step["callType"] for step in driver.engine.workflows.steps("wfr_1")] == ["step", "fromCallback", "step"]


@pytest.mark.parametrize("status", [300, 401, 418, 489, 500, 0])
def test_whatever_a_call_comes_to_is_told_once_after_its_last_attempt(driver: Driver, sdk: Sdk, status: int) -> None:
    sdk.send(sdk.call(1, Upstash_Retries="2"))
    for _ in range(3):
        assert [message.call_type for message in driver.deliver(status)] == ["toCallback"]
        driver.advance(200)
    (result,) = driver.deliver()
    assert result.call_type == "fromCallback"
    assert [told(result)[name] for name in ("status", "retried", "maxRetries")] == [status, 2, 2]
    assert driver.engine.dead_letters.page(Filter(), cursor=None, count=9).items == ()
    assert sdk.result(1).message_id, "the run goes on"


def test_a_call_whose_answer_was_lost_is_made_once(driver: Driver, sdk: Sdk) -> None:
    first, again = sdk.send(sdk.call(1)), sdk.send(sdk.call(1))
    assert (again.message_id, again.deduplicated) == (first.message_id, True)
    assert len(driver.deliver()) == 1
    driver.deliver()
    sdk.result(1)
    assert sdk.send(sdk.call(1)).deduplicated
    assert [message.call_type for message in driver.deliver()] == ["step"]


def test_the_result_of_a_call_is_dropped_with_its_run(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.call(1))
    (call,) = driver.claim()
    driver.engine.workflows.cancel("wfr_1")
    driver.answer(call, 200)
    assert driver.claim() == []


def test_a_workflow_that_cannot_take_the_result_fails(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.call(1))
    driver.deliver()
    driver.deliver(500)
    driver.advance(200)
    driver.deliver(500)
    (letter,) = driver.engine.dead_letters.page(Filter(), cursor=None, count=9).items
    assert letter.message.call_type == "fromCallback"
