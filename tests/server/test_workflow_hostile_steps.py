"""Steps as no SDK should write them: each is taken for what can be read of it, and the log of runs shows it."""

import json
from collections.abc import Iterator

import pytest

from qstash_integrations.server.app.lines import of_news
from qstash_integrations.server.model import Headline
from tests.server.driver import NOW
from tests.server.local import Local
from tests.server.workflow_sdk import WORKFLOW, Sdk

HUGE = b"1" + b"0" * 400
RUN = {"Upstash-Workflow-RunId": "wfr_1", "Upstash-Workflow-Url": WORKFLOW}
STEPS = {
    "brackets without end": b"[" * 100_000,
    "nested deeply": b'{"stepId":1,"out":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a sleep until no float": b'{"stepId":1,"stepType":"SleepUntil","sleepUntil":' + HUGE + b"}",
    "a sleep for no float": b'{"stepId":1,"stepType":"SleepFor","sleepFor":' + HUGE + b"}",
    "a sleep of more digits than Python reads": b'{"stepId":1,"stepType":"SleepFor","sleepFor":' + HUGE * 20 + b"}",
    "half a character in its name": b'{"stepId":1,"stepName":"\\ud83d","stepType":"Run"}',
    "half a character in its type": b'{"stepId":1,"stepName":"a","stepType":"\\ud83d"}',
}


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(now=NOW)
    Sdk(local).start()
    yield local
    local.engine.close()


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_step_is_taken_and_shown_whatever_is_in_it(local: Local, step: bytes) -> None:
    assert local("POST", f"/v2/publish/{WORKFLOW}", step, RUN).status == 201
    for shown in ("/v2/workflows/logs", "/v2/workflows/events", "/v2/workflows/runs/wfr_1"):
        assert local("GET", shown).status == 200


def test_a_call_of_a_step_without_end_is_told_of(local: Local) -> None:
    local.engine.news.listen()
    called = {
        **RUN,
        "Upstash-Workflow-CallType": "toCallback",
        "Upstash-Callback": WORKFLOW,
        "Upstash-Callback-Forward-Upstash-Workflow-StepId": "9" * 5000,
        "Upstash-Callback-Forward-Upstash-Workflow-StepName": "the price",
    }
    assert local("POST", "/v2/publish/https://api.example.com/", b"", called).status == 201
    (news,) = local.engine.news.take()
    assert isinstance(news, Headline)
    assert "call of step the price" in of_news(news, now=NOW, is_short=False).facts
    assert local("GET", "/v2/workflows/logs").status == 200


def test_an_invocation_of_a_run_that_no_clock_can_have_started_is_refused(local: Local) -> None:
    envelope = {
        "workflowRunId": "wfr_1",
        "workflowRunCreatedAt": 10**400,
        "workflowUrl": WORKFLOW,
        "step": {"stepId": 1},
    }
    headers = {**RUN, "Upstash-Workflow-Init": "true", "Upstash-Workflow-Invoke": "true"}
    got = local("POST", f"/v2/publish/{WORKFLOW}", json.dumps(envelope).encode(), headers)
    assert (got.status, "must name a run" in got.json["error"]) == (412, True)
