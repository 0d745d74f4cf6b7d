"""From the head and the body of a request to a delivery or an answer, and what the log says of it."""

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from qstash_integrations import Delivery, NonRetryable, Receiver, RetryAfter
from qstash_integrations._core.receiving.answers import (
    ALREADY_DONE,
    BODY_TIMED_OUT,
    BODY_TOO_LARGE,
    INCOMPLETE_BODY,
    LENGTH_REQUIRED,
    REJECTED,
    STORE_UNAVAILABLE,
    Answer,
    answer_signal,
    in_progress,
)
from qstash_integrations._core.receiving.guard import Guard
from qstash_integrations._core.receiving.head import Head
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.receiving.same import Same, exactly
from qstash_integrations._core.receiving.urls import PublicUrls
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, ORIGIN, signed

JSON_HEADERS = (("content-type", "application/json"), ("cache-control", "no-store"))


def head(body: bytes = b"hi", **change: Any) -> Head:
    headers: dict[str, str] = change.pop("headers", {})
    token = signed(body, ORIGIN + "/hooks/ship", **change.pop("claims", {}))
    fields: dict[str, Any] = {
        "method": "POST",
        "target": "/hooks/ship",
        "signature": token,
        "root_path": "",
        "length": str(len(body)),
        "reads_unknown_length": True,
        "headers": lambda names: [headers.get(name) for name in names],
        **change,
    }
    return Head(**fields)


def guard(**options: Any) -> Guard:
    receiver = Receiver(CURRENT, NEXT, now=lambda: NOW)
    return Guard(receiver, PublicUrls((ORIGIN,)), **options)


def outcome(guard: Guard, head: Head, body: bytes = b"hi") -> Delivery | Answer:
    claims = guard.admit(head)
    return claims if isinstance(claims, Answer) else guard.deliver(claims, body, head)


def test_a_genuine_request_becomes_a_delivery() -> None:
    headers = {"upstash-message-id": "msg_1", "upstash-retried": "2", "upstash-topic-name": "orders"}
    delivery = outcome(guard(), head(b'{"id":3}', headers=headers), b'{"id":3}')
    assert isinstance(delivery, Delivery)
    assert (delivery.message_id, delivery.retried, delivery.url_group) == ("msg_1", 2, "orders")
    assert delivery.json() == {"id": 3}


@pytest.mark.parametrize("retried", ["abc", "-1", "1" * 5000, "1.5", ""])
def test_a_malformed_unsigned_header_counts_as_absent(retried: str) -> None:
    delivery = outcome(guard(), head(headers={"upstash-retried": retried}))
    assert isinstance(delivery, Delivery)
    assert delivery.retried is None


REFUSED: dict[str, tuple[Answer, dict[str, Any]]] = {
    "unsigned": (REJECTED, {"signature": None}),
    "forged": (REJECTED, {"claims": {"key": ATTACKER}}),
    "for another path": (REJECTED, {"target": "/hooks/other"}),
    "of unknown length": (LENGTH_REQUIRED, {"length": None, "reads_unknown_length": False}),
    "too large by its own word": (BODY_TOO_LARGE, {"length": "2000"}),
    "unsigned and too large": (REJECTED, {"signature": None, "length": "2000"}),
    "unsigned and of unknown length": (REJECTED, {"signature": None, "length": None, "reads_unknown_length": False}),
}


@pytest.mark.parametrize(("answer", "change"), REFUSED.values(), ids=REFUSED)
def test_a_request_is_refused_by_its_head(answer: Answer, change: dict[str, Any]) -> None:
    assert guard(max_body_size=1000).admit(head(**change)) == answer


def test_a_body_over_the_limit_is_refused_whatever_its_head_said() -> None:
    assert outcome(guard(max_body_size=3), head(b"hihi", length=None), b"hihi") == BODY_TOO_LARGE


def test_a_body_of_exactly_the_limit_passes() -> None:
    assert isinstance(outcome(guard(max_body_size=2), head()), Delivery)


def test_another_body_is_refused() -> None:
    assert outcome(guard(), head(b"hi"), b"ho") == REJECTED


