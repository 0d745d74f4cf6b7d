"""Events, webhooks and runs within runs, with the official ``@upstash/workflow``."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qstash_integrations.server.app.credentials import DEV_TOKEN
from tests.server.crash import Killable
from tests.server.javascript_sdk.sdk import needs_javascript
from tests.server.javascript_workflow.app import App, running_app
from tests.waiting import wait_until

pytestmark = needs_javascript()


def waits_for(app: App, event_id: str) -> bool:
    return bool(app("client.getWaiters({eventId})", eventId=event_id))


def notify(app: App, event_id: str, data: object) -> list[str]:
    """The runs that were told."""
    told = app("client.notify({eventId, eventData})", eventId=event_id, eventData=data)
    return [one["workflowRunId"] for one in told]


def test_a_run_waits_for_events_and_no_longer_than_it_says(app: App) -> None:
    run_id = app.trigger("/waiting", "x")
    wait_until(lambda: waits_for(app, "text-x") and waits_for(app, "object-x"))
    assert notify(app, "text-x", "für") == [run_id]
    assert notify(app, "object-x", {"n": 1}) == [run_id]
    assert notify(app, "object-x", {"n": 2}) == []
    assert app.told() == {
        "late": {"timeout": True},
        "text": {"eventData": "für", "timeout": False},
        "object": {"eventData": {"n": 1}, "timeout": False},
        "notifyResponse": [],
    }


def test_an_event_may_come_before_the_run_waits_for_it(app: App) -> None:
    app.trigger("/early")
    assert app.told() == {"eventData": {"n": 1}, "timeout": False}


def test_a_workflow_tells_those_that_wait(app: App) -> None:
    run_id = app.trigger("/waiting", "y")
    wait_until(lambda: waits_for(app, "text-y") and waits_for(app, "object-y"))
    app.trigger("/telling", "y")
    assert app.told() == {"notified": [run_id, run_id]}
    assert app.told()["text"] == {"eventData": "told", "timeout": False}


def test_webhooks_keep_what_comes_early_and_serve_one_wait_after_the_other(app: App) -> None:
    app.trigger("/hooked")
    assert app.told() == {"first": ["PUT", True, "v", "für"], "second": "GET", "third": True}


def test_runs_start_others_and_hear_how_they_end(app: App) -> None:
    run_id = app.trigger("/many/parent", "p")
    told = [app.told() for _ in range(2)]
    assert {"failed": {"n": 3}} in told
    told.remove({"failed": {"n": 3}})
    assert told == [
        {
            "one": {
                "body": {"got": {"n": 1}, "label": "a", "depth": "joe"},
                "isCanceled": False,
                "isFailed": False,
            },
            "two": {"body": {"through": "x"}, "isCanceled": False, "isFailed": False},
            "three": {"isCanceled": False, "isFailed": True},
            "four": {"isCanceled": True, "isFailed": False},
        }
    ]
    wait_until(lambda: app.log(run_id)["workflowState"] == "RUN_SUCCESS")
    (step,) = app.log(run_id)["steps"][1]["steps"]
    assert (step["stepType"], step["state"]) == ("Invoke", "STEP_SUCCESS")
    child = app.log(step["invokedWorkflowRunId"])
    assert (child["workflowRunId"], child["workflowState"]) == ("wfr_one-p", "RUN_SUCCESS")
    assert child["invoker"]["workflowRunId"] == run_id


def test_a_run_that_fails_leaves_alone_what_it_has_started(app: App) -> None:
    run_id = app.trigger("/many/failing-parent", {"id": "z"})
    wait_until(lambda: app.log(run_id)["workflowState"] == "RUN_FAILED")
    wait_until(lambda: waits_for(app, "go-z"))
    assert len(notify(app, "go-z", None)) == 1

    def ended() -> bool:
        invoking, _, late = app.log(run_id)["steps"][1]["steps"]
        return {invoking["state"], late["state"]} == {"STEP_SUCCESS"}

    wait_until(ended)
    invoking, failing, late = app.log(run_id)["steps"][1]["steps"]
    assert app.log(invoking["invokedWorkflowRunId"])["workflowState"] == "RUN_SUCCESS"
    assert (failing["state"], failing["errors"][0]["status"]) == ("STEP_FAILED", 489)
    assert late["out"] == '"late"'
    # Its payload, three plans, and the failure function: results that come later are not delivered.
    assert app.was_called("/many/failing-parent", 5)


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path / "qstash.db")
    yield server
    server.stop()


def test_what_is_waited_for_outlives_a_server_that_is_killed(home: Path, killable: Killable) -> None:
    environment = {"QSTASH_URL": killable.url, "QSTASH_TOKEN": DEV_TOKEN}
    with running_app(home, environment) as app:
        parent = app.trigger("/many/outliving", {"id": "k"})
        wait_until(lambda: waits_for(app, "go-k"))
        killable.kill()
        url = f"{killable.url}/v2/notify/go-k"
        httpx.post(url, headers={"Authorization": f"Bearer {DEV_TOKEN}"}, trust_env=False).raise_for_status()
        assert app.told() == {"outlived": {"body": "late", "isCanceled": False, "isFailed": False}}
        wait_until(lambda: app.log(parent)["workflowState"] == "RUN_SUCCESS")
