"""Steps that wait for an event: what releases them, when it is too late, and events that nobody waits for yet."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations.server.model import Limits, Message
from tests.server.driver import NOW
from tests.server.local import Local
from tests.server.workflow_sdk import WORKFLOW, Sdk, header_of, ids_of, list_of

SIX_MEGABYTES = b"x" * 6_000_000


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(now=NOW)
    yield local
    local.engine.close()


@pytest.fixture
def sdk(local: Local) -> Sdk:
    """Of a run that has started."""
    return started(local)


def started(local: Local, run_id: str = "wfr_1") -> Sdk:
    sdk = Sdk(local, run_id)
    sdk.start(Upstash_Forward_X_User="joe", Upstash_Retries="1")
    local.deliver()
    return sdk


def claim(local: Local) -> list[Message]:
    return local.engine.claiming.claim(100)


def result(message: Message) -> dict[str, Any]:
    """The step that a delivery was made for, what came as bytes."""
    step: dict[str, Any] = list_of(message)[-1]
    return {**step, "out": b64decode(step["out"], validate=True)} if "out" in step else step


def test_an_event_goes_on_with_all_runs_that_wait_for_it(local: Local, sdk: Sdk) -> None:
    other = started(local, "wfr_2")
    assert sdk.wait("paid").status == 200
    assert other.wait("paid", 3).status == 200
    assert claim(local) == []
    status, notified = local("POST", "/v2/notify/paid", "Grüße\n".encode())
    first, second = claim(local)
    assert status == 201
    assert [one["workflowRunId"] for one in notified] == ["wfr_1", "wfr_2"]
    assert [one["messageId"] for one in notified] == [first.id, second.id]
    assert {one["workflowCreatedAt"] for one in notified} == {NOW * 1000}
    assert result(first) == {
        "stepId": 1,
        "stepName": "step 1",
        "stepType": "Wait",
        "concurrent": 1,
        "waitEventId": "paid",
        "timeout": "5s",
        "waitTimeout": False,
        "out": "Grüße\n".encode(),
    }
    assert ids_of(second) == [3]
    assert local("POST", "/v2/notify/paid", b"again") == (201, [])


def test_what_a_wait_comes_to_is_delivered_with_what_the_run_keeps(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid")
    local("POST", "/v2/notify/paid")
    (message,) = claim(local)
    names = ("RunId", "Url", "Init", "Sdk-Version")
    assert [header_of(message, f"Upstash-Workflow-{name}") for name in names] == ["wfr_1", WORKFLOW, "false", "1"]
    assert (header_of(message, "X-User"), message.options.retries, message.url) == ("joe", 1, WORKFLOW)
    assert header_of(message, "Content-Type") == "application/json"


def test_a_wait_that_nothing_came_for_ends_at_its_deadline(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid", timeout="1m")
    assert local.engine.claiming.next_due_at() == NOW + 60
    local.now += 59.9
    assert claim(local) == []
    local.now += 0.1
    (message,) = claim(local)
    assert "out" not in list_of(message)[-1]
    assert (result(message)["waitTimeout"], result(message)["timeout"]) == (True, "1m")
    assert local.engine.claiming.next_due_at() is None


def notified(local: Local) -> None:
    assert len(local("POST", "/v2/notify/paid", b"yes").json) == 1


def late(local: Local) -> None:
    local.now += 5
    assert local.engine.claiming.claim(0) == []


@pytest.mark.parametrize(
    ("first", "then", "timed_out"),
    [
        (notified, lambda local: late(local), False),
        (late, lambda local: local("POST", "/v2/notify/paid", b"yes"), True),
        (late, lambda local: local("POST", "/v2/notify/wfr_1/paid", b"yes"), True),
    ],
)
def test_of_event_and_deadline_exactly_one_counts(
    local: Local, sdk: Sdk, first: Callable[[Local], object], then: Callable[[Local], object], timed_out: bool
) -> None:
    sdk.wait("paid")
    first(local)
    then(local)
    (message,) = claim(local)
    assert result(message)["waitTimeout"] is timed_out


def test_an_event_that_is_too_large_for_all_that_wait_releases_none() -> None:
    local = Local(now=NOW, limits=Limits(batch_bytes=4000))
    for run_id in ("wfr_1", "wfr_2"):
        Sdk(local, run_id).start()
        Sdk(local, run_id).wait("paid")
    refused = local("POST", "/v2/notify/paid", b"x" * 2000)
    assert (refused.status, "too large for 2 waiters" in refused.json["error"]) == (412, True)
    assert len(local("GET", "/v2/waiters/paid").json) == 2
    assert len(local("POST", "/v2/notify/wfr_1/paid", b"x" * 2000).json) == 1
    assert len(local("POST", "/v2/notify/paid", b"x" * 1000).json) == 1
    local.engine.close()


def test_a_number_counts_seconds_and_without_one_a_wait_takes_a_week(local: Local, sdk: Sdk) -> None:
    sdk.wait("soon", 1, timeout=90)
    sdk.wait("some day", 2, timeout="")
    deadlines = [local("GET", f"/v2/waiters/{event}").json[0]["deadline"] for event in ("soon", "some%20day")]
    assert deadlines == [NOW + 90, NOW + 7 * 86_400]


def test_who_waits_is_told(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid")
    ((waiter,),) = [local("GET", "/v2/waiters/paid").json]
    assert (waiter["url"], waiter["timeoutUrl"], waiter["deadline"]) == (WORKFLOW, WORKFLOW, NOW + 5)
    assert waiter["headers"]["Upstash-Workflow-RunId"] == ["wfr_1"]
    assert json.loads(waiter["timeoutBody"])["waitTimeout"] is True
    assert local("GET", "/v2/waiters/another") == (200, [])


def test_an_event_of_one_run_leaves_the_others_waiting(local: Local, sdk: Sdk) -> None:
    other = started(local, "wfr_2")
    sdk.wait("paid")
    other.wait("paid")
    (told,) = local("POST", "/v2/notify/wfr_2/paid", b"yes").json
    assert told["workflowRunId"] == "wfr_2"
    assert [header_of(message, "Upstash-Workflow-RunId") for message in claim(local)] == ["wfr_2"]
    assert len(local("GET", "/v2/waiters/paid").json) == 1


def test_an_event_of_one_run_may_come_before_the_wait(local: Local, sdk: Sdk) -> None:
    assert local("POST", "/v2/notify/wfr_1/paid", b"early") == (201, [])
    assert local("POST", "/v2/notify/wfr_1/paid", b"later") == (201, [])
    assert sdk.wait("paid").status == 200
    (message,) = claim(local)
    assert (result(message)["out"], result(message)["waitTimeout"]) == (b"early", False)
    sdk.wait("paid", 2)
    (message,) = claim(local)
    assert result(message)["out"] == b"later"
    sdk.wait("paid", 3)
    assert claim(local) == []


def test_an_event_id_may_contain_slashes(local: Local, sdk: Sdk) -> None:
    sdk.wait("orders/7")
    assert len(local("POST", "/v2/notify/orders/7", b"yes").json) == 1
    sdk.wait("orders/7", 2)
    assert len(local("POST", "/v2/notify/wfr_1/orders/7", b"yes").json) == 1


def test_a_wait_whose_answer_was_lost_counts_once(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid")
    assert sdk.wait("paid").status == 200
    assert len(local("POST", "/v2/notify/paid", b"yes").json) == 1
    local("POST", "/v2/notify/wfr_1/paid", b"kept")
    assert sdk.wait("paid").status == 200
    assert len(claim(local)) == 1


@pytest.mark.parametrize("ended", ["cancel=true", "cancel=false"])
def test_a_run_that_is_over_waits_for_nothing(local: Local, sdk: Sdk, ended: str) -> None:
    sdk.wait("paid")
    local("POST", "/v2/notify/wfr_1/other", b"kept")
    assert local("DELETE", f"/v2/workflows/runs/wfr_1?{ended}").status == 200
    assert local("GET", "/v2/waiters/paid").json == []
    assert local("POST", "/v2/notify/paid", b"yes").json == []
    assert local("POST", "/v2/notify/wfr_1/paid", b"yes").json == []
    assert sdk.wait("other").status == 400
    local.now += 5
    assert claim(local) == []
    assert local.engine.claiming.next_due_at() is None


def test_a_run_that_failed_waits_for_nothing(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid")
    sdk.result(2)
    local.deliver(489, Upstash_NonRetryable_Error="true")
    assert local("GET", "/v2/waiters/paid").json == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"timeout": "soon"}, "invalid timeout"),
        ({"timeout": "4000d"}, "invalid timeout"),
        ({"timeout": "1s" * 1_000_000}, "invalid timeout"),
        ({"step": {"stepId": 1, "x": "x" * 100_000}}, "invalid step"),
        ({"step": None}, "invalid step"),
        ({"step": {"stepId": 0}}, "invalid stepId"),
        ({"url": "ftp://app.example.com"}, "invalid workflow url"),
        ({"timeoutHeaders": []}, "invalid timeoutHeaders"),
        ({"timeoutHeaders": {"Upstash-Retries": ["many"]}}, "invalid Upstash-Retries"),
    ],
)
def test_what_is_wrong_with_a_wait_is_not_taken_for_the_end_of_its_run(
    local: Local, sdk: Sdk, change: dict[str, Any], text: str
) -> None:
    body = {"url": WORKFLOW, "step": {"stepId": 1}, "timeoutHeaders": {}, **change}
    status, answer = local("POST", "/v2/wait/paid", body, {"Upstash-Workflow-RunId": sdk.run_id})
    assert (status, text in answer["error"]) == (412, True)


def test_only_so_many_steps_of_a_run_wait_at_once() -> None:
    local = Local(limits=Limits(waits=2), now=NOW)
    sdk, other = started(local), started(local, "wfr_2")
    assert [sdk.wait("paid", step_id).status for step_id in (1, 2, 2, 3)] == [200, 200, 200, 412]
    assert other.wait("paid").status == 200
    local.engine.close()


def test_only_so_many_events_are_kept_for_a_run() -> None:
    local = Local(limits=Limits(kept_events=2), now=NOW)
    started(local)
    sent = [local("POST", "/v2/notify/wfr_1/paid", b"early").status for _ in range(3)]
    assert sent == [201, 201, 429]
    local.engine.close()


def test_only_so_large_events_are_kept_for_a_run(local: Local, sdk: Sdk) -> None:
    sent = [local("POST", "/v2/notify/wfr_1/paid", SIX_MEGABYTES).status for _ in range(2)]
    assert sent == [201, 429]
    local("DELETE", "/v2/workflows/runs/wfr_1")
    assert local.store.disposal.ended_runs().bytes < 1000


def test_what_waits_and_what_came_early_outlive_the_server(tmp_path: Path) -> None:
    file = tmp_path / "qstash.db"
    local = Local(file=file, now=NOW)
    sdk = started(local)
    sdk.wait("paid")
    local("POST", "/v2/notify/wfr_1/shipped", b"early")
    local.engine.close()
    local = Local(file=file, now=NOW + 5)
    (timed_out,) = claim(local)
    Sdk(local).wait("shipped", 2)
    (early,) = claim(local)
    assert (result(timed_out)["waitTimeout"], result(early)["out"]) == (True, b"early")
    local.engine.close()


def test_the_log_shows_what_a_step_waits_for_and_what_came(local: Local, sdk: Sdk) -> None:
    sdk.wait("paid")
    ((waiting,),) = [group["steps"] for group in shown(local) if group["steps"][0].get("stepId")]
    assert (waiting["stepType"], waiting["state"], waiting["waitEventId"]) == ("Wait", "STEP_PROGRESS", "paid")
    assert waiting["waitTimeoutDeadline"] == (NOW + 5) * 1000
    local("POST", "/v2/notify/paid", b"yes")
    ((over,),) = [group["steps"] for group in shown(local) if group["steps"][0].get("stepId")]
    assert (over["state"], over["out"], over["waitTimeout"]) == ("STEP_SUCCESS", "yes", False)


def shown(local: Local) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = local("GET", "/v2/workflows/logs").json["runs"][0]["steps"]
    return groups