def test_a_failure_of_our_own_rejects_and_names_only_its_class(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool:
            raise RuntimeError(f"a text with {signed_url}")

        def bases(self) -> tuple[str, ...]:
            return ()

        def describe(self, head: Head) -> str:
            return ""

    broken = Guard(Receiver(CURRENT, NEXT, now=lambda: NOW), Broken())
    assert broken.admit(head()) == REJECTED
    assert caplog.messages == ["qstash verification failed with RuntimeError; the request was rejected"]


@pytest.mark.parametrize("given", [None, True, SimpleNamespace(sub=ORIGIN + "/hooks/other", key="current")], ids=str)
def test_a_receiver_that_gives_neither_claims_nor_a_refusal_lets_nobody_in(given: Any) -> None:
    class Careless(Receiver):
        def authenticate(self, *_: Any) -> Any:
            return given

    assert Guard(Careless(CURRENT, NEXT), PublicUrls((ORIGIN,))).admit(head()) == REJECTED


FIXED_ANSWERS = {
    "rejected": (REJECTED, 401, b'{"error":"invalid signature"}', (("www-authenticate", "Upstash-Signature"),)),
    "incomplete": (INCOMPLETE_BODY, 400, b'{"error":"incomplete body"}', ()),
    "timed out": (BODY_TIMED_OUT, 408, b'{"error":"body timeout"}', ()),
    "no length": (LENGTH_REQUIRED, 411, b'{"error":"length required"}', ()),
    "too large": (BODY_TOO_LARGE, 413, b'{"error":"body too large"}', ()),
    "duplicate of one at work": (
        in_progress(899.2),
        409,
        b'{"error":"delivery in progress"}',
        (("retry-after", "900"),),
    ),
    "duplicate of one whose lease ends": (
        in_progress(0.0),
        409,
        b'{"error":"delivery in progress"}',
        (("retry-after", "1"),),
    ),
    "duplicate of one that is done": (ALREADY_DONE, 200, b'{"duplicate":true}', ()),
    "store unavailable": (STORE_UNAVAILABLE, 503, b'{"error":"duplicate protection unavailable"}', ()),
    "not retryable": (
        answer_signal(NonRetryable()),
        489,
        b'{"error":"not retryable"}',
        (("upstash-nonretryable-error", "true"),),
    ),
    "not retryable, with a text": (
        answer_signal(NonRetryable("no such order")),
        489,
        b'{"error":"no such order"}',
        (("upstash-nonretryable-error", "true"),),
    ),
    "later": (answer_signal(RetryAfter(60)), 503, b'{"error":"try again later"}', (("retry-after", "60"),)),
    "later, rounded up": (
        answer_signal(RetryAfter(timedelta(milliseconds=1500), "busy")),
        503,
        b'{"error":"busy"}',
        (("retry-after", "2"),),
    ),
}


@pytest.mark.parametrize(("answer", "status", "body", "more"), FIXED_ANSWERS.values(), ids=FIXED_ANSWERS)
def test_the_answers_are_these_bytes(answer: Answer, status: int, body: bytes, more: Any) -> None:
    assert answer == Answer(status, JSON_HEADERS + more, body)


@pytest.mark.parametrize("delay", [-1, "60", None, float("nan"), True])
def test_a_delay_that_is_none_is_refused_where_it_is_made(delay: object) -> None:
    with pytest.raises(ValueError, match="RetryAfter takes a number of seconds"):
        RetryAfter(delay)


def test_the_record_of_a_wrong_url_names_both_and_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    guard().admit(head(target="/hooks/other?token=secret"))
    assert caplog.messages == [
        "qstash request rejected: reason=url_mismatch method='POST' path='/hooks/other': "
        "signed_url='https://api.example.com/hooks/ship' expected_url='https://api.example.com/hooks/other'; "
        "if the signed URL is this app's, set QSTASH_PUBLIC_URL to its origin, with the path prefix if any"
    ]


def test_queries_are_shown_only_when_they_are_what_differs(caplog: pytest.LogCaptureFixture) -> None:
    guard().admit(head(target="/hooks/ship?user=2", claims={"sub": ORIGIN + "/hooks/ship?user=1"}))
    assert "signed_url='https://api.example.com/hooks/ship?user=1'" in caplog.text
    assert "expected_url='https://api.example.com/hooks/ship?user=2'" in caplog.text


def test_control_characters_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    guard().admit(head(claims={"sub": "https://evil.example/\r\n\x1b[31mfake"}))
    assert "\\r\\n\\x1b[31mfake" in caplog.text
    assert "\x1b" not in caplog.messages[0]


def test_a_body_that_is_late_or_taken_is_answered_with_a_record_that_names_the_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert (guard(body_timeout=2.5).too_late(head()), guard().taken(head())) == (BODY_TIMED_OUT, REJECTED)
    late, taken = caplog.messages
    assert "the body did not arrive within body_timeout (2.5 seconds)" in late
    assert "the body was read before it could be verified" in taken


def test_a_flood_of_one_reason_is_one_record_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    seconds = [0.0]
    flooded = guard(reporter=Reporter(now=lambda: seconds[0]))
    for _ in range(1000):
        flooded.admit(head(signature=None))
    flooded.admit(head(signature="garbage"))
    assert [message.split()[3] for message in caplog.messages] == ["reason=missing", "reason=malformed"]
    seconds[0] = 60.0
    flooded.admit(head(signature=None))
    assert caplog.messages[-1].endswith(" (999 more since the last such record)")


def test_the_next_key_in_use_asks_for_new_settings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert isinstance(outcome(guard(), head(claims={"key": NEXT})), Delivery)
    assert caplog.messages == [
        "qstash signs with the next signing key: the keys were rotated: update QSTASH_CURRENT_SIGNING_KEY and "
        "QSTASH_NEXT_SIGNING_KEY from the console; with a KeyRing there is nothing to do"
    ]


def test_the_region_header_chooses_among_our_own_keys() -> None:
    regional = {"US_EAST_1": Receiver(ATTACKER, None, now=lambda: NOW)}
    request = head(claims={"key": ATTACKER}, headers={"upstash-region": "us-east-1"})
    assert isinstance(outcome(guard(regional=regional), request), Delivery)
    elsewhere = head(claims={"key": ATTACKER}, headers={"upstash-region": "EU-CENTRAL-1"})
    assert outcome(guard(regional=regional), elsewhere) == REJECTED
