"""The log, in both of its envelopes."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import NOW


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def states(local: Local, query: str) -> list[str]:
    return [event["state"] for event in local("GET", f"/v2/events?{query}").json["events"]]


def test_a_delivery_is_told_newest_first(local: Local) -> None:
    message_id = local.publish()
    local.deliver()
    assert states(local, f"messageId={message_id}") == ["DELIVERED", "ACTIVE", "CREATED"]
    assert states(local, f"messageId={message_id}&order=earliestFirst") == ["CREATED", "ACTIVE", "DELIVERED"]


def test_an_entry_shows_the_message_under_both_spellings_where_clients_disagree(local: Local) -> None:
    message_id = local.publish(
        URL,
        b'{"id":9}',
        Forward_X="1",
        Retry_Delay="15000",
        Timeout="2h",
        Callback="https://a.example/cb",
        Callback_Forward_C="1",
        Failure_Callback="https://a.example/fail",
        Failure_Callback_Forward_F="2",
        Label="a,b",
    )
    (created,) = local("GET", f"/v2/events?messageId={message_id}&state=CREATED").json["events"]
    assert created == {
        "time": NOW * 1000,
        "messageId": message_id,
        "state": "CREATED",
        "url": URL,
        "method": "POST",
        "header": {"X": ["1"]},
        "body": "eyJpZCI6OX0=",
        "maxRetries": 3,
        "retryDelayExpression": "15000",
        "retryDelayExpr": "15000",
        "timeout": 7_200_000,
        "callback": "https://a.example/cb",
        "callbackHeaders": {"C": ["1"]},
        "failureCallback": "https://a.example/fail",
        "failureCallbackHeaders": {"F": ["2"]},
        "callerIP": "127.0.0.1",
        "label": "a",
        "labels": ["a", "b"],
        "nextDeliveryTime": NOW * 1000,
    }


def test_a_failed_attempt_shows_the_answer_and_a_retry_its_time(local: Local) -> None:
    local.publish(Retry_Delay="15000")
    local.deliver(503, b"busy", Retry_After="5")
    (error,) = local("GET", "/v2/events?state=ERROR").json["events"]
    assert error["responseStatus"] == 503
    assert error["responseBody"] == "YnVzeQ=="
    assert error["responseHeaders"] == error["responseHeader"] == {"Retry-After": ["5"]}
    (retry,) = local("GET", "/v2/events?state=RETRY").json["events"]
    assert retry["nextDeliveryTime"] == (NOW + 5) * 1000


@pytest.mark.parametrize(("status", "telling"), {200: [], 500: ["ERROR"]}.items())
def test_an_answer_is_told_once_and_of_failures_only(local: Local, status: int, telling: list[str]) -> None:
    local.publish(Retries="0")
    local.deliver(status, b"answer")
    events = local("GET", "/v2/events").json["events"]
    for field in ("responseStatus", "responseBody"):
        assert [event["state"] for event in events if field in event] == telling
    assert sorted(event["state"] for event in events if "error" in event) == ["ERROR", "FAILED"][: 2 * len(telling)]


def test_an_attempt_without_an_answer_says_why(local: Local) -> None:
    local.publish()
    local.deliver(0)
    (error,) = local("GET", "/v2/events?state=ERROR").json["events"]
    assert "Connection refused" in error["error"]


def test_what_was_redacted_shows_as_its_hash(local: Local) -> None:
    local.publish(URL, b"secret", Redact_Fields="body,header[X]", Forward_X="secret", Forward_Y="shown")
    hashed = f"REDACTED:{hashlib.sha256(b'secret').hexdigest()}"
    (event,) = local("GET", "/v2/events").json["events"]
    assert event["header"] == {"X": [hashed], "Y": ["shown"]}
    assert event["body"] == b64encode(hashed.encode()).decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("label=a", "DELIVERED ACTIVE CREATED"), ("label=b&state=CREATED", "CREATED"),
        ("state=CREATED&label=a,b", "CREATED CREATED"), ("state=CREATED,DELIVERED&label=a", "DELIVERED CREATED"),
        ("url=https://b.example/&state=CREATED", "CREATED"), ("host=a.example", "DELIVERED ACTIVE CREATED"),
        ("path=/in&state=ACTIVE", "ACTIVE"), ("state=IN_PROGRESS", "ACTIVE"), ("state=CANCELED", "CANCELED"),
        ("state=CANCELLED", "CANCELED"), ("state=CANCEL_REQUESTED&callerIp=127.0.0.1", "CANCEL_REQUESTED"),
        ("toDate=1799999999999", ""), ("fromDate=1800000000001", ""), ("messageIds=none", ""),
        ("label=a&count=2", "DELIVERED ACTIVE"), ("label=a&unknown=ignored", "DELIVERED ACTIVE CREATED"),
    ],
)  # fmt: skip
def test_entries_are_found_by_filters(local: Local, query: str, found: str) -> None:
    local.publish("https://a.example/in", Label="a")
    local.deliver()
    cancelled = local.publish("https://b.example/", Label="b")
    local("DELETE", f"/v2/messages/{cancelled}")
    assert local.engine.claiming.claim(10) == []
    assert states(local, query) == found.split()


def test_pages_follow_one_another_and_the_last_one_has_no_cursor(local: Local) -> None:
    for _ in range(5):
        local.publish()
    first = local("GET", "/v2/events?count=3").json
    second = local("GET", f"/v2/events?count=3&cursor={first['cursor']}").json
    assert len({event["messageId"] for page in (first, second) for event in page["events"]}) == 5
    assert "cursor" not in second


def test_logs_are_the_same_entries_in_another_envelope(local: Local) -> None:
    local.publish()
    assert local("GET", "/v2/logs").json["logs"] == local("GET", "/v2/events").json["events"]


def test_logs_are_grouped_by_message(local: Local) -> None:
    first, second = local.publish(), local.publish()
    local.deliver()
    answer = local("GET", "/v2/logs?groupBy=messageId").json
    assert {group["messageId"] for group in answer["messages"]} == {first, second}
    (group,) = (group for group in answer["messages"] if group["messageId"] == first)
    assert [event["state"] for event in group["events"]] == ["DELIVERED", "ACTIVE", "CREATED"]


@pytest.mark.parametrize("order", ["", "&order=earliestFirst"])
def test_pages_of_groups_hold_each_message_once_and_whole(local: Local, order: str) -> None:
    """However its entries lie among those of others: a count is one of messages."""
    ids = [local.publish(Retries="1", Retry_Delay="1000") for _ in range(5)]
    for status in (500, 200):
        for _ in ids:
            local.deliver(status)
        local.now += 1
    found: list[tuple[str, int]] = []
    query = f"groupBy=messageId&count=2{order}"
    pages = [local("GET", f"/v2/logs?{query}").json]
    while "cursor" in pages[-1]:
        pages.append(local("GET", f"/v2/logs?{query}&cursor={pages[-1]['cursor']}").json)
    for page in pages:
        found += [(group["messageId"], len(group["events"])) for group in page["messages"]]
    assert [len(page["messages"]) for page in pages] == [2, 2, 1]
    assert found == [(message_id, 6) for message_id in (ids if order else reversed(ids))]


def test_groups_hold_what_the_filters_choose(local: Local) -> None:
    for _ in range(12):
        local.publish(Label="a")
    local.deliver()
    answer = local("GET", "/v2/logs?groupBy=messageId&state=CREATED&label=a").json
    assert [len(group["events"]) for group in answer["messages"]] == [1] * 10
    delivered = local("GET", "/v2/logs?groupBy=messageId&state=DELIVERED").json
    assert [[event["state"] for event in group["events"]] for group in delivered["messages"]] == [["DELIVERED"]]


@pytest.mark.parametrize(
    ("path", "status"),
    {
        "events?count=1000": 200, "events?count=1001": 400, "logs?count=100": 200, "logs?count=101": 400,
        "logs?groupBy=url": 400, "events?order=sideways": 400, "events?fromDate=x": 400, "logs?groupBy=": 200,
    }.items(),
)  # fmt: skip
def test_counts_and_orders_have_limits(local: Local, path: str, status: int) -> None:
    assert local("GET", f"/v2/{path}").status == status


@pytest.mark.sampled("trim", "shown")
@pytest.mark.parametrize("path", ["events?", "logs?", "logs?groupBy=messageId&"])
@pytest.mark.parametrize(
    ("trim", "shown"), {"0": (None, None), "2": ("aGU=", "aGE="), "9": ("aGVsbG8=", "aGE=")}.items()
)
def test_bodies_are_cut_to_the_bytes_that_are_wanted(
    local: Local, path: str, trim: str, shown: tuple[str | None, str | None]
) -> None:
    local.publish(URL, b"hello")
    local.deliver(500, b"ha")
    answer = local("GET", f"/v2/{path}state=ERROR&trimBody={trim}").json
    (entry,) = answer["messages"][0]["events"] if "messages" in answer else answer.get("events") or answer["logs"]
    assert (entry.get("body"), entry.get("responseBody")) == shown


def test_a_trim_that_is_no_number_is_refused(local: Local) -> None:
    got = local("GET", "/v2/logs?trimBody=all")
    assert got == Got(400, {"error": "invalid trimBody 'all': it must be a whole number"})


def test_nothing_found_is_an_empty_list_without_a_cursor(local: Local) -> None:
    assert local("GET", "/v2/events?label=none").json == {"events": []}
    assert local("GET", "/v2/logs?label=none").json == {"logs": []}
