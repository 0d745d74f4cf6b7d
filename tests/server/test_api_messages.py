"""Messages: what the API shows of them, and cancelling."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import NOW

SECRET = hashlib.sha256(b"secret").hexdigest()


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_a_plain_message_shows_no_more_than_it_has(local: Local) -> None:
    message_id = local.publish("https://example.com")
    assert local("GET", f"/v2/messages/{message_id}") == Got(
        200,
        {
            "messageId": message_id,
            "url": "https://example.com",
            "method": "POST",
            "maxRetries": 3,
            "notBefore": NOW * 1000,
            "createdAt": NOW * 1000,
            "callerIP": "127.0.0.1",
        },
    )


def test_a_message_shows_everything_that_was_asked_for(local: Local) -> None:
    message_id = local.publish(
        URL,
        b'{"id":9}',
        Method="PUT",
        Forward_x_job="77",
        Retries="5",
        Retry_Delay="1000 * (1 + retried)",
        Delay="1m",
        Timeout="30s",
        Callback="https://a.example/cb?x=1",
        Callback_Forward_X_Cb="1",
        Failure_Callback="https://a.example/fail",
        Failure_Callback_Forward_X_F="2",
        Flow_Control_Key="crm",
        Flow_Control_Value="rate=10, period=1m, parallelism=3",
        Label="signup,eu",
    )
    assert local("GET", f"/v2/messages/{message_id}").json == {
        "messageId": message_id,
        "url": URL,
        "method": "PUT",
        "header": {"X-Job": ["77"]},
        "body": '{"id":9}',
        "maxRetries": 5,
        "retryDelayExpression": "1000 * (1 + retried)",
        "notBefore": (NOW + 60) * 1000,
        "createdAt": NOW * 1000,
        "callback": "https://a.example/cb?x=1",
        "callbackHeader": {"X-Cb": ["1"]},
        "failureCallback": "https://a.example/fail",
        "failureCallbackHeader": {"X-F": ["2"]},
        "callerIP": "127.0.0.1",
        "label": "signup",
        "labels": ["signup", "eu"],
        "flowControlKey": "crm",
        "parallelism": 3,
        "rate": 10,
        "period": 60,
    }


def test_a_period_is_one_second_and_other_limits_are_left_out_when_unset(local: Local) -> None:
    message_id = local.publish(Flow_Control_Key="crm", Flow_Control_Value="parallelism=3")
    message = local("GET", f"/v2/messages/{message_id}").json
    assert (message["parallelism"], message["period"], "rate" in message) == (3, 1, False)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", {}),
        ("é".encode(), {"body": "é"}),
        (b"\xff\x00", {"bodyBase64": "/wA="}),
        (b"\x00", {"body": "\x00"}),
    ],
)
def test_a_body_is_text_where_it_is_and_base64_where_not(local: Local, body: bytes, shown: dict[str, str]) -> None:
    message = local("GET", f"/v2/messages/{local.publish(body=body)}").json
    assert {name: value for name, value in message.items() if name.startswith("body")} == shown


@pytest.mark.parametrize("fields", ["body,header", "body, headers", "body,header[X-A],header[content-type]"])
def test_what_was_redacted_shows_as_its_hash(local: Local, fields: str) -> None:
    headers = {"Upstash-Redact-Fields": fields, "Upstash-Forward-X-A": "secret", "Content-Type": "secret"}
    message_id = local("POST", f"/v2/publish/{URL}", b"secret", headers).json["messageId"]
    message = local("GET", f"/v2/messages/{message_id}").json
    assert message["body"] == f"REDACTED:{SECRET}"
    assert message["header"] == {"X-A": [f"REDACTED:{SECRET}"], "Content-Type": [f"REDACTED:{SECRET}"]}
    (claimed,) = local.engine.claiming.claim(1)
    assert (claimed.body, claimed.options.headers) == (b"secret", (("X-A", "secret"), ("Content-Type", "secret")))


def test_redaction_covers_the_headers_of_callbacks(local: Local) -> None:
    message_id = local.publish(
        Redact_Fields="header[Authorization]",
        Callback=URL,
        Callback_Forward_Authorization="secret",
        Failure_Callback=URL,
        Failure_Callback_Forward_Authorization="secret",
        Failure_Callback_Forward_X="shown",
    )
    message = local("GET", f"/v2/messages/{message_id}").json
    assert message["callbackHeader"] == {"Authorization": [f"REDACTED:{SECRET}"]}
    assert message["failureCallbackHeader"] == {"Authorization": [f"REDACTED:{SECRET}"], "X": ["shown"]}


def test_what_was_redacted_leaves_through_no_callback_message(local: Local) -> None:
    local.publish(body=b"secret", Redact_Fields="body", Callback="https://a.example/cb")
    local.deliver(200, b"fine")
    (event,) = local("GET", "/v2/events?state=CREATED&url=https://a.example/cb").json["events"]
    callback = local("GET", f"/v2/messages/{event['messageId']}").json
    assert callback["body"].startswith("REDACTED:")


def test_an_unknown_message_is_404(local: Local) -> None:
    status, answer = local("GET", "/v2/messages/msg_nobody")
    assert (status, list(answer)) == (404, ["error"])


def test_a_message_is_cancelled_once(local: Local) -> None:
    message_id = local.publish(Delay="1d")
    assert local("DELETE", f"/v2/messages/{message_id}") == Got(202, {"cancelled": 1})
    assert local("DELETE", f"/v2/messages/{message_id}").status == 404


@pytest.mark.parametrize("style", ["json", "repeated", "comma"])
def test_messages_are_cancelled_by_their_ids(local: Local, style: str) -> None:
    one, two, three = (local.publish() for _ in range(3))
    match style:
        case "json":
            got = local("DELETE", "/v2/messages", {"messageIds": [one, two, "msg_nobody"]})
        case "repeated":
            got = local("DELETE", f"/v2/messages?messageIds={one}&messageIds={two}")
        case _:
            got = local("DELETE", f"/v2/messages?messageIds={one},{two}&count=100")
    assert got == Got(202, {"cancelled": 2})
    assert local("GET", f"/v2/messages/{three}").status == 200
    assert local("DELETE", "/v2/messages") == Got(202, {"cancelled": 1})


@pytest.mark.parametrize("body", [b"", {}, {"messageIds": []}], ids=str)
@pytest.mark.parametrize("path", ["/v2/messages", "/v2/messages/"])
def test_without_a_filter_everything_is_cancelled(local: Local, path: str, body: object) -> None:
    local.publish()
    local.publish(Delay="10d")
    assert local("DELETE", path, body) == Got(202, {"cancelled": 2})


@pytest.mark.parametrize(
    ("query", "cancelled"),
    [
        ("label=a", 2), ("label=a&label=b", 3), ("label=a,b", 3), ("label=a&host=b.example", 1),
        ("url=https://a.example/1", 1), ("host=a.example", 2), ("path=/2", 1), ("path=/1&path=/2", 2),
        ("flowControlKey=f", 1), ("queueName=q", 1), ("callerIp=127.0.0.1", 4), ("callerIP=10.0.0.1", 0),
        ("fromDate=1800000000000", 4), ("toDate=1799999999999", 0), ("count=1", 1), ("label=a,b&count=2", 2),
    ],
)  # fmt: skip
def test_messages_are_cancelled_by_filters(local: Local, query: str, cancelled: int) -> None:
    local.publish("https://a.example/1", Label="a,x")
    local.publish("https://a.example/2", Label="b")
    local.publish("https://b.example/3", Label="a", Flow_Control_Key="f", Flow_Control_Value="rate=1")
    local("POST", "/v2/enqueue/q/https://c.example/4")
    assert local("DELETE", f"/v2/messages?{query}") == Got(202, {"cancelled": cancelled})


def test_ids_win_over_filters(local: Local) -> None:
    message_id = local.publish(Label="a")
    local.publish(Label="b")
    assert local("DELETE", f"/v2/messages?messageIds={message_id}&label=b") == Got(202, {"cancelled": 1})
    assert local("GET", "/v2/events?state=CANCEL_REQUESTED").json["events"][0]["messageId"] == message_id


@pytest.mark.parametrize("query", ["labeel=a", "label=", "messageIds=", "count=0", "count=501", "fromDate=x"])
def test_a_filter_that_makes_no_sense_cancels_nothing(local: Local, query: str) -> None:
    message_id = local.publish()
    assert local("DELETE", f"/v2/messages?{query}").status == 400
    assert local("GET", f"/v2/messages/{message_id}").status == 200
    assert len(local.engine.claiming.claim(10)) == 1
