"""What the handler is given, and what becomes of its answer, its signals and its errors."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from qstash_integrations import Claims, NonRetryable, RetryAfter, SignatureError, current_delivery
from tests.contract.calls import Call, Reply
from tests.contract.harnesses import BODY, HARNESSES, URL, Harness, Shop, each, on_each_interface
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request
from tests.signing import ATTACKER, NEXT, NOW, signed

JSON_HEADERS = {"content-type": "application/json", "cache-control": "no-store"}


def test_H01_it_is_given_what_was_signed(shop: Shop) -> None:
    shop.send(token=signed(BODY, URL, jti="jwt_TESTONLY2"))
    assert shop.delivery.claims == Claims(
        sub="https://api.example.com/hooks/ship",
        body="3XKT8BxP0pPMcVOfen1EQ04rKCIME0YJ7v1lqltj_aA=",
        exp=NOW + 300,
        nbf=0,
        iat=NOW,
        jti="jwt_TESTONLY2",
        key="current",
    )
    assert shop.delivery.json() == {"order": "o-3c9f"}


def test_H02_the_next_key_in_use_asks_for_new_settings(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.send(token=signed(BODY, URL, key=NEXT))
    assert shop.delivery.claims.key == "next"
    assert ("qstash_integrations", logging.INFO) in [(record.name, record.levelno) for record in caplog.records]


def test_it_is_given_what_the_headers_say(shop: Shop) -> None:
    headers = {
        "Upstash-Message-Id": "msg_2VvVDsNRzvUwQq6G",
        "Upstash-Retried": "2",
        "Upstash-Schedule-Id": "scd_daily",
        "Upstash-Caller-Ip": "203.0.113.9",
        "Upstash-Topic-Name": "orders",
        "Upstash-Region": "EU-CENTRAL-1",
    }
    shop.send(headers=list(headers.items()))
    delivery = shop.delivery
    assert (delivery.message_id, delivery.retried, delivery.schedule_id) == ("msg_2VvVDsNRzvUwQq6G", 2, "scd_daily")
    assert (delivery.caller_ip, delivery.url_group, delivery.region) == ("203.0.113.9", "orders", "EU-CENTRAL-1")


RETRIED = {
    "no number": "abc",
    "negative": "-1",
    "endless": "1" * 5000,
    "a fraction": "1.5",
    "empty": "",
    "a digit of another script": "\u00b2",
    "hexadecimal": "0x1",
}


@each("retried", RETRIED, on_all=("endless",))
def test_H73_malformed_headers_count_as_absent(shop: Shop, retried: str) -> None:
    headers: list[tuple[str, str | bytes]] = [
        ("Upstash-Retried", retried),
        ("Upstash-Message-Id", "m" * 2000),
        ("Upstash-Caller-Ip", b"\xff\xfe"),
    ]
    assert shop.send(headers=headers).status == 200
    assert (shop.delivery.retried, shop.delivery.message_id, shop.delivery.caller_ip) == (None, None, None)


@on_each_interface
def test_H71_without_a_store_the_same_request_passes_again(shop: Shop) -> None:
    token = signed(BODY, URL)
    assert [shop.send(token=token).status for _ in range(2)] == [200, 200]


SIGNALS: dict[str, tuple[Exception, int, dict[str, str], bytes]] = {
    "not retryable": (
        NonRetryable(),
        489,
        {"upstash-nonretryable-error": "true", "content-length": "25"},
        b'{"error":"not retryable"}',
    ),
    "not retryable, and why": (
        NonRetryable("no order 3 in Z\u00fcrich"),
        489,
        {"upstash-nonretryable-error": "true", "content-length": "37"},
        b'{"error":"no order 3 in Z\\u00fcrich"}',
    ),
    "later": (
        RetryAfter(60),
        503,
        {"retry-after": "60", "content-length": "27"},
        b'{"error":"try again later"}',
    ),
    "later, and why": (
        RetryAfter(timedelta(milliseconds=1500), "busy"),
        503,
        {"retry-after": "2", "content-length": "16"},
        b'{"error":"busy"}',
    ),
}


@each("signal, status, headers, body", SIGNALS, on_all=("not retryable, and why", "later"), harnesses=HARNESSES)
def test_a_signal_is_answered(
    open_shop: Callable[..., Shop], signal: Exception, status: int, headers: dict[str, str], body: bytes
) -> None:
    shop = open_shop(raising(signal))
    assert shop.send() == Answer(status, {**JSON_HEADERS, **headers}, body)
    assert shop.send(b"", method="HEAD") == Answer(status, {**JSON_HEADERS, **headers}, b"")
    assert len(shop.calls) == 2


RECORDS: dict[str, tuple[Exception, int, str]] = {
    "not retryable": (
        NonRetryable("no order 3 in Z\u00fcrich\n"),
        logging.WARNING,
        "qstash message 'msg_3': NonRetryable, QStash gives it up: 'no order 3 in Z\\xfcrich\\n'",
    ),
    "not retryable without a reason": (
        NonRetryable(),
        logging.WARNING,
        "qstash message 'msg_3': NonRetryable, QStash gives it up",
    ),
    "later": (
        RetryAfter(60, "busy"),
        logging.INFO,
        "qstash message 'msg_3': RetryAfter, QStash comes again in 60 seconds: 'busy'",
    ),
}


@each("signal, level, text", RECORDS, on_all=("not retryable", "later"), harnesses=HARNESSES)
def test_a_signal_has_one_record(
    open_shop: Callable[..., Shop], signal: Exception, level: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_shop(raising(signal)).send(headers=[("Upstash-Message-Id", "msg_3")])
    told = [record for record in caplog.records if "qstash message" in record.getMessage()]
    assert [(record.name, record.levelno, record.getMessage()) for record in told] == [
        ("qstash_integrations", level, text)
    ]


ERRORS = {"H65 its own": LookupError("no such order"), "H66 one of ours": SignatureError("expired", "not the request")}


@each("error", ERRORS, on_all=("H65 its own",), harnesses=HARNESSES)
def test_an_error_passes_through_untouched(open_shop: Callable[..., Shop], error: Exception) -> None:
    shop = open_shop(raising(error))
    with pytest.raises(type(error)) as caught:
        shop.send()
    assert caught.value is error
    assert len(shop.calls) == 1


def test_H67_every_part_of_a_stream_arrives(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(replying(Reply(parts=(b"one ", b"two ", b"three ", b"four ", b"five"))))
    assert shop.send().body == b"one two three four five"


REPLIES = {
    "H68 no content": Reply(204, {"x-order": "3"}, b""),
    "H68 not modified": Reply(304, {"x-order": "3"}, b""),
    "H68 not retryable": Reply(489, {"x-order": "3", "upstash-nonretryable-error": "true"}, b"never"),
    "an error": Reply(500, {"x-order": "3"}, b"broken"),
    "a refusal of its own": Reply(401, {"x-order": "3"}, b"who are you"),
}


@each("reply", REPLIES, on_all=("H68 no content", "H68 not retryable"), harnesses=HARNESSES)
def test_the_reply_is_passed_on_unchanged(open_shop: Callable[..., Shop], reply: Reply) -> None:
    answer = open_shop(replying(reply)).send()
    assert (answer.status, answer.body) == (reply.status, reply.body)
    assert {name: answer.headers[name] for name in reply.headers} == reply.headers


def test_H70_many_at_once_do_not_see_each_other(open_shop: Callable[..., Shop], harness: Harness) -> None:
    shop = open_shop(echo)
    bodies = [b'{"order":%d}' % number for number in range(200)]
    requests = [
        Request(
            "/hooks/ship",
            [("Upstash-Signature", signed(body, URL, key=ATTACKER) if number % 2 else signed(body, URL))],
            [body[:5], body[5:]],
        )
        for number, body in enumerate(bodies)
    ]
    answers = harness.serve_at_once(shop.app, requests)
    assert [answer.body for answer in answers[::2]] == bodies[::2]
    assert answers[1::2] == [REJECTED] * 100
    assert len(shop.calls) == 100


def replying(reply: Reply) -> Callable[[Call], Reply]:
    return lambda call: reply


def raising(error: Exception) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        raise error

    return handler


def echo(call: Call) -> Reply:
    assert call.delivery.body == call.shown["body"]  # type: ignore[attr-defined]
    assert current_delivery() is call.delivery
    return Reply(body=call.shown["body"])
