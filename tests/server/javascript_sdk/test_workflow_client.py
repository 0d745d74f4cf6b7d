"""``client.logs`` and ``client.dlq`` of the official Workflow SDK, on runs whose endpoint fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations.server.app import LocalServer
from tests.server.destination import destination
from tests.server.javascript_sdk.sdk import JavaScript, install, javascript, needs_javascript
from tests.server.javascript_workflow.app import WORKFLOW
from tests.waiting import wait_until

pytestmark = needs_javascript()
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nX-Why: because\r\nContent-Length: 6\r\n\r\nbroken"
CLIENT = "(globalThis.wf = new (await import('@upstash/workflow')).Client(options), null)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("workflow")
    install(home, WORKFLOW)
    return home


@pytest.fixture
def broken() -> Iterator[str]:
    """The URL of an endpoint that answers 500 to everything."""
    with destination(BROKEN) as there:
        yield f"{there.url}/workflow"


@pytest.fixture
def js(home: Path, server: LocalServer) -> Iterator[JavaScript]:
    options = {"baseUrl": server.url, "token": server.token, "retry": False}
    keys = {"currentSigningKey": server.keys.current, "nextSigningKey": server.keys.next}
    with javascript(home, options, keys) as js:
        js(CLIENT, options=options)
        yield js


def failed(js: JavaScript, url: str, run_id: str) -> dict[str, Any]:
    """The dead letter of a run, once its failure function has failed as well."""
    request = {"url": url, "body": {"n": 1}, "retries": 0, "label": "a", "workflowRunId": run_id}
    js("wf.trigger(request)", request=request)
    found: list[dict[str, Any]] = []

    def is_over() -> bool:
        filters = {"workflowRunId": f"wfr_{run_id}"}
        found[:] = js("wf.dlq.list({filter})", filter=filters)["messages"]
        return [letter["failureCallbackInfo"]["state"] for letter in found] == ["CALLBACK_FAIL"]

    wait_until(is_over)
    return found[0]


def test_the_client_reads_the_log_of_a_run(js: JavaScript, broken: str) -> None:
    letter = failed(js, broken, "log")
    (run,) = js("wf.logs({workflowRunId: 'wfr_log'})")["runs"]
    assert (run["workflowRunId"], run["workflowState"], run["workflowUrl"]) == ("wfr_log", "RUN_FAILED", broken)
    assert (run["dlqId"], run["label"]) == (letter["dlqId"], "a")
    start, failing = run["steps"]
    assert (start["type"], start["steps"][0]["stepName"], start["steps"][0]["out"]) == ("sequential", "init", '{"n":1}')
    (step,) = failing["steps"]
    assert (failing["type"], step["state"]) == ("next", "STEP_FAILED")
    (error,) = step["errors"]
    assert (error["status"], error["body"], error["headers"]["X-Why"]) == (500, "broken", ["because"])
    function = run["failureFunction"]
    assert (function["state"], function["failStatus"], function["responseBody"]) == ("CALLBACK_FAIL", 500, "broken")


def test_the_client_repeats_and_deletes_failed_runs(js: JavaScript, broken: str) -> None:
    first, second, third = (failed(js, broken, name)["dlqId"] for name in ("a", "b", "c"))
    told = js("wf.dlq.retryFailureFunction({dlqId})", dlqId=first)
    assert told["workflowRunId"] == "wfr_a"
    (resumed,) = js("wf.dlq.resume([dlqId], {retries: 0})", dlqId=second)["workflowRuns"]
    (restarted,) = js("wf.dlq.restart([dlqId])", dlqId=third)["workflowRuns"]
    assert {type(run["workflowCreatedAt"]) for run in (resumed, restarted)} == {int}
    assert len({resumed["workflowRunId"], restarted["workflowRunId"], "wfr_b", "wfr_c"}) == 4
    assert js("wf.dlq.delete([dlqId])", dlqId=first)["deleted"] == 1
    assert js("wf.dlq.list({filter: {workflowRunId: 'wfr_a'}})")["messages"] == []
    assert js("client.dlq.listMessages()")["messages"] == []
