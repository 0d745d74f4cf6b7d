"""From a stored message to a signed request, and from an answer to an outcome."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.attempt import answer_limit, no_answer, outcome_of, signed_request
from qstash_integrations.server.model import CallbackOptions, Keys, Message, Options
from qstash_integrations.server.signature import sign
from tests.signing import CURRENT, NEXT, NOW

KEYS = Keys(current=CURRENT, next=NEXT)
URL = "https://shop.example/hook?a=1"


_MESSAGE = Message(
    seq=1,
    id="msg_1",
    state="active",
    url=URL,
    body=b'{"order":42}',
    options=Options(),
    created_at=NOW,
    not_before_at=NOW,
    due_at=NOW,
    retried=0,
    queue=None,
    flow_key=None,
    topic=None,
    endpoint=None,
    schedule_id=None,
    caller_ip="",
    source=None,
    cancel_requested=False,
    finished_at=None,
    ended=None,
)


def message(**fields: Any) -> Message:
    return replace(_MESSAGE, **fields)


def test_a_signature_is_the_one_that_qstash_makes() -> None:
    token = sign(
        URL, b'{"order":42}', "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", 1767225900.9, jti="jwt_2VvVDsNRzvUwQq6Gm5sVZk1YxQpL"
    )
    assert token == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJhdWQiOiIiLCJib2R5IjoiVkpoZHc4RXZyYWVoc2R0VHp5UFR5OVM4dm1UaHp2bFFjZUlIUGl6djlPMD0iLCJleHAiOjE3NjcyMjYyMDAs"
        "ImlhdCI6MTc2NzIyNTkwMCwiaXNzIjoiVXBzdGFzaCIsImp0aSI6Imp3dF8yVnZWRHNOUnp2VXdRcTZHbTVzVlprMVl4UXBMIiwibmJmIjow"
        "LCJzdWIiOiJodHRwczovL3Nob3AuZXhhbXBsZS9ob29rP2E9MSJ9."
        "W90zVGFWN2WL1O3DbJ-HpFSEV9SBSnBup4N_a5btEy0"
    )


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8000", "https://a.example/a%20b/../c//?x={y}|z"])
@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"x" * 100_000])
def test_our_receiver_accepts_what_is_signed(url: str, body: bytes) -> None:
    request = signed_request(message(url=url, body=body), KEYS, NOW)
    receiver = Receiver(CURRENT, NEXT, now=lambda: NOW)
    claims = receiver.verify(signature=dict(request.headers)["Upstash-Signature"], body=request.body, url=request.url)
    assert claims.sub == url
    assert claims.key == "current"


@pytest.mark.parametrize("url", ["https://a.example/x?y=1", 'https://a.example/\xe9"\\', "http://127.0.0.1:8000/"])
def test_a_signature_is_byte_for_byte_what_pyjwt_makes_of_its_claims(url: str) -> None:
    signature = sign(url, b"\x00\xff", CURRENT, NOW)
    claims: dict[str, Any] = jwt.decode(signature, options={"verify_signature": False})
    assert signature == jwt.encode(claims, CURRENT, "HS256", sort_headers=True)


def test_every_attempt_has_a_signature_of_its_own() -> None:
    first, second = (dict(signed_request(message(), KEYS, NOW).headers)["Upstash-Signature"] for _ in range(2))
    assert first != second


def test_a_delivery_carries_what_was_forwarded_and_what_qstash_says_of_it() -> None:
    request = signed_request(
        message(
            options=Options(method="PUT", headers=(("Content-Type", "application/json"), ("X-Tenant", "42"))),
            retried=2,
            topic="signups",
            schedule_id="nightly",
            caller_ip="203.0.113.9",
        ),
        KEYS,
        NOW,
    )
    assert (request.method, request.url, request.body) == ("PUT", URL, b'{"order":42}')
    assert [(name, value) for name, value in request.headers if name != "Upstash-Signature"] == [
        ("User-Agent", "Upstash-QStash"),
        ("Content-Type", "application/json"),
        ("X-Tenant", "42"),
        ("Upstash-Message-Id", "msg_1"),
        ("Upstash-Retried", "2"),
        ("Upstash-Topic-Name", "signups"),
        ("Upstash-Schedule-Id", "nightly"),
        ("Upstash-Caller-Ip", "203.0.113.9"),
        ("Upstash-Hops", "1"),
    ]


def test_a_forwarded_user_agent_takes_the_place_of_our_own() -> None:
    request = signed_request(message(options=Options(headers=(("User-Agent", "mine"),))), KEYS, NOW)
    assert [value for name, value in request.headers if name == "User-Agent"] == ["mine"]


def test_no_region_is_claimed_since_receivers_would_look_for_its_keys() -> None:
    assert "Upstash-Region" not in dict(signed_request(message(), KEYS, NOW).headers)


def test_a_request_prints_neither_signature_nor_body() -> None:
    printed = repr(signed_request(message(), KEYS, NOW))
    assert "order" not in printed
    assert "eyJ" not in printed


def test_the_claims_are_those_of_production() -> None:
    claims: dict[str, Any] = jwt.decode(  # pyright: ignore[reportUnknownMemberType]
        sign(URL, b"", CURRENT, NOW), options={"verify_signature": False}
    )
    assert claims.pop("jti").startswith("jwt_")
    assert claims == {
        "aud": "",
        "body": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        "exp": NOW + 300,
        "iat": NOW,
        "iss": "Upstash",
        "nbf": 0,
        "sub": URL,
    }


@pytest.mark.parametrize("status", [200, 204, 299, 302, 404, 489, 599])
def test_an_answer_is_kept_with_its_status(status: int) -> None:
    outcome = outcome_of(status, [("Retry-After", "5")], b"answer")
    assert (outcome.status, outcome.headers, outcome.body, outcome.error) == (
        status, (("Retry-After", "5"),), b"answer", ""
    )  # fmt: skip
    assert outcome.delivered is (status < 300)


@pytest.mark.parametrize("status", [0, 99, 600, 999])
def test_a_status_that_http_does_not_know_is_no_answer(status: int) -> None:
    outcome = outcome_of(status, [], b"")
    assert outcome == no_answer(f"the answer's status {status} is none that HTTP knows; answer with 200 to 599")
    assert not outcome.delivered


def test_headers_of_an_answer_have_one_spelling() -> None:
    outcome = outcome_of(200, [("content-type", "text/plain"), ("X-RateLimit-RESET", "1"), ("ETag", '"x"')], b"")
    assert [name for name, _ in outcome.headers] == ["Content-Type", "X-Ratelimit-Reset", "Etag"]


def test_what_is_too_large_of_an_answer_is_left_out() -> None:
    outcome = outcome_of(200, [(f"X-{n}", "v") for n in range(100)], b"x" * 100, limit=10)
    assert len(outcome.headers) == 64
    assert outcome.body == b"x" * 10
    assert outcome_of(200, [("A", "1"), ("X", "y" * 20_000), ("B", "2")], b"").headers == (("A", "1"),)


def test_more_of_an_answer_is_kept_for_a_callback() -> None:
    assert answer_limit(message()) == 64 * 1024
    assert answer_limit(message(options=Options(callback=CallbackOptions(url=URL)))) == 1024 * 1024
