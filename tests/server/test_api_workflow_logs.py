"""The log of Workflow runs, of which the tests write the tables themselves."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations.server import identifiers
from qstash_integrations.server.model import (
    CallbackOptions,
    CallType,
    Draft,
    Invoker,
    Options,
    Redaction,
    RunSettings,
    Step,
    Waiter,
)
from tests.server.local import Local
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers
from tests.signing import NOW

URL = "https://app.example.com/workflow"
HEADERS = (("Content-Type", "application/json"), ("X-User", "joe"))


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


class Writer:
    """Writes one run and what is sent for it."""

    def __init__(self, local: Local, run_id: str = "wfr_a", *, invoker: Invoker | None = None, **options: Any) -> None:
        self.local = local
        self.options = Options(headers=HEADERS, retries=1, **options)
        self.run = local.store.runs.add(
            run_id,
            URL,
            RunSettings(options=self.options),
            local.now,
            caller_ip="203.0.113.9",
            flow_key=None,
            invoker=invoker,
        )

    def accept(self, body: bytes, call_type: CallType = "step", *, delay: float = 0, **options: Any) -> str:
        message_id = identifiers.message_id()
        entry = None
        if call_type == "step":
            facts = json.loads(body) if body.startswith(b'{"step') else {}
            step = Step(id=facts.get("stepId"), target=facts.get("targetStep"))
            entry = self.local.store.runs.append(self.run.seq, message_id, call_type, step, body, self.local.now)
        draft = Draft(
            id=message_id,
            url=URL,
            body=body,
            options=Options(**{"headers": HEADERS, "retries": 1, "redaction": self.options.redaction, **options}),
            created_at=self.local.now,
            due_at=self.local.now + delay,
            run=self.run.seq,
            call_type=call_type,
            entry=entry,
        )
        self.local.store.log.add(
            self.local.store.messages.add(draft, "waiting", None, "app.example.com:443"), "CREATED", self.local.now
        )
        return message_id

    def result(self, number: int, kind: str = "Run", *, delay: float = 0, **more: Any) -> str:
        step = {"stepId": number, "stepName": f"step {number}", "stepType": kind, "concurrent": 1, **more}
        return self.accept(json.dumps(step).encode(), delay=delay)


def log(local: Local, query: str = "") -> list[dict[str, Any]]:
    status, answer = local("GET", f"/v2/workflows/logs{query}")
    assert status == 200, answer
    return list(answer["runs"])


def steps(local: Local) -> list[dict[str, Any]]:
    """All of the one run, the groups undone."""
    (run,) = log(local)
    return [step for group in run["steps"] for step in group["steps"]]


def test_a_run_shows_its_steps_and_what_is_next(local: Local) -> None:
    writer = Writer(local, labels=("a", "b"))
    first = writer.accept(b'{"n":1}')
    local.deliver()
    second = writer.result(1, out='"two"')
    local.deliver(500, b"broken", X_Why="because")

    (run,) = log(local)
    assert run["steps"][-1]["steps"][0].pop("nextDeliveryTime") > NOW * 1000
    assert [run] == [
        {
            "workflowRunId": "wfr_a",
            "workflowUrl": URL,
            "workflowState": "RUN_STARTED",
            "workflowRunCreatedAt": NOW * 1000,
            "workflowRunCallerIp": "203.0.113.9",
            "label": "a",
            "labels": ["a", "b"],
            "steps": [
                {
                    "type": "sequential",
                    "steps": [
                        {
                            "stepName": "init",
                            "stepType": "Initial",
                            "callType": "step",
                            "messageId": first,
                            "concurrent": 1,
                            "state": "STEP_SUCCESS",
                            "createdAt": NOW * 1000,
                            "retries": 1,
                            "out": '{"n":1}',
                            "headers": {"Content-Type": ["application/json"], "X-User": ["joe"]},
                        }
                    ],
                },
                {
                    "type": "sequential",
                    "steps": [
                        {
                            "stepId": 1,
                            "stepName": "step 1",
                            "stepType": "Run",
                            "callType": "step",
                            "messageId": second,
                            "concurrent": 1,
                            "state": "STEP_SUCCESS",
                            "createdAt": NOW * 1000,
                            "retries": 1,
                            "out": '"two"',
                        }
                    ],
                },
                {
                    "type": "next",
                    "steps": [
                        {
                            "messageId": second,
                            "state": "STEP_RETRY",
                            "retries": 1,
                            "errors": [
                                {
                                    "error": "the destination answered 500",
                                    "status": 500,
                                    "body": "broken",
                                    "headers": {"X-Why": ["because"]},
                                    "time": NOW * 1000,
                                }
                            ],
                        }
                    ],
                },
            ],
        }
    ]


def test_a_step_that_could_not_be_executed_is_named(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    local.deliver(500, b"broken", Upstash_Error_Step_Name="f\xc3\xbcr two")
    assert log(local)[0]["steps"][1]["steps"][0]["stepName"] == "für two"


def test_a_run_that_is_over_shows_when_and_what_it_returned(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    local.deliver()
    local.store.runs.end(writer.run.seq, "RUN_SUCCESS", NOW + 2, b'{"total":3}')
    (run,) = log(local, "?state=RUN_SUCCESS")
    assert (run["workflowRunCompletedAt"], run["workflowRunResponse"]) == ((NOW + 2) * 1000, '{"total":3}')


def test_a_sleep_shows_how_long_and_until_when(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    writer.result(1, "SleepFor", sleepFor="10m", delay=600)
    writer.result(2, "SleepUntil", sleepUntil=NOW + 0.338, delay=1)
    _, for_long, until = steps(local)
    assert (for_long["sleepFor"], for_long["state"], for_long["nextDeliveryTime"]) == (
        "10m",
        "STEP_PROGRESS",
        (NOW + 600) * 1000,
    )
    assert until["sleepUntil"] == NOW * 1000 + 338


def test_a_call_shows_the_request_and_the_answer(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    local.deliver()
    back = (("Upstash-Workflow-StepId", "1"), ("Upstash-Workflow-StepName", "step 1"))
    callback = CallbackOptions(url=URL, headers=back)
    writer.accept(b"ask", "toCallback", callback=callback, method="PUT", headers=(("X-Key", "k"),))
    asking = steps(local)[1]
    assert (asking["state"], asking["stepType"], asking["callType"]) == ("STEP_PROGRESS", "Call", "toCallback")
    assert asking["callUrl"] == URL
    assert (asking["callMethod"], asking["callBody"], asking["callHeaders"]) == ("PUT", "ask", {"X-Key": ["k"]})

    writer.result(1, "Call", out=json.dumps({"status": 201, "body": "yes", "header": {"X-A": ["1"]}}))
    answered = steps(local)[1]
    assert (answered["state"], answered["callUrl"], answered["callBody"]) == ("STEP_SUCCESS", URL, "ask")
    assert answered["callResponseStatus"] == 201
    assert (answered["callResponseBody"], answered["callResponseHeaders"]) == ("yes", {"X-A": ["1"]})


def test_a_wait_shows_its_event_and_then_what_came(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    local.deliver()
    step = {"stepId": 1, "stepName": "step 1", "stepType": "Wait", "concurrent": 1}
    local.store.waiters.add(
        Waiter(
            run=writer.run.seq,
            step_id=1,
            event_id="paid",
            url=URL,
            timeout="5s",
            deadline_at=NOW + 5,
            step=json.dumps(step),
        )
    )
    waiting = steps(local)[1]
    assert (waiting["state"], waiting["waitEventId"]) == ("STEP_PROGRESS", "paid")
    assert (waiting["waitTimeoutDuration"], waiting["waitTimeoutDeadline"]) == ("5s", (NOW + 5) * 1000)

    came = b64encode("f\xfcnf".encode()).decode()
    writer.result(1, "Wait", waitEventId="paid", timeout="5s", waitTimeout=False, out=came)
    over = steps(local)[1]
    assert (over["state"], over["out"], over["waitTimeout"]) == ("STEP_SUCCESS", "f\xfcnf", False)


def test_an_invoked_run_is_shown_with_the_step_that_started_it(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"")
    local.deliver()
    step = {"stepId": 1, "stepName": "step 1", "stepType": "Invoke", "concurrent": 1}
    invoker = Invoker(run_id="wfr_a", created_at=writer.run.created_at, url=URL, step=json.dumps(step))
    local.now += 1
    Writer(local, "wfr_child", invoker=invoker).accept(b"payload")
    child, parent = log(local)
    assert child["invoker"] == {
        "workflowRunId": "wfr_a",
        "workflowUrl": URL,
        "workflowRunCreatedAt": NOW * 1000,
    }
    (invoking,) = parent["steps"][1]["steps"]
    assert (invoking["stepType"], invoking["state"]) == ("Invoke", "STEP_PROGRESS")
    assert (invoking["invokedWorkflowRunId"], invoking["invokedWorkflowUrl"]) == ("wfr_child", URL)
    assert invoking["invokedWorkflowCreatedAt"] == (NOW + 1) * 1000
    assert invoking["invokedWorkflowRunBody"] == "payload"
    assert invoking["invokedWorkflowRunHeaders"]["X-User"] == ["joe"]


def test_a_failure_function_is_shown_with_what_failed_and_what_it_answered(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"", retries=0)
    local.deliver(500, b"broken", X_Why="because")
    local.store.runs.end(writer.run.seq, "RUN_FAILED", NOW, None)
    message_id = writer.accept(b"{}", "failureCall")
    (before,) = log(local)
    assert before["failureFunction"]["state"] == "CALLBACK_INPROGRESS"
    local.deliver(200, b'{"result":"told"}')
    (run,) = log(local)
    assert run["failureFunction"] == {
        "messageId": message_id,
        "url": URL,
        "state": "CALLBACK_SUCCESS",
        "failStatus": 500,
        "failResponse": "broken",
        "failHeaders": {"X-Why": ["because"]},
        "maxRetries": 1,
        "dlqId": f"{NOW * 1000}-1",
        "responseStatus": 200,
        "responseBody": '{"result":"told"}',
        "responseHeaders": {},
    }


def test_what_a_run_hides_is_hidden_in_all_of_its_steps(local: Local) -> None:
    writer = Writer(local, redaction=Redaction(body=True, headers=("X-User",)))
    writer.accept(b"secret payload")
    local.deliver()
    writer.result(1, out='"secret out"')
    local.deliver()
    writer.accept(
        b"secret call",
        "toCallback",
        callback=CallbackOptions(url=URL, headers=(("Upstash-Workflow-StepId", "2"),)),
        headers=(("X-User", "secret header"),),
    )
    writer.result(2, "Call", out=json.dumps({"status": 200, "body": "secret answer", "header": {}}))
    local.store.runs.end(writer.run.seq, "RUN_SUCCESS", NOW, b"secret response")
    shown = json.dumps(log(local))
    assert "secret" not in shown
    assert "joe" not in shown
    assert shown.count("REDACTED:") == 8


def test_bodies_are_cut_to_the_bytes_that_are_wanted(local: Local) -> None:
    writer = Writer(local)
    writer.accept(b"payload")
    local.deliver(500, b"broken")
    (run,) = log(local, "?trimBody=2")
    assert run["steps"][0]["steps"][0]["out"] == "pa"
    assert run["steps"][1]["steps"][0]["errors"][0]["body"] == "br"


def test_runs_come_newest_first_and_in_pages(local: Local) -> None:
    for number in range(12):
        Writer(local, f"wfr_{number}").accept(b"")
    found: list[str] = []
    sizes: list[int] = []
    query = ""
    while True:
        answer = local("GET", f"/v2/workflows/events?groupBy=workflowRunId{query}").json
        found += [run["workflowRunId"] for run in answer["runs"]]
        sizes.append(len(answer["runs"]))
        if "cursor" not in answer:
            break
        query = f"&cursor={answer['cursor']}"
    assert found == [f"wfr_{number}" for number in reversed(range(12))]
    assert sizes == [10, 2]


def test_each_filter_finds_its_run(local: Local) -> None:
    Writer(local, "wfr_a", labels=("x",)).accept(b"")
    local.now += 1
    other = Writer(local, "wfr_b", labels=("y",))
    message_id = other.accept(b"")
    local.store.runs.end(other.run.seq, "RUN_CANCELED", local.now, None)
    second = (NOW + 1) * 1000
    for query in (
        "workflowRunId=wfr_b",
        f"workflowCreatedAt={second}",
        f"workflowRuns=wfr_b@{second},wfr_a@{second}",
        "state=RUN_CANCELED",
        "label=y",
        f"messageId={message_id}",
        f"fromDate={second}",
        f"workflowUrl={URL}&label=y&callerIp=203.0.113.9",
    ):
        assert [run["workflowRunId"] for run in log(local, f"?{query}")] == ["wfr_b"], query
    assert log(local, f"?workflowUrl={URL}/") == []
    assert [run["workflowRunId"] for run in log(local, f"?toDate={NOW * 1000}")] == ["wfr_a"]


@pytest.mark.parametrize(
    "query", ["groupBy=messageId", "state=STARTED", "count=0", "count=101", "cursor=next", "workflowId=a"]
)
def test_what_makes_no_sense_is_refused(local: Local, query: str) -> None:
    assert local("GET", f"/v2/workflows/logs?{query}").status == 400


def test_events_are_told_one_by_one_newest_first(local: Local) -> None:
    local.publish()  # another message, of no run
    local.deliver()
    sdk = Sdk(local)
    first = sdk.start(b"payload", Upstash_Label="a").message_id
    local.deliver()
    second = sdk.result(1, name="charge").message_id
    local.deliver(500, b"broken")
    local.engine.workflows.end("wfr_1", None)

    for path in ("events", "messageLogs"):
        events = local("GET", f"/v2/workflows/{path}").json["events"]
        assert [(event["state"], event.get("messageId")) for event in events] == [
            ("CANCELED", second),
            ("RUN_SUCCESS", None),
            ("RETRY", second),
            ("ERROR", second),
            ("ACTIVE", second),
            ("CREATED", second),
            ("DELIVERED", first),
            ("ACTIVE", first),
            ("CREATED", first),
            ("RUN_STARTED", None),
        ]
    assert {event["workflowRunId"] for event in events} == {"wfr_1"}
    assert {event["workflowCreatedAt"] for event in events} == {NOW * 1000}
    assert {event["label"] for event in events} == {"a"}
    (error,) = local("GET", "/v2/workflows/events?state=ERROR").json["events"]
    assert error["stepInfo"] == {
        "stepId": 1,
        "stepName": "charge",
        "stepType": "Run",
        "concurrent": 1,
        "callType": "step",
        "messageId": second,
    }
    assert (error["responseStatus"], error["workflowUrl"]) == (500, WORKFLOW)
    assert [event["state"] for event in local("GET", "/v2/workflows/events?state=RUN_SUCCESS").json["events"]] == [
        "RUN_SUCCESS"
    ]
    assert len(local("GET", f"/v2/workflows/events?messageId={first}").json["events"]) == 3
    assert local("GET", "/v2/workflows/events?workflowRunId=wfr_2").json == {"events": []}
    assert {event["state"] for event in local("GET", "/v2/events").json["events"]} == {
        "CREATED",
        "ACTIVE",
        "DELIVERED",
    }


def test_events_come_in_pages(local: Local) -> None:
    Sdk(local).start()
    local.deliver()
    seen: list[str] = []
    cursor = ""
    while True:
        answer = local("GET", f"/v2/workflows/events?count=1{cursor}").json
        seen += [event["state"] for event in answer["events"]]
        if "cursor" not in answer:
            break
        cursor = f"&cursor={answer['cursor']}"
    assert seen == ["DELIVERED", "ACTIVE", "CREATED", "RUN_STARTED"]


def test_what_a_run_hides_is_hidden_in_its_calls_and_what_they_bring_back(local: Local) -> None:
    sdk = Sdk(local)
    sdk.start(b"secret", Upstash_Redact_Fields="header[X-User]", **failure_headers())
    local.deliver()
    sdk.send(sdk.call(1, Upstash_Forward_X_User="secret"))
    local.deliver(200, b"open")
    local.deliver(489, b"", Upstash_NonRetryable_Error="true")
    events = local("GET", "/v2/workflows/events").json["events"]
    assert [event["body"] for event in events if event.get("stepInfo", {}).get("callType") == "fromCallback"]
    for event in events:
        assert event.get("header", {}).get("X-User", ["REDACTED:"])[0].startswith("REDACTED:")
        if event.get("stepInfo", {}).get("callType") in ("fromCallback", "failureCall"):
            assert b64decode(event["body"]).startswith(b"REDACTED:")
