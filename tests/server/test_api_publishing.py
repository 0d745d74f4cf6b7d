"""Publish, enqueue and batch."""

from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations.server.model import Limits
from tests.server.local import TOKEN, URL, Got, Local
from tests.signing import NOW


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_a_message_is_accepted_with_201_its_id_and_its_url(local: Local) -> None:
    status, answer = local("POST", f"/v2/publish/{URL}?x=1", b"hello")
    assert status == 201
    assert answer == {"messageId": answer["messageId"], "url": f"{URL}?x=1"}
    assert answer["messageId"].startswith("msg_")


@pytest.mark.parametrize(
    ("target", "url"),
    {
        "https://example.com": "https://example.com",
        "https://a.example/x?p=1&q=%41+b": "https://a.example/x?p=1&q=%41+b",
        "http://a.example//x//": "http://a.example//x//",
        "HTTPS://A.Example/%7Ex/../y": "HTTPS://A.Example/%7Ex/../y",
        f"https://a.example/?a&qstash_token={TOKEN}&upstash-retries=1&b": "https://a.example/?a&b",
    }.items(),
)
def test_the_destination_is_stored_byte_for_byte(local: Local, target: str, url: str) -> None:
    assert local("GET", f"/v2/messages/{local.publish(target)}").json["url"] == url


@pytest.mark.parametrize(
    ("destination", "status", "error"),
    [
        ("", 400, "a non-empty destination must be provided"),
        ("https%3A%2F%2Fa.example", 400,
         "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("v2/publish/https://a.example", 400,
         "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("ftp://a.example", 400, "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("nobody", 404, "topic nobody not found"),
    ],
)  # fmt: skip
def test_a_destination_that_is_none_is_explained(local: Local, destination: str, status: int, error: str) -> None:
    got = local("POST", f"/v2/publish/{destination}")
    assert (got.status, error in got.json["error"]) == (status, True)


def test_options_may_come_as_query_parameters_and_a_header_wins(local: Local) -> None:
    target = f"{URL}?upstash-delay=90s&upstash-retries=2&upstash-forward-x-a=b%20c&upstash-label=%C3%A9"
    message = local("GET", f"/v2/messages/{local.publish(target, Retries='5')}").json
    assert message["notBefore"] == (NOW + 90) * 1000
    assert message["maxRetries"] == 5
    assert message["header"] == {"X-A": ["b c"]}
    assert message["label"] == "é"


def test_every_incoming_header_is_relayed_if_asked_for_but_never_the_token(local: Local) -> None:
    headers = {"Upstash-Header-Forward": "true", "X-Webhook": "1", "Content-Type": "text/plain"}
    got = local("POST", f"/v2/publish/{URL}", b"x", headers)
    assert local("GET", f"/v2/messages/{got.json['messageId']}").json["header"] == {
        "X-Webhook": ["1"],
        "Content-Type": ["text/plain"],
    }


def test_bytes_of_a_forwarded_header_stay_the_same_and_show_as_text(local: Local) -> None:
    got = local(
        "POST", f"/v2/publish/{URL}", b"", {"Upstash-Forward-X": "日本".encode(), "Upstash-Label": "né".encode()}
    )
    message = local("GET", f"/v2/messages/{got.json['messageId']}").json
    assert (message["header"], message["label"]) == ({"X": ["日本"]}, "né")
    (claimed,) = local.engine.claiming.claim(1)
    assert claimed.options.headers == (("X", "日本".encode().decode("latin-1")),)


def test_a_duplicate_is_202_with_the_earlier_id(local: Local) -> None:
    first = local.publish(Deduplication_Id="once")
    got = local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Deduplication-Id": "once"})
    assert got == Got(202, {"messageId": first, "url": URL, "deduplicated": True})


def test_a_url_group_answers_with_a_bare_array_in_its_order(local: Local) -> None:
    endpoints = [{"url": "https://b.example", "name": "b"}, {"url": "https://a.example"}]
    local("POST", "/v2/topics/signups/endpoints", {"endpoints": endpoints})
    status, answer = local("POST", "/v2/publish/signups", b"hi")
    assert status == 201
    assert [item["url"] for item in answer] == ["https://b.example", "https://a.example"]
    message = local("GET", f"/v2/messages/{answer[0]['messageId']}").json
    assert (message["topicName"], message["endpointName"]) == ("signups", "b")


def test_duplicates_in_a_url_group_are_marked_one_by_one(local: Local) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [{"url": "https://a.example"}]})
    headers = {"Upstash-Deduplication-Id": "once"}
    (first,) = local("POST", "/v2/publish/g", b"", headers).json
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [{"url": "https://b.example"}]})
    status, answer = local("POST", "/v2/publish/g", b"", headers)
    assert status == 201
    assert answer[0] == {"messageId": first["messageId"], "deduplicated": True, "url": "https://a.example"}
    assert "deduplicated" not in answer[1]
    assert local("POST", "/v2/publish/g", b"", headers).status == 202


