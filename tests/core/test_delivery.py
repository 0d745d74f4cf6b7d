"""What a delivery carries, and callbacks as QStash sends them."""

import base64
import json
from typing import Any

import pytest

from qstash_integrations import Callback, Claims, Delivery

CLAIMS = Claims(sub="https://api.example.com/hook", body="", exp=1, nbf=0, iat=0, jti="jwt_1", key="current")
FAILED: dict[str, Any] = {
    "status": 503,
    "header": {"Content-Type": ["text/plain"], "Retry-After": ["5"]},
    "body": "YnVzeQ==",
    "retried": 3,
    "maxRetries": 3,
    "dlqId": "1767226012345-7",
    "sourceMessageId": "msg_26hZCxZCuWyyTWPmSVBrNB882AMRP",
    "topicName": "orders",
    "endpointName": "shop",
    "url": "https://shop.example/hook",
    "method": "PUT",
    "sourceHeader": {"Content-Type": ["application/json"]},
    "sourceBody": "eyJpZCI6M30=",
    "notBefore": 1767225900000,
    "createdAt": 1767225899000,
    "scheduleId": "scd_daily",
    "callerIP": "203.0.113.9",
}
SMALLEST = {"sourceMessageId": "msg_1", "url": "https://shop.example/hook"}


def delivery(body: bytes, **headers: str) -> Delivery:
    return Delivery.of(CLAIMS, body, lambda names: map(headers.get, names))


def callback(fields: Any) -> Callback:
    return Callback.from_delivery(delivery(json.dumps(fields).encode()))


def test_the_body_reads_as_json() -> None:
    assert delivery(b'{"id":3}').json() == {"id": 3}
    with pytest.raises(ValueError, match="Expecting value"):
        delivery(b"three").json()


def test_its_repr_shows_no_body_and_no_claims() -> None:
    shown = repr(delivery(b"the body", **{"upstash-message-id": "msg_1", "upstash-retried": "2"}))
    assert shown == "Delivery(message_id='msg_1', retried=2, body=8 bytes)"


@pytest.mark.parametrize("text", ["", "\u00e9", "a\nb", "a\x1b[31m", "m" * 1025], ids=ascii)
def test_a_malformed_header_counts_as_absent(text: str) -> None:
    headers = ("message-id", "schedule-id", "caller-ip", "topic-name", "region")
    given = delivery(b"", **{f"upstash-{name}": text for name in headers})
    assert given == Delivery(body=b"", claims=CLAIMS)


def test_it_knows_the_row_of_an_outbox_and_how_it_came() -> None:
    given = Delivery.of(CLAIMS, b"", lambda names: map({"qstash-outbox": "0197"}.get, names), "PUT")
    assert (given.outbox_id, given.method) == ("0197", "PUT")


@pytest.mark.parametrize(("text", "retried"), [("0", 0), ("3", 3), ("999999999", 999999999), ("1000000000", None)])
def test_the_retries_are_a_number(text: str, retried: int | None) -> None:
    assert delivery(b"", **{"upstash-retried": text}).retried == retried


def test_a_failure_callback_is_read() -> None:
    assert callback(FAILED) == Callback(
        status=503,
        headers={"Content-Type": ("text/plain",), "Retry-After": ("5",)},
        body=b"busy",
        retried=3,
        max_retries=3,
        source_message_id="msg_26hZCxZCuWyyTWPmSVBrNB882AMRP",
        url="https://shop.example/hook",
        method="PUT",
        source_headers={"Content-Type": ("application/json",)},
        source_body=b'{"id":3}',
        dlq_id="1767226012345-7",
        url_group="orders",
        endpoint="shop",
        schedule_id="scd_daily",
        caller_ip="203.0.113.9",
        not_before=1767225900000,
        created_at=1767225899000,
    )


def test_what_is_not_there_is_empty() -> None:
    assert callback(SMALLEST) == Callback(
        status=0,
        headers={},
        body=b"",
        retried=0,
        max_retries=0,
        source_message_id="msg_1",
        url="https://shop.example/hook",
        method="POST",
        source_headers={},
        source_body=b"",
    )


def test_the_spellings_of_the_documentation_are_understood() -> None:
    read = callback({**FAILED, "notBefore": "1767225900000", "sourceHeader": {"Content-Type": "application/json"}})
    assert (read.not_before, read.source_headers) == (1767225900000, {"Content-Type": ("application/json",)})


def test_a_binary_body_survives() -> None:
    assert callback({**SMALLEST, "body": base64.b64encode(b"\xff\x00").decode()}).body == b"\xff\x00"


NONRETRYABLE = {"Upstash-Nonretryable-Error": ["true"]}
FINAL: dict[str, tuple[dict[str, Any], bool]] = {
    "delivered": ({"status": 204, "maxRetries": 3}, True),
    "failed, retries left": ({"status": 500, "retried": 1, "maxRetries": 3}, False),
    "failed, the last retry": ({"status": 500, "retried": 3, "maxRetries": 3}, True),
    "no answer, retries left": ({"status": 0, "retried": 1, "maxRetries": 3}, False),
    "in the dead letter queue": ({"status": 500, "retried": 1, "maxRetries": 3, "dlqId": "1-1"}, True),
    "not retryable": ({"status": 489, "maxRetries": 3, "header": NONRETRYABLE}, True),
    "489 alone": ({"status": 489, "maxRetries": 3}, False),
    "the header alone": ({"status": 500, "maxRetries": 3, "header": NONRETRYABLE}, False),
}


@pytest.mark.parametrize(("fields", "final"), FINAL.values(), ids=FINAL)
def test_a_callback_tells_whether_another_attempt_follows(fields: dict[str, Any], final: bool) -> None:
    assert callback({**SMALLEST, **fields}).final is final


NONE: dict[str, tuple[Any, str]] = {
    "a list": ([], "the body of a callback must be a JSON object"),
    "no message": ({"url": "https://shop.example/hook"}, "the callback has no sourceMessageId"),
    "no URL": ({"sourceMessageId": "msg_1"}, "the callback has no url"),
    "a status in words": ({**SMALLEST, "status": "ok"}, "the callback's status is not a whole number"),
    "a status that is true": ({**SMALLEST, "status": True}, "the callback's status is not a whole number"),
    "half a retry": ({**SMALLEST, "retried": 0.5}, "the callback's retried is not a whole number"),
    "a number of many digits": (
        {**SMALLEST, "createdAt": "9" * 5000},
        "the callback's createdAt is not a whole number",
    ),
    "a body that is no base64": ({**SMALLEST, "body": "x"}, "the callback's body is not base64"),
    "a body that is an object": ({**SMALLEST, "sourceBody": {"id": 3}}, "the callback's sourceBody is not base64"),
    "headers in a list": ({**SMALLEST, "header": ["a"]}, "the callback's header is not an object"),
    "a header that is a number": (
        {**SMALLEST, "header": {"Age": 3}},
        "the callback's header 'Age' is not a text or a list of texts",
    ),
    "a header of numbers": (
        {**SMALLEST, "sourceHeader": {"Age": [3]}},
        "the callback's sourceHeader 'Age' is not a text or a list of texts",
    ),
}


@pytest.mark.parametrize(("fields", "problem"), NONE.values(), ids=NONE)
def test_what_is_no_callback_is_refused_by_name(fields: Any, problem: str) -> None:
    with pytest.raises(ValueError, match="callback") as caught:
        callback(fields)
    assert str(caught.value) == problem


def test_a_body_that_is_no_json_is_no_callback() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Callback.from_delivery(delivery(b"three"))
