"""Dead letters of Workflow runs."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.local import Got, Local
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers
from tests.signing import NOW

LIST = "/v2/dlq?source=workflow"


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def fail(local: Local, run_id: str = "wfr_1", **headers: str) -> str:
    """The DLQ id of a run whose first delivery failed."""
    Sdk(local, run_id).start(b'{"n":7}', Upstash_Retries="0", Upstash_Forward_X_User="joe", **headers)
    local.deliver(500, b"broken", X_Why="because")
    (letter,) = letters(local, f"&workflowRunId={run_id}")
    return str(letter["dlqId"])


def letters(local: Local, query: str = "") -> list[dict[str, Any]]:
    status, answer = local("GET", LIST + query)
    assert status == 200, answer
    return list(answer["messages"])


def test_a_dead_letter_shows_its_run_as_it_was_started(local: Local) -> None:
    dlq_id = fail(local, Upstash_Label="a,b")
    (letter,) = letters(local)
    assert letter.pop("messageId").startswith("msg_")
    header = letter.pop("header")
    assert (header["X-User"], header["Content-Type"]) == (["joe"], ["application/json"])
    assert letter == {
        "dlqId": dlq_id,
        "url": WORKFLOW,
        "method": "POST",
        "body": '{"n":7}',
        "maxRetries": 0,
        "notBefore": NOW * 1000,
        "createdAt": NOW * 1000,
        "callerIP": "203.0.113.9",
        "label": "a",
        "labels": ["a", "b"],
        "responseStatus": 500,
        "responseHeader": {"X-Why": ["because"]},
        "responseBody": "broken",
        "workflowRunId": "wfr_1",
        "workflowCreatedAt": NOW * 1000,
        "workflowUrl": WORKFLOW,
    }
    assert local("GET", "/v2/workflows/dlq").json["messages"] == letters(local)
    assert local("GET", f"/v2/workflows/dlq/{dlq_id}") == Got(200, letters(local)[0])
    assert local("GET", "/v2/dlq").json == {"messages": []}


def test_a_dead_letter_shows_what_became_of_the_failure_function(local: Local) -> None:
    fail(local, Upstash_Failure_Callback_Retries="2", **failure_headers())
    local.deliver(500, b"no", X_A="1")
    for name in ("failureFunctionState", "failureCallbackState"):
        (letter,) = letters(local, f"&{name}=CALLBACK_INPROGRESS")
        assert letter["failureFunctionState"] == "CALLBACK_INPROGRESS"
    local.now += 60 * 60 * 24
    local.deliver(489, b"no more", Upstash_NonRetryable_Error="true")
    (letter,) = letters(local, "&failureFunctionState=CALLBACK_FAIL")
    assert letter["failureCallback"] == WORKFLOW
    assert letter["failureCallbackInfo"] == {
        "state": "CALLBACK_FAIL",
        "responseStatus": 489,
        "responseBody": "no more",
        "responseHeaders": {"Upstash-NonRetryable-Error": ["true"]},
    }


def test_what_a_run_hides_is_hidden_in_its_dead_letter(local: Local) -> None:
    fail(local, Upstash_Redact_Fields="body,header[X-User]")
    (letter,) = letters(local)
    assert letter["body"].startswith("REDACTED:")
    assert letter["header"]["X-User"][0].startswith("REDACTED:")
    # Another run of it hides the same, and carries the original.
    local("POST", f"/v2/workflows/dlq/restart/{letter['dlqId']}")
    message = local.deliver(500)
    assert b"REDACTED" not in message.body
    (again,) = letters(local)
    assert again["body"] == letter["body"]


def test_each_filter_finds_its_dead_letter(local: Local) -> None:
    first = fail(local)
    local.now += 1
    second = fail(local, "wfr_2", Upstash_Label="x")
    at = (NOW + 1) * 1000
    for query in (
        "&workflowRunId=wfr_2",
        f"&workflowCreatedAt={at}",
        "&label=x",
        f"&fromDate={at}",
        f"&dlqIds={second}",
        f"&workflowUrl={WORKFLOW}&label=x",
        f"&url={WORKFLOW}&label=x&responseStatus=500",
        "&order=latestFirst&count=1",
    ):
        assert [letter["dlqId"] for letter in letters(local, query)] == [second], query
    assert [letter["dlqId"] for letter in letters(local)] == [first, second]
    assert letters(local, "&workflowUrl=https://b.example") == []


def test_one_can_be_repeated_and_is_a_dead_letter_no_more(local: Local) -> None:
    for verb in ("restart", "resume"):
        dlq_id = fail(local)
        status, answer = local("POST", f"/v2/workflows/dlq/{verb}/{dlq_id}")
        assert (status, set(answer)) == (200, {"workflowRunId", "workflowCreatedAt"})
        assert answer["workflowCreatedAt"] == NOW * 1000
        assert letters(local) == []
        assert local("POST", f"/v2/workflows/dlq/{verb}/{dlq_id}").status == 404
        local.deliver()


def test_many_can_be_repeated_by_ids_or_filters(local: Local) -> None:
    first, second, third = (fail(local, f"wfr_{number}") for number in range(3))
    status, answer = local("POST", f"/v2/workflows/dlq/resume?dlqIds={first}&dlqIds={second}")
    assert (status, answer["cursor"], len(answer["workflowRuns"])) == (200, "", 2)
    assert local("POST", f"/v2/workflows/dlq/restart?dlqIds={third},{first}").status == 404
    status, answer = local("POST", f"/v2/workflows/dlq/restart?workflowUrl={WORKFLOW}&count=100")
    assert (status, len(answer["workflowRuns"])) == (200, 1)
    assert letters(local) == []


def test_dead_letters_can_be_deleted(local: Local) -> None:
    plain = local.publish(Retries="0")
    local.deliver(500)
    first, second, third = (fail(local, f"wfr_{number}") for number in range(3))
    assert local("DELETE", f"/v2/workflows/dlq/{first}").status == 200
    assert local("DELETE", f"/v2/workflows/dlq/{first}").status == 404
    assert local("DELETE", f"/v2/workflows/dlq?dlqIds={second}").json == {"deleted": 1}
    assert local("DELETE", "/v2/dlq").json == {"deleted": 1}
    assert [letter["dlqId"] for letter in letters(local)] == [third]
    assert local("DELETE", "/v2/workflows/dlq").json == {"deleted": 1}
    assert plain not in str(local("GET", "/v2/dlq").json)


def test_a_failure_function_is_called_again_when_it_failed(local: Local) -> None:
    dlq_id = fail(local, **failure_headers())
    assert local("POST", f"/v2/workflows/dlq/callback/{dlq_id}").status == 400
    local.deliver(489, b"", Upstash_NonRetryable_Error="true")
    status, answer = local("POST", f"/v2/workflows/dlq/callback/{dlq_id}")
    assert (status, answer) == (200, {"workflowRunId": "wfr_1", "workflowCreatedAt": NOW * 1000})
    assert local("DELETE", f"/v2/workflows/dlq/callback/{dlq_id}").status == 200
    assert local("DELETE", f"/v2/workflows/dlq/callback/{dlq_id}").status == 400
    assert local("POST", "/v2/workflows/dlq/callback/1-9").status == 404


@pytest.mark.parametrize("query", ["&state=RUN_FAILED", "&workflowCreatedAt=soon", "&count=101", "&order=first"])
def test_what_makes_no_sense_is_refused(local: Local, query: str) -> None:
    assert local("GET", LIST + query).status == 400


def test_a_message_of_a_run_is_not_published_by_itself(local: Local) -> None:
    dlq_id = fail(local)
    message_id = letters(local)[0]["messageId"]
    assert local("POST", f"/_local/messages/{message_id}/replay").status == 400
    assert local("POST", f"/v2/dlq/retry/{dlq_id}").status == 400
