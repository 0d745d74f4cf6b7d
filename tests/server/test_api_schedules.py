"""Schedules."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import NOW

MINUTE = 60 * 1000
CRON = {"Upstash-Cron": "*/10 * * * *"}


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_a_schedule_shows_everything_that_was_asked_for(local: Local) -> None:
    got = local(
        "POST",
        f"/v2/schedules/{URL}?x=1",
        b'{"full":true}',
        {
            "Upstash-Cron": " */10 * * * * ",
            "Upstash-Schedule-Id": "nightly",
            "Upstash-Method": "PUT",
            "Upstash-Forward-Test-Header": "test-value",
            "Content-Type": "application/json",
            "Upstash-Retries": "5",
            "Upstash-Retry-Delay": "7000 * retried",
            "Upstash-Delay": "10s",
            "Upstash-Timeout": "30",
            "Upstash-Queue-Name": "mail",
            "Upstash-Callback": "https://a.example/cb",
            "Upstash-Label": "a,b",
            "Upstash-Flow-Control-Key": "crm",
            "Upstash-Flow-Control-Value": "parallelism=2",
        },
    )
    assert got == Got(200, {"scheduleId": "nightly"})
    schedule = {
        "scheduleId": "nightly",
        "destination": f"{URL}?x=1",
        "cron": "*/10 * * * *",
        "createdAt": NOW * 1000,
        "method": "PUT",
        "header": {"Test-Header": ["test-value"], "Content-Type": ["application/json"]},
        "body": '{"full":true}',
        "retries": 5,
        "retryDelayExpression": "7000 * retried",
        "delay": 10,
        "timeout": 30,
        "queueName": "mail",
        "callback": "https://a.example/cb",
        "label": "a",
        "labels": ["a", "b"],
        "flowControlKey": "crm",
        "parallelism": 2,
        "period": 1,
        "isPaused": False,
        "callerIP": "127.0.0.1",
        "nextScheduleTime": NOW * 1000 + 10 * MINUTE,
    }
    assert local("GET", "/v2/schedules/nightly") == Got(200, schedule)
    assert local("GET", "/v2/schedules") == Got(200, [schedule])


def test_a_plain_schedule_shows_what_sdks_require(local: Local) -> None:
    schedule_id = local("POST", f"/v2/schedules/{URL}", b"", CRON).json["scheduleId"]
    assert schedule_id.startswith("scd_")
    assert local("GET", f"/v2/Schedules/{schedule_id}").json == {
        "scheduleId": schedule_id,
        "destination": URL,
        "cron": "*/10 * * * *",
        "createdAt": NOW * 1000,
        "method": "POST",
        "retries": 3,
        "isPaused": False,
        "callerIP": "127.0.0.1",
        "nextScheduleTime": NOW * 1000 + 10 * MINUTE,
    }


def test_an_id_that_exists_is_replaced_as_a_whole(local: Local) -> None:
    headers = {**CRON, "Upstash-Schedule-Id": "x"}
    local("POST", f"/v2/schedules/{URL}", b"body", {**headers, "Upstash-Label": "a"})
    local("POST", "/v2/schedules/https://b.example", b"", headers)
    (schedule,) = local("GET", "/v2/schedules").json
    assert schedule["destination"] == "https://b.example"
    assert not {"body", "label"} & set(schedule)


def test_a_tick_shows_in_the_states_of_the_schedule(local: Local) -> None:
    local("POST", f"/v2/schedules/{URL}", b"", {**CRON, "Upstash-Schedule-Id": "x"})
    local.now += 10 * 60
    assert local.engine.schedules.fire() == 1
    schedule = local("GET", "/v2/schedules/x").json
    (message_id,) = schedule["lastScheduleStates"]
    assert schedule["lastScheduleStates"] == {message_id: "IN_PROGRESS"}
    assert schedule["lastScheduleTime"] == NOW * 1000 + 10 * MINUTE
    assert schedule["nextScheduleTime"] == NOW * 1000 + 20 * MINUTE
    assert local.deliver(200).schedule_id == "x"
    assert local("GET", "/v2/schedules/x").json["lastScheduleStates"] == {message_id: "SUCCESS"}


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_schedule_is_paused_and_resumed(local: Local, method: str) -> None:
    local("POST", f"/v2/schedules/{URL}", b"", {**CRON, "Upstash-Schedule-Id": "x"})
    assert local(method, "/v2/schedules/x/pause") == Got(200, None)
    assert local("GET", "/v2/schedules/x").json["isPaused"] is True
    assert local(method, "/v2/schedules/x/resume") == Got(200, None)
    assert local("GET", "/v2/schedules/x").json["isPaused"] is False


def test_a_schedule_is_deleted(local: Local) -> None:
    local("POST", f"/v2/schedules/{URL}", b"", {**CRON, "Upstash-Schedule-Id": "x"})
    assert local("DELETE", "/v2/schedules/x") == Got(200, None)
    assert local("GET", "/v2/schedules/x").status == 404
    assert local("GET", "/v2/schedules").json == []


def test_redaction_covers_schedules(local: Local) -> None:
    headers = {**CRON, "Upstash-Schedule-Id": "x", "Upstash-Redact-Fields": "body"}
    local("POST", f"/v2/schedules/{URL}", b"secret", headers)
    shown = local("GET", "/v2/schedules/x").json["body"]
    assert shown == f"REDACTED:{hashlib.sha256(b'secret').hexdigest()}"


@pytest.mark.parametrize(
    ("destination", "headers"),
    [
        (URL, {}),
        (URL, {"Upstash-Cron": "every day"}),
        (URL, {"Upstash-Cron": "* * * * * *"}),
        (URL, {"Upstash-Cron": "CRON_TZ=Mars/Phobos * * * * *"}),
        (URL, {**CRON, "Upstash-Schedule-Id": "a b"}),
        ("", CRON),
        ("ftp://a.example", CRON),
    ],
    ids=str,
)
def test_what_makes_no_schedule_is_400(local: Local, destination: str, headers: dict[str, str]) -> None:
    status, answer = local("POST", f"/v2/schedules/{destination}", b"", headers)
    assert (status, list(answer)) == (400, ["error"])


@pytest.mark.parametrize("call", ["GET x", "PATCH x/pause", "POST x/resume"])
def test_an_unknown_schedule_is_404(local: Local, call: str) -> None:
    method, path = call.split()
    assert local(method, f"/v2/schedules/{path}").status == 404