def test_enqueue_makes_the_queue_and_answers_200(local: Local) -> None:
    status, answer = local("POST", f"/v2/enqueue/mail/{URL}?x=1", b"hi")
    assert (status, answer["url"]) == (200, f"{URL}?x=1")
    message = local("GET", f"/v2/messages/{answer['messageId']}").json
    assert (message["queueName"], message["url"]) == ("mail", f"{URL}?x=1")
    assert local("GET", "/v2/queues/mail").json["lag"] == 1


def test_a_bad_queue_name_is_400(local: Local) -> None:
    assert local("POST", f"/v2/enqueue/a%20b/{URL}").status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Upstash-Delay": "soon"},
        {"Upstash-Retries": "-1"},
        {"Upstash-Retries": "9" * 5000},
        {"Upstash-Not-Before": "tomorrow"},
        {"Upstash-Retry-Delay": "__import__('os')"},
        {"Upstash-Callback": "a.example"},
        {"Upstash-Callback": URL, "Upstash-Callback-Delay": "5s"},
        {"Upstash-Flow-Control-Key": "k"},
        {"Upstash-Flow-Control-Value": "rate=1"},
        {"Upstash-Deduplication-Id": "a:b"},
        {"Upstash-Method": "BREW"},
        {"Upstash-Redact-Fields": "everything"},
    ],
    ids=str,
)
def test_an_option_that_makes_no_sense_is_400(local: Local, headers: dict[str, str]) -> None:
    status, answer = local("POST", f"/v2/publish/{URL}", b"", headers)
    assert (status, list(answer)) == (400, ["error"])


def test_a_batch_answers_in_the_order_of_the_request(local: Local) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [{"url": "https://a.example"}, {"url": "https://b.example"}]})
    items = [
        {
            "destination": f"{URL}?x=1",
            "headers": {"upstash-delay": "4s", "Upstash-Forward-X-Job": "77", "content-type": "application/json"},
            "body": '{"id":9}',
            "queue": "images",
        },
        {"destination": "g", "headers": {"upstash-method": "PUT"}, "body": None, "queue": None},
        {"destination": URL, "body": "", "queue": ""},
    ]
    status, answer = local("POST", "/v2/batch", items, {"Upstash-Delay": "1d"})
    assert status == 200
    assert [answer[0]["url"], len(answer[1]), answer[2]["url"]] == [f"{URL}?x=1", 2, URL]
    first = local("GET", f"/v2/messages/{answer[0]['messageId']}").json
    assert (first["url"], first["body"], first["queueName"]) == (f"{URL}?x=1", '{"id":9}', "images")
    assert first["header"] == {"X-Job": ["77"], "Content-Type": ["application/json"]}
    assert first["notBefore"] == first["createdAt"] + 4000
    last = local("GET", f"/v2/messages/{answer[2]['messageId']}").json
    assert last["notBefore"] == last["createdAt"]
    assert "queueName" not in last


def test_a_batch_of_one_is_still_an_array(local: Local) -> None:
    got = local("POST", "/v2/batch", [{"destination": URL}])
    assert [item["url"] for item in got.json] == [URL]


@pytest.mark.parametrize(
    "item",
    [
        None, "x", [], {}, {"destination": 1}, {"destination": ""}, {"destination": "nobody"},
        {"destination": URL, "body": {"a": 1}}, {"destination": URL, "headers": []},
        {"destination": URL, "headers": {"Upstash-Delay": 5}}, {"destination": URL, "headers": {"Upstash-Delay": "?"}},
        {"destination": URL, "headers": {"Upstash-Forward-X": "a\r\nb: c"}}, {"destination": URL, "queue": "a b"},
    ],
    ids=str,
)  # fmt: skip
def test_one_bad_item_rejects_the_whole_batch_and_is_named(local: Local, item: Any) -> None:
    status, answer = local("POST", "/v2/batch", [{"destination": URL}, item])
    assert status in (400, 404)
    assert "1" in answer["error"]
    assert local.engine.claiming.claim(10) == []


