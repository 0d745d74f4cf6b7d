"""``client.schedule``: create, get, list, delete, pause, resume."""

import json
from typing import Any

import pytest

from qstash_integrations import TransportError
from qstash_integrations._core.publishing.client import APIResponse
from tests.outbox import outbox
from tests.publish.clients import MakeClient
from tests.publish.loopback import URL

API = "https://qstash.upstash.io/v2"
SCHEDULE: dict[str, Any] = {
    "scheduleId": "nightly-report",
    "destination": "https://app.example/report",
    "cron": "CRON_TZ=Europe/Berlin 30 2 * * *",
    "createdAt": 1767225900000,
    "method": "POST",
    "header": {"Content-Type": ["application/json"]},
    "body": '{"full":true}',
    "retries": 3,
    "delay": 10,
    "timeout": 30,
    "isPaused": True,
    "queueName": "mail",
    "callerIp": "203.0.113.9",
    "flowControlKey": "crm",
    "parallelism": 2,
    "period": 1,
    "lastScheduleTime": 1767220000000,
    "nextScheduleTime": 1767231000000,
    "lastScheduleStates": {"msg_1": "SUCCESS", "msg_2": "FAIL"},
    "error": "topic signups not found",
}


@pytest.mark.parametrize(("verb", "body"), [("create", b"hi"), ("create_json", b'"hi"')])
def test_a_schedule_is_created(make_client: MakeClient, verb: str, body: bytes) -> None:
    options = {"destination": URL, "cron": "0 7 * * *", "body": "hi"}
    with outbox(APIResponse(200, b'{"scheduleId":"scd_1"}')) as sent:
        client = make_client()
        assert client(f"schedule.{verb}", **options) == "scd_1"
        assert client(f"schedule.{verb}", options) == "scd_1"
    assert [(request.method, request.url, request.body) for request in sent] == [
        ("POST", f"{API}/schedules/{URL}", body)
    ] * 2
    assert ("Upstash-Cron", "0 7 * * *") in sent[0].headers


def test_a_schedule_is_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(SCHEDULE).encode())) as sent:
        schedule = make_client()("schedule.get", "nightly-report")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/schedules/nightly-report")
    assert (schedule.schedule_id, schedule.destination) == ("nightly-report", "https://app.example/report")
    assert (schedule.cron, schedule.created_at) == ("CRON_TZ=Europe/Berlin 30 2 * * *", 1767225900000)
    assert (schedule.method, schedule.retries, schedule.paused) == ("POST", 3, True)
    assert (schedule.headers, schedule.body) == ({"Content-Type": ["application/json"]}, '{"full":true}')
    assert (schedule.delay, schedule.timeout, schedule.queue, schedule.caller_ip) == (10, 30, "mail", "203.0.113.9")
    assert (schedule.flow_control.key, schedule.flow_control.parallelism) == ("crm", 2)
    assert (schedule.last_schedule_time, schedule.next_schedule_time) == (1767220000000, 1767231000000)
    assert schedule.last_schedule_states == {"msg_1": "SUCCESS", "msg_2": "FAIL"}
    assert schedule.error == "topic signups not found"
    assert "full" not in repr(schedule)


def test_all_schedules_are_listed(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps([SCHEDULE, {**SCHEDULE, "scheduleId": "other"}]).encode())) as sent:
        schedules = make_client()("schedule.list")
    assert [schedule.schedule_id for schedule in schedules] == ["nightly-report", "other"]
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/schedules")
    with outbox(APIResponse(200, b"[]")):
        assert make_client()("schedule.list") == []
    with (
        outbox(APIResponse(200, b"{}")),
        pytest.raises(TransportError, match=r"^QStash's answer is not a list of schedules$"),
    ):
        make_client()("schedule.list")


CALLS = {"delete": ("DELETE", "daily"), "pause": ("PATCH", "daily/pause"), "resume": ("PATCH", "daily/resume")}


@pytest.mark.parametrize("answer", [b"", b"OK", b"{}"], ids=["nothing", "text", "JSON"])
@pytest.mark.parametrize(("verb", "call"), CALLS.items(), ids=CALLS)
def test_a_schedule_is_managed(make_client: MakeClient, verb: str, call: tuple[str, str], answer: bytes) -> None:
    with outbox(APIResponse(200, answer)) as sent:
        assert make_client()(f"schedule.{verb}", "daily") is None
    assert [(request.method, request.url) for request in sent] == [(call[0], f"{API}/schedules/{call[1]}")]


def test_a_schedule_without_an_id_in_the_answer(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b"{}")), pytest.raises(TransportError, match=r"^QStash's answer has no scheduleId$"):
        make_client()("schedule.create", destination=URL, cron="* * * * *")
