"""The official ``@upstash/workflow`` against the local server, unchanged: steps, groups, sleeps, calls, failures.

How often an endpoint is called is what the integration tests of the SDK expect of the hosted service.
"""

from typing import Any

import httpx
import pytest

from qstash_integrations.server.app import LocalServer
from tests.server.javascript_sdk.sdk import needs_javascript
from tests.server.javascript_workflow.app import App, AppError
from tests.waiting import wait_until

pytestmark = needs_javascript()


def until(app: App, run_id: str, state: str) -> Any:
    """The log of a run that has come to this."""
    wait_until(lambda: app.log(run_id)["workflowState"] == state)
    return app.log(run_id)


def post(server: LocalServer, target: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {server.token}", **options.pop("headers", {})}
    return httpx.post(f"{server.url}{target}", headers=headers, trust_env=False, **options).raise_for_status().json()


def test_a_run_goes_from_step_to_step(app: App) -> None:
    run_id = app.trigger("/steps", {"n": 1}, headers={"x-user": "joe"}, label="a")
    assert app.told() == {"payload": {"n": 1}, "user": "joe", "label": "a", "two": {"grüße": 4}}
    log = until(app, run_id, "RUN_SUCCESS")
    assert [step["stepName"] for group in log["steps"] for step in group["steps"]] == ["init", "one", "zwei für"]
    assert log["workflowRunResponse"] == '{"total":{"grüße":4}}'
    assert app.was_called("/steps", 3)


def test_a_run_is_started_once_under_an_id(app: App) -> None:
    first, second = (app.trigger("/steps", {"n": 1}, workflowRunId="once", delay="10s") for _ in range(2))
    assert first == second == "wfr_once"
    assert app("client.cancel({ids: ['wfr_once']})") == {"cancelled": 1}


def test_the_steps_of_a_group_run_side_by_side(app: App) -> None:
    run_id = app.trigger("/group")
    told = app.told()
    assert (told["a"], told["b"], told["took"] >= 1000) == (1, 1, True)
    log = until(app, run_id, "RUN_SUCCESS")
    assert [(group["type"], len(group["steps"])) for group in log["steps"]] == [
        ("sequential", 1), ("sequential", 1), ("parallel", 3), ("sequential", 1)
    ]  # fmt: skip
    # Its payload, the first and the last step, and for each of the group its plan and its result.
    assert app.was_called("/group", 9)


def test_a_large_group_goes_on_once(app: App) -> None:
    until(app, app.trigger("/many-steps", 30), "RUN_SUCCESS")
    assert app.told() == 435
    assert app.tells_nothing_more()
    assert app.was_called("/many-steps", 61)


def test_a_run_sleeps_and_never_too_short(app: App) -> None:
    app.trigger("/sleeping")
    told = app.told()
    assert told["late"] >= 0
    assert told["slept"] >= 1


def test_a_run_has_others_called(app: App) -> None:
    app.trigger("/calling")
    assert app.told() == {"found": [200, {"für": 1}, ["yes"]], "missing": [404, "nothing"]}
    assert all(app.was_called(*one) for one in (("/calling", 5), ("/target", 1), ("/missing", 2)))


def test_a_call_whose_body_is_no_text_fails_the_run_and_says_so(app: App) -> None:
    run_id = app.trigger("/calling-wrongly")
    log = until(app, run_id, "RUN_FAILED")
    (failed,) = log["steps"][-1]["steps"]
    assert "body must be a text" in failed["errors"][0]["body"]


def test_a_workflow_that_is_called_is_a_run_of_its_own(app: App) -> None:
    run_id = app.trigger("/calling-a-workflow")
    told = [app.told() for _ in range(2)]
    assert {"status": 200} in told
    assert {"n": 4} in [one.get("payload") for one in told]
    assert until(app, run_id, "RUN_SUCCESS")["workflowRunId"] == run_id


def test_payloads_and_outputs_may_be_large(app: App) -> None:
    app.trigger("/large", "x" * 3_000_000)
    assert app.told() == [3_000_000, 1_500_000]


def test_a_step_that_fails_is_tried_again(app: App) -> None:
    app.trigger("/retried", retries=2, retryDelay="1")
    assert app.told() == {"tries": 3, "retried": 2}
    assert app.was_called("/retried", 4)


def test_a_failure_is_told_to_the_failure_function(app: App) -> None:
    run_id = app.trigger("/failing", {"n": 1}, headers={"x-user": "joe"})
    assert app.told() == {
        "payload": {"n": 1},
        "user": "joe",
        "failStatus": 500,
        "failResponse": "broken 1",
        "stack": "string",
    }
    wait_until(lambda: app.log(run_id)["failureFunction"]["state"] == "CALLBACK_SUCCESS")
    log = app.log(run_id)
    assert log["failureFunction"]["responseBody"] == '{"result":"told"}'
    assert log["steps"][-1]["steps"][0]["stepName"] == "two"
    assert app.was_called("/failing", 3)


def test_a_failure_is_told_to_a_failure_url(app: App) -> None:
    app.trigger("/failing", {"n": 1}, failureUrl=f"{app.url}/told-elsewhere")
    told = app.told()["elsewhere"]
    assert (told["status"], told["sourceBody"]) == (500, "eyJuIjoxfQ==")


def test_what_is_over_a_quota_fails_the_run_at_once(app: App) -> None:
    app.trigger("/hopeless", retries=3)
    told = app.told()
    assert (told["failStatus"], "quota maxRetries exceeded" in told["failResponse"]) == (489, True)
    assert app.was_called("/hopeless", 2)


def test_a_run_may_cancel_itself(app: App) -> None:
    log = until(app, app.trigger("/cancelling"), "RUN_CANCELED")
    assert "dlqId" not in log
    assert app.was_called("/cancelling", 2)


def test_a_run_that_waits_may_be_cancelled(app: App) -> None:
    run_id = app.trigger("/waiting", "cancelled")
    wait_until(lambda: app("client.getWaiters({eventId: 'never-cancelled'})") != [])
    assert app("client.cancel({ids: [id]})", id=run_id) == {"cancelled": 1}
    assert app("client.getWaiters({eventId: 'never-cancelled'})") == []
    assert app("client.cancel({ids: [id]})", id=run_id) == {"cancelled": 0}


def test_flow_control_counts_for_all_of_a_run(app: App) -> None:
    for number in range(3):
        app.trigger("/limited", number, flowControl={"key": "one-at-a-time", "parallelism": 1})
    assert {app.told() for _ in range(3)} == {0, 1, 2}
    assert app("seen.most") == 1


@pytest.mark.parametrize("call", range(1, 8))
def test_an_answer_that_gets_lost_changes_nothing(app: App, call: int) -> None:
    """Whichever it is, of a step, a plan, a result, or the end."""
    app("(lost['/losing'] = call, null)", call=call)
    run_id = app.trigger("/losing", retries=3)
    assert app.told() == [1, 2, 3]
    until(app, run_id, "RUN_SUCCESS")


def test_a_run_is_started_by_a_request_to_its_endpoint(app: App, server: LocalServer) -> None:
    post(server, f"/v2/publish/{app.url}/steps", json={"n": 2}, headers={"Upstash-Forward-X-User": "ann"})
    told = app.told()
    assert (told["payload"], told["user"], told["two"]) == ({"n": 2}, "ann", {"grüße": 6})


def test_a_run_is_started_without_an_sdk(app: App, server: LocalServer) -> None:
    answer = post(server, f"/v2/trigger/{app.url}/steps", json={"n": 2}, headers={"Upstash-Forward-X-User": "ann"})
    assert app.told()["user"] == "ann"
    until(app, answer["workflowRunId"], "RUN_SUCCESS")
    assert app.was_called("/steps", 3)


def test_a_run_is_started_once_more_where_the_sdk_is_unknown(app: App, server: LocalServer) -> None:
    headers = {"Upstash-Workflow-Unknown-Sdk": "true", "Upstash-Forward-X-User": "ann", "Upstash-Label": "b"}
    answer = post(server, f"/v2/trigger/{app.url}/steps", json={"n": 2}, headers=headers)
    told = app.told()
    assert (told["payload"], told["user"], told["label"]) == ({"n": 2}, "ann", "b")
    log = until(app, answer["workflowRunId"], "RUN_SUCCESS")
    assert log["workflowRunCreatedAt"] == answer["workflowCreatedAt"]
    assert app.was_called("/steps", 4)


def test_an_endpoint_that_is_no_workflow_fails_the_run(app: App) -> None:
    run_id = app.trigger("/plain", retries=3)
    log = until(app, run_id, "RUN_FAILED")
    (step,) = log["steps"][1]["steps"]
    assert step["errors"][0]["error"].startswith("detected a non-workflow destination")
    assert step["errors"][0]["body"] == "hello"


def test_a_step_is_refused_with_the_name_of_what_is_wrong(app: App) -> None:
    with pytest.raises(AppError, match="invalid workflow url"):
        app("client.trigger({url: 'ftp://app.example.com'})")