@pytest.mark.parametrize("body", [{}, "x", 1], ids=str)
def test_a_batch_that_is_no_array_is_400(local: Local, body: object) -> None:
    assert local("POST", "/v2/batch", body).status == 400


def test_a_batch_may_be_larger_than_one_message() -> None:
    small = Local(limits=Limits(body=1000, batch_bytes=16_000))
    items = [{"destination": URL, "body": "x" * 900}] * 10
    assert small("POST", "/v2/batch", items).status == 200
    assert small("POST", "/v2/batch", items * 10).json == {"error": "quota maxBatchSize exceeded, current limit: 16000"}
    assert small("POST", "/v2/batch", [{"destination": URL, "body": "x" * 1001}]).status == 412
    small.store.close()


CRON = {"Upstash-Cron": "*/10 * * * *", "Upstash-Retries": "2"}


@pytest.mark.parametrize(
    ("target", "headers", "status", "queue"),
    [
        (f"/v2/publish/{URL}", CRON, 201, None),
        (f"/v2/publish/{URL}?upstash-cron=*/10%20*%20*%20*%20*&upstash-retries=2", {}, 201, None),
        (f"/v2/enqueue/mail/{URL}", CRON, 200, "mail"),
    ],
    ids=["publish", "query", "enqueue"],
)
def test_a_publish_with_a_cron_makes_a_schedule_and_no_message(
    local: Local, target: str, headers: dict[str, str], status: int, queue: str | None
) -> None:
    got = local("POST", target, b"tick", headers)
    assert (got.status, list(got.json)) == (status, ["scheduleId"])
    schedule = local("GET", f"/v2/schedules/{got.json['scheduleId']}").json
    assert (schedule["destination"], schedule["cron"], schedule["body"]) == (URL, "*/10 * * * *", "tick")
    assert (schedule["retries"], schedule.get("queueName")) == (2, queue)
    assert local.engine.claiming.claim(10) == []
    local.now += 600
    local.engine.schedules.fire()
    assert [message.body for message in local.engine.claiming.claim(10)] == [b"tick"]


def test_a_batch_item_with_a_cron_makes_a_schedule_in_its_place(local: Local) -> None:
    items = [
        {"destination": URL},
        {"destination": URL, "headers": {**CRON, "Upstash-Schedule-Id": "often"}, "queue": "mail"},
        {"destination": URL},
    ]
    answer = local("POST", "/v2/batch", items).json
    assert [list(item) for item in answer] == [["messageId", "url"], ["scheduleId"], ["messageId", "url"]]
    assert local("GET", "/v2/schedules/often").json["queueName"] == "mail"


def test_a_batch_that_is_refused_leaves_no_schedule(local: Local) -> None:
    got = local("POST", "/v2/batch", [{"destination": URL, "headers": CRON}, {"destination": "nobody"}])
    assert (got.status, local("GET", "/v2/schedules").json) == (404, [])


@pytest.mark.parametrize("cron", ["", "@daily", "* * * *"])
def test_a_publish_with_a_cron_that_is_none_is_refused_and_not_published(local: Local, cron: str) -> None:
    assert local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Cron": cron}).status == 400
    assert local.engine.claiming.claim(10) == []


def test_deduplication_keeps_a_publish_from_making_a_second_schedule(local: Local) -> None:
    headers = {**CRON, "Upstash-Deduplication-Id": "once"}
    first = local("POST", f"/v2/publish/{URL}", b"", headers)
    again = local("POST", f"/v2/publish/{URL}", b"", headers)
    assert again == Got(202, {**first.json, "deduplicated": True})
    assert len(local("GET", "/v2/schedules").json) == 1
    # Of messages there was none with this id.
    local.publish(Deduplication_Id="once")


def test_what_can_make_no_schedule_says_so_when_it_is_given_a_cron(local: Local) -> None:
    local.publish(Retries="0")
    local.deliver(500)
    (letter,) = local("GET", "/v2/dlq").json["messages"]
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [{"url": URL}]})
    for method, target, body in (
        ("POST", f"/v2/dlq/retry/{letter['dlqId']}", b""),
        ("PATCH", "/v2/topics/g", {"headers": CRON}),
    ):
        got = local(method, target, body, CRON if method == "POST" else None)
        assert (got.status, "Upstash-Cron makes a schedule" in got.json["error"]) == (400, True)
    assert len(local("GET", "/v2/dlq").json["messages"]) == 1
