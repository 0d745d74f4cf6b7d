"""What the dashboard asks for beside ``/v2``: lists, one message's history, replay, ticks and counts."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from qstash_integrations import Receiver, SignatureError
from qstash_integrations.server.model import Outcome
from tests.hosts import Request
from tests.server.local import TOKEN, URL, Got, Local
from tests.signing import CURRENT, NEXT, NOW

MS = NOW * 1000
CRON = {"Upstash-Cron": "*/5 * * * *", "Upstash-Schedule-Id": "tick"}


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local()
    yield local
    local.engine.close()


def ids(got: Got) -> list[str]:
    assert got.status == 200, got
    return [message["messageId"] for message in got.json["messages"]]


def raw(local: Local, target: str) -> tuple[dict[str, str], bytes]:
    """A file and its headers."""
    headers = [("Host", "localhost"), ("Authorization", f"Bearer {TOKEN}")]
    answer = local.send(Request(target, headers, method="GET"))
    assert answer.status == 200
    return answer.headers, answer.body


def test_the_overview_counts_what_there_is(local: Local) -> None:
    local.publish(Retries="0")
    local.deliver(500)
    local.publish()
    local.deliver(200)
    local.publish(Delay="1h")
    local.publish()
    local.engine.claiming.claim(1)
    assert local("GET", "/_local/overview") == Got(
        200,
        {
            "time": MS,
            "position": 10,
            "unfinished": 2,
            "finished": 2,
            "deadLetters": 1,
            "parallelismCount": 1,
            "parallelismMax": 100,
        },
    )


def test_a_listed_message_shows_where_it_stands(local: Local) -> None:
    message_id = local.publish(
        URL, b"hi", Label="a,b", Retry_Delay="60000", Retries="2", Flow_Control_Key="crm", Flow_Control_Value="rate=9"
    )
    local.deliver(503)
    assert local("GET", "/_local/messages") == Got(
        200,
        {
            "messages": [
                {
                    "messageId": message_id,
                    "state": "retrying",
                    "method": "POST",
                    "url": URL,
                    "createdAt": MS,
                    "nextDeliveryTime": MS + 60_000,
                    "attempts": 1,
                    "retried": 1,
                    "maxRetries": 2,
                    "isCallback": False,
                    "bodySize": 2,
                    "body": "hi",
                    "responseStatus": 503,
                    "labels": ["a", "b"],
                    "flowControlKey": "crm",
                }
            ]
        },
    )


def test_the_states_of_a_list(local: Local) -> None:
    expected: dict[str, str] = {}
    expected["failed"] = local.publish(Retries="0")
    local.deliver(500)
    expected["delivered"] = local.publish()
    local.deliver(200)
    expected["retrying"] = local.publish(Retry_Delay="60000")
    local.deliver(500)
    expected["canceled"] = local.publish(Delay="1h")
    local("DELETE", f"/v2/messages/{expected['canceled']}")
    local.engine.flows.pause("crm")
    expected["held"] = local.publish(Flow_Control_Key="crm", Flow_Control_Value="rate=9")
    local.engine.claiming.claim(1)
    local.engine.queues.upsert("mail", 1, True)
    expected["queued"] = local("POST", f"/v2/enqueue/mail/{URL}").json["messageId"]
    expected["active"] = local.publish()
    local.engine.claiming.claim(1)
    expected["waiting"] = local.publish(Delay="1h")
    for state, message_id in expected.items():
        assert ids(local("GET", f"/_local/messages?state={state}")) == [message_id], state
    assert ids(local("GET", "/_local/messages?state=failed&state=delivered")) == [
        expected["delivered"],
        expected["failed"],
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    {
        "text=ORDER": ["body", "label"],
        "text=order+7": ["body"],
        "text=50%25_off": ["percent"],
        "text=%25": ["percent"],
        "text=%25_": ["percent"],
        "text=%5C": ["backslash"],
        "text=nightly": ["group"],
        "text=nowhere": [],
        "url=/IN%3Fn": ["percent"],
        "url=b.example": ["group"],
        "label=orders": ["label"],
        "topicName=nightly": ["group"],
        "queueName=mail": ["queued"],
        "queueName=mail&text=nothing": [],
    }.items(),
    ids=str,
)
def test_a_list_is_narrowed_down(local: Local, query: str, found: list[str]) -> None:
    local("POST", "/v2/topics/nightly/endpoints", {"endpoints": [{"url": "https://b.example/"}]})
    published = {
        "body": local.publish(URL, b'{"note": "Order 7"}'),
        "label": local.publish(URL, b"", Label="new,orders"),
        "percent": local.publish(f"{URL}?n=50", b"50%_off"),
        "backslash": local.publish(URL, b"a\\b"),
        "redacted": local.publish(URL, b"order 7", Redact_Fields="body"),
        "group": local("POST", "/v2/publish/nightly").json[0]["messageId"],
        "queued": local("POST", f"/v2/enqueue/mail/{URL}").json["messageId"],
    }
    names = {message_id: name for name, message_id in published.items()}
    assert sorted(names[message_id] for message_id in ids(local("GET", f"/_local/messages?{query}"))) == sorted(found)


FOUND = {
    "an answer's body": "DATABASE is locked",
    "an error": "connection refused",
    "a status": "409",
    "an answer's header": "retry-after",
    "the value of an answer's header": "x-shard=ü7",
    "a header's name": "x-tenant",
    "a header's value": "acme ü",
    "a callback's URL": "cb.example/done",
    "a failure callback's URL": "failed.example",
    "a callback's header": "cb-header-value",
    "a deduplication id": "order-7-once",
    "the middle of its id": "{id}",
    "a task's name": "shop.tasks.ship",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_all_that_the_page_of_a_message_shows_is_searched(local: Local, text: str) -> None:
    options = {
        "Upstash-Forward-X-Tenant": "acme ü".encode(),
        "Upstash-Callback": "https://cb.example/done",
        "Upstash-Callback-Forward-X-Cb": "cb-header-value",
        "Upstash-Failure-Callback": "https://failed.example",
        "Upstash-Deduplication-Id": "order-7-once",
        "Upstash-Retry-Delay": "1000",
    }
    url = "https://c.example/qstash/tasks/shop.tasks.ship?id=0a1b2c&at=1770000000000&of=0"
    message_id = local("POST", f"/v2/publish/{url}", b"hi", options).json["messageId"]
    local.publish(URL, b"other", Delay="1d")
    local.deliver(0)
    local.now += 1
    (message,) = (claimed for claimed in local.engine.claiming.claim(9) if claimed.id == message_id)
    value = "x-shard=ü7".encode().decode("latin-1")
    answer = Outcome(status=409, headers=(("Retry-After", "1"), ("X-Node", value)), body=b'{"e": "database is locked"}')
    local.engine.recording.record(message.seq, answer)
    found = local("GET", f"/_local/messages?url=c.example&text={quote(text.format(id=message_id[20:30]))}")
    assert ids(found) == [message_id]
    assert ids(local("GET", "/_local/messages?text=no-such-text")) == []


def test_a_search_does_not_tell_what_is_redacted(local: Local) -> None:
    hidden = {"Forward_X_Key": "TOPSECRET", "Forward_X_Open": "shown"}
    some = local.publish(URL, b"hi there", Redact_Fields="header[X-Key]", **hidden)
    every = local.publish(URL, b"hi there", Redact_Fields="header", **hidden)
    body = local.publish(URL, b"hi there TOPSECRET", Redact_Fields="body")
    assert ids(local("GET", "/_local/messages?text=TOPSECRET")) == []
    assert ids(local("GET", "/_local/messages?text=shown")) == [some]
    assert ids(local("GET", "/_local/messages?text=x-key")) == [every, some]
    assert ids(local("GET", "/_local/messages?text=hi%20there")) == [every, some]
    assert ids(local("GET", f"/_local/messages?text={body}")) == [body]


def test_a_list_comes_in_pages_newest_first(local: Local) -> None:
    published = [local.publish(URL, b"%d" % number) for number in range(5)]
    first = local("GET", "/_local/messages?count=2")
    second = local("GET", f"/_local/messages?count=2&cursor={first.json['cursor']}")
    third = local("GET", f"/_local/messages?count=2&cursor={second.json['cursor']}")
    assert [*ids(first), *ids(second), *ids(third)] == published[::-1]
    assert "cursor" not in third.json


@pytest.mark.parametrize(
    ("query", "error"),
    {
        "state=FAILED": "invalid state 'FAILED': use one of queued, waiting, retrying, held, active, delivered, failed,"
        " canceled",
        "stat=failed": "unknown query parameter 'stat'",
        f"text={'x' * 201}": "invalid search: at most 200 characters",
        "count=101": "invalid count 101: it must be between 1 and 100",
        "cursor=x": "invalid cursor 'x': give the one of the page before",
    }.items(),
)
def test_a_search_that_makes_no_sense_is_refused(local: Local, query: str, error: str) -> None:
    assert local("GET", f"/_local/messages?{query}") == Got(400, {"error": error})


def test_a_message_is_shown_with_all_that_happened(local: Local) -> None:
    message_id = local.publish(URL, b'{"a":1}', Retries="1", Retry_Delay="1000", Timeout="5s")
    local.deliver(503, b"busy", Retry_After="2")
    local.now += 2
    local.deliver(0)
    got = local("GET", f"/_local/messages/{message_id}")
    assert got.json["events"] == [
        {"time": MS, "state": "CREATED", "nextDeliveryTime": MS},
        {"time": MS, "state": "ACTIVE"},
        {
            "time": MS,
            "state": "ERROR",
            "attempt": 1,
            "responseStatus": 503,
            "error": "the destination answered 503",
            "responseHeader": {"Retry-After": ["2"]},
            "responseBodySize": 4,
            "responseBody": "busy",
        },
        {"time": MS, "state": "RETRY", "nextDeliveryTime": MS + 2000},
        {"time": MS + 2000, "state": "ACTIVE"},
        {
            "time": MS + 2000,
            "state": "ERROR",
            "attempt": 2,
            "responseStatus": 0,
            "error": "Connection refused",
            "responseBodySize": 0,
        },
        {"time": MS + 2000, "state": "FAILED"},
    ]
    assert (got.json["state"], got.json["retried"], got.json["timeout"]) == ("failed", 1, 5)
    assert (got.json["body"], got.json["bodySize"], got.json["finishedAt"]) == ('{"a":1}', 7, MS + 2000)


def test_a_canceled_message_can_still_be_looked_at(local: Local) -> None:
    message_id = local.publish(Delay="1h")
    local("DELETE", f"/v2/messages/{message_id}")
    assert local("GET", f"/v2/messages/{message_id}").status == 404
    assert local("GET", f"/_local/messages/{message_id}").json["state"] == "canceled"


@pytest.mark.parametrize("path", ["", "/body", "/request", "/attempts/1/body"])
def test_an_unknown_message_is_404(local: Local, path: str) -> None:
    assert local("GET", f"/_local/messages/msg_none{path}") == Got(404, {"error": "message 'msg_none' not found"})


@pytest.mark.parametrize(
    ("body", "shown"),
    {
        b"": {"bodySize": 0},
        b"plain": {"bodySize": 5, "body": "plain"},
        b"\xff\x00": {"bodySize": 2, "bodyBase64": "/wA="},
        b"a" * 70_000: {"bodySize": 70_000, "body": "a" * 65_536},
        # The cut goes through the last character that is shown.
        b"a" * 65_535 + "é".encode() * 9: {"bodySize": 65_553, "body": "a" * 65_535},
        b"a" * 65_535 + "é".encode()[:1]: {
            "bodySize": 65_536,
            "bodyBase64": b64encode(b"a" * 65_535 + b"\xc3").decode(),
        },
    }.items(),
    ids=["empty", "text", "binary", "long", "cut", "broken"],
)
def test_a_body_is_cut_to_what_a_person_reads(local: Local, body: bytes, shown: dict[str, object]) -> None:
    got = local("GET", f"/_local/messages/{local.publish(URL, body)}").json
    assert {name: value for name, value in got.items() if name.startswith("body")} == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    {
        b"": {"bodySize": 0},
        b"plain": {"bodySize": 5, "body": "plain"},
        b"\xff\xd8": {"bodySize": 2, "isBinary": True},
        b"a\x00b": {"bodySize": 3, "isBinary": True},
        b"a" * 201: {"bodySize": 201, "body": "a" * 200},
        b"b" * 5_000_000: {"bodySize": 5_000_000, "body": "b" * 200},
        # The cut goes through the last character that is shown.
        b"a" * 199 + "é".encode(): {"bodySize": 201, "body": "a" * 199},
        b"a" * 199 + "é".encode()[:1]: {"bodySize": 200, "isBinary": True},
    }.items(),
    ids=["empty", "text", "binary", "nul", "long", "large", "cut", "broken"],
)
def test_a_list_shows_how_a_body_begins(local: Local, body: bytes, shown: dict[str, object]) -> None:
    local.publish(URL, body)
    (got,) = local("GET", "/_local/messages").json["messages"]
    assert {
        name: value for name, value in got.items() if name in ("body", "bodySize", "isBinary", "isRedacted")
    } == shown


def test_a_list_shows_nothing_of_a_redacted_body(local: Local) -> None:
    local.publish(URL, b"TOPSECRET", Redact_Fields="body")
    local.publish(URL, b"open", Redact_Fields="header")
    newer, older = local("GET", "/_local/messages").json["messages"]
    assert (newer["body"], older["isRedacted"], older["bodySize"]) == ("open", True, 9)
    assert "TOPSECRET" not in json.dumps(older)


def test_a_list_of_large_bodies_stays_small(local: Local) -> None:
    for _ in range(100):
        local.publish(f"{URL}?{'q' * 1900}", b"\x01" * 60_000)
    page = local("GET", "/_local/messages")
    assert len(page.json["messages"]) == 100
    assert len(json.dumps(page.json)) < 400_000


def test_the_whole_body_is_a_file_that_no_browser_shows(local: Local) -> None:
    body = b"<script>alert(1)</script>" * 5000
    message_id = local.publish(URL, body)
    local.deliver(200, b"\x00answer")
    headers, found = raw(local, f"/_local/messages/{message_id}/body")
    assert found == body
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="body"'
    assert headers["x-content-type-options"] == "nosniff"
    assert raw(local, f"/_local/messages/{message_id}/attempts/1/body")[1] == b"\x00answer"


@pytest.mark.parametrize(("attempt", "status"), {"0": 404, "2": 404, "-1": 400, "x": 400}.items())
def test_an_attempt_that_was_not_made_has_no_body(local: Local, attempt: str, status: int) -> None:
    message_id = local.publish()
    local.deliver(200, b"ok")
    assert local("GET", f"/_local/messages/{message_id}/attempts/{attempt}/body").status == status


def test_what_was_redacted_is_shown_nowhere(local: Local) -> None:
    message_id = local.publish(URL, b"TOPSECRET", Redact_Fields="body,header[X-Key]", Forward_X_Key="TOPSECRET")
    pages = [
        json.dumps(local("GET", f"/_local/messages{path}").json)
        for path in ("", f"/{message_id}", f"/{message_id}/request")
    ]
    pages.append(raw(local, f"/_local/messages/{message_id}/body")[1].decode())
    assert not [page for page in pages if "TOPSECRET" in page]
    assert pages[-1] == f"REDACTED:{hashlib.sha256(b'TOPSECRET').hexdigest()}"


def test_the_next_request_is_shown_with_its_claims(local: Local) -> None:
    message_id = local.publish(URL, b"hi", Forward_X_Job="7")
    got = local("GET", f"/_local/messages/{message_id}/request").json
    assert (got["method"], got["url"], got["header"]["X-Job"]) == ("POST", URL, ["7"])
    assert got["header"]["Upstash-Message-Id"] == [message_id]
    assert {name: got["claims"][name] for name in ("iss", "sub", "iat", "exp")} == {
        "iss": "Upstash",
        "sub": URL,
        "iat": NOW,
        "exp": NOW + 300,
    }
    (token,) = got["header"]["Upstash-Signature"]
    assert json.loads(urlsafe_b64decode(token.split(".")[1] + "==")) == got["claims"]


def test_a_replay_is_a_new_message_due_now(local: Local) -> None:
    message_id = local.publish(URL, b"hi", Delay="1h", Label="a", Forward_X_Job="7", Redact_Fields="body")
    status, answer = local("POST", f"/_local/messages/{message_id}/replay")
    assert status == 201
    delivered = local.deliver(200)
    assert delivered.id == answer["messageId"] != message_id
    assert (delivered.body, delivered.options.labels, delivered.options.headers) == (b"hi", ("a",), (("X-Job", "7"),))


def test_a_message_is_delivered_now_and_the_worker_woken(local: Local) -> None:
    message_id = local.publish(Delay="1d")
    before = local.changes
    assert local("POST", f"/_local/messages/{message_id}/deliver") == Got(200, {"messageId": message_id})
    assert local.changes == before + 1
    assert local.deliver(200).id == message_id
    got = local("POST", f"/_local/messages/{message_id}/deliver")
    assert got == Got(409, {"error": f"message {message_id!r} was delivered already: replay it to send it again"})


def test_a_dead_letter_is_known_by_its_message(local: Local) -> None:
    message_id = local.publish(Retries="0")
    local.deliver(500)
    dlq_id = local("GET", "/v2/dlq").json["messages"][0]["dlqId"]
    assert local("GET", "/_local/messages").json["messages"][0]["dlqId"] == dlq_id
    assert local("GET", f"/_local/messages/{message_id}").json["dlqId"] == dlq_id
    local("DELETE", f"/v2/dlq/{dlq_id}")
    assert "dlqId" not in local("GET", f"/_local/messages/{message_id}").json


def test_a_callback_and_its_message_name_each_other(local: Local) -> None:
    message_id = local.publish(
        URL, b"", Retries="1", Callback="https://cb.example", Failure_Callback="https://cb.example", Retry_Delay="1000"
    )
    local.deliver(500)
    local.now += 1
    (again,) = (message for message in local.engine.claiming.claim(9) if message.id == message_id)
    local.engine.recording.record(again.seq, Outcome(status=500))
    got = local("GET", f"/_local/messages/{message_id}").json
    made = [*got["callbacks"], *got["failureCallbacks"]]
    assert [one["sourceMessageId"] for one in made] == [message_id] * 3
    assert [one["createdAt"] for one in made] == [MS, MS + 1000, MS + 1000]
    bodies = [local("GET", f"/_local/messages/{one['messageId']}").json["body"] for one in made]
    assert ["dlqId" in body for body in bodies] == [False, False, True]
    assert local("GET", f"/_local/messages/{made[0]['messageId']}").json["sourceMessageId"] == message_id
    listed = local("GET", "/_local/messages").json["messages"]
    assert [one.get("sourceMessageId") for one in listed] == [message_id] * 3 + [None]


def test_callbacks_to_two_urls_are_told_apart(local: Local) -> None:
    message_id = local.publish(
        URL, b"", Retries="0", Callback="https://cb.example", Failure_Callback="https://failed.example"
    )
    local.deliver(500)
    got = local("GET", f"/_local/messages/{message_id}").json
    assert [one["url"] for one in got["callbacks"]] == ["https://cb.example"]
    assert [one["url"] for one in got["failureCallbacks"]] == ["https://failed.example"]


def test_a_replay_wakes_the_worker(local: Local) -> None:
    message_id = local.publish()
    before = local.changes
    local("POST", f"/_local/messages/{message_id}/replay")
    assert local.changes == before + 1


@pytest.mark.parametrize(
    "flaw", ["missing", "malformed", "wrong_key", "issuer", "expired", "url_mismatch", "body_mismatch"]
)
def test_a_broken_signature_is_refused_for_what_is_wrong_with_it(local: Local, flaw: str) -> None:
    message_id = local.publish(URL, b"hi")
    local.deliver(200)
    answer = local("POST", f"/_local/messages/{message_id}/replay", {"signature": flaw})
    (message,) = local.engine.claiming.claim(1)
    assert message.id == answer.json["messageId"]
    sent = local("GET", f"/_local/messages/{message.id}/request").json["header"]
    receiver = Receiver(current_signing_key=CURRENT, next_signing_key=NEXT, now=lambda: NOW)
    with pytest.raises(SignatureError) as refused:
        receiver.verify(signature=sent.get("Upstash-Signature", [None])[0], body=b"hi", url=URL)
    assert refused.value.reason == flaw


def test_a_broken_signature_costs_one_attempt_that_nobody_else_hears_of(local: Local) -> None:
    there = "https://b.example/"
    answer = local(
        "POST", f"/v2/enqueue/mail/{URL}", b"", {"Upstash-Callback": there, "Upstash-Failure-Callback": there}
    )
    local.engine.queues.pause("mail")
    sent = local("POST", f"/_local/messages/{answer.json['messageId']}/replay", {"signature": "expired"}).json
    assert local.deliver(401).id == sent["messageId"]
    assert local.engine.claiming.claim(10) == []
    listed = local("GET", "/_local/messages?state=failed").json["messages"]
    assert [(message["messageId"], message["signature"]) for message in listed] == [(sent["messageId"], "expired")]


def test_a_replay_of_a_broken_one_is_signed_right(local: Local) -> None:
    first = local("POST", f"/_local/messages/{local.publish()}/replay", {"signature": "expired"}).json["messageId"]
    second = local("POST", f"/_local/messages/{first}/replay").json["messageId"]
    assert "signature" not in local("GET", f"/_local/messages/{second}").json


@pytest.mark.parametrize("flaw", ["none", "", 7, ["expired"], {}])
def test_a_flaw_that_is_none_is_refused(local: Local, flaw: object) -> None:
    got = local("POST", f"/_local/messages/{local.publish()}/replay", {"signature": flaw})
    assert got.status == 400
    assert got.json["error"].endswith(
        "use one of missing, malformed, wrong_key, issuer, expired, url_mismatch, body_mismatch"
    )


def test_the_next_five_ticks_of_every_schedule(local: Local) -> None:
    local("POST", f"/v2/schedules/{URL}", b"", CRON)
    local("POST", f"/v2/schedules/{URL}", b"", {**CRON, "Upstash-Schedule-Id": "paused"})
    local("POST", "/v2/schedules/paused/pause")
    assert NOW % 300 == 0
    assert local("GET", "/_local/schedules/ticks") == Got(
        200, {"tick": [MS + minutes * 60_000 for minutes in (5, 10, 15, 20, 25)], "paused": []}
    )


@pytest.mark.parametrize("paused", [False, True])
def test_a_schedule_run_now_keeps_its_ticks(local: Local, paused: bool) -> None:
    local("POST", f"/v2/schedules/{URL}", b"hi", CRON)
    if paused:
        local("POST", "/v2/schedules/tick/pause")
    before = local("GET", "/_local/schedules/ticks")
    status, answer = local("POST", "/_local/schedules/tick/run")
    delivered = local.deliver(200)
    assert (status, answer) == (201, [{"messageId": delivered.id, "url": URL}])
    assert (delivered.schedule_id, delivered.body) == ("tick", b"hi")
    assert local("GET", "/_local/schedules/ticks") == before
    shown = local("GET", "/v2/schedules/tick").json
    assert (shown["isPaused"], shown["lastScheduleStates"]) == (paused, {delivered.id: "SUCCESS"})


def test_an_unknown_schedule_cannot_be_run(local: Local) -> None:
    assert local("POST", "/_local/schedules/none/run").status == 404


def test_outcomes_are_counted_by_the_second(local: Local) -> None:
    local.publish(Retries="1", Retry_Delay="3000")
    local.deliver(500)
    local.publish()
    local.publish()
    local.deliver(200)
    local.deliver(204)
    local.now += 3
    local.deliver(0)
    assert local("GET", "/_local/seconds").json == [
        {"time": MS, "delivered": 2, "retried": 1, "failed": 0},
        {"time": MS + 3000, "delivered": 0, "retried": 0, "failed": 1},
    ]
    assert len(local("GET", f"/_local/seconds?fromDate={MS + 1000}").json) == 1
    local.now += 601
    assert local("GET", "/_local/seconds?fromDate=0").json == []


def test_a_wrong_method_is_405(local: Local) -> None:
    assert local("DELETE", "/_local/messages").status == 405
    assert local("GET", "/_local/schedules/tick/run").status == 405


def test_an_expression_is_tried_before_a_schedule_has_it(local: Local) -> None:
    local("POST", "/v2/schedules/https://a.example", headers=CRON)
    found = local("GET", "/_local/cron?cron=*/5+*+*+*+*")
    assert found.json == {"ticks": local("GET", "/_local/schedules/ticks").json["tick"]}
    assert len(found.json["ticks"]) == 5


def test_an_expression_that_is_none_is_refused_in_a_sentence(local: Local) -> None:
    assert local("GET", "/_local/cron?cron=99+*+*+*+*") == Got(400, {"error": "invalid cron '99 * * * *': bad minute"})
