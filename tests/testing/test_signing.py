"""``sign``: the headers of a genuine delivery, and of every kind of wrong one."""

import time
from typing import Any

import pytest

from qstash_integrations import ConfigurationError, Receiver, SignatureError
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.testing import sign
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN

URL = f"{ORIGIN}/hooks/ship"
BODY = b'{"id": 3}'
RECEIVER = Receiver(CURRENT, NEXT)


def test_what_is_signed_is_genuine() -> None:
    headers = sign(url=URL, body=BODY, key=CURRENT)
    assert RECEIVER.verify(signature=headers["Upstash-Signature"], body=BODY, url=URL).key == "current"


def test_the_headers_are_those_that_qstash_sends() -> None:
    headers = sign(url=URL, body="text", key=NEXT, message_id="msg_1", retried=2)
    assert {name: value for name, value in headers.items() if name != "Upstash-Signature"} == {
        "Upstash-Message-Id": "msg_1",
        "Upstash-Retried": "2",
    }
    assert RECEIVER.verify(signature=headers["Upstash-Signature"], body=b"text", url=URL).key == "next"


def test_E9_the_odd_nbf_that_production_has_sent_can_be_tried() -> None:
    """Go's zero time: a verifier that wants a date of this century turns genuine deliveries away."""
    headers = sign(url=URL, body=BODY, key=CURRENT, nbf=-62_135_596_800)
    assert RECEIVER.verify(signature=headers["Upstash-Signature"], body=BODY, url=URL).nbf == -62_135_596_800


def test_every_delivery_is_one_of_its_own() -> None:
    first, second = (sign(url=URL, key=CURRENT) for _ in range(2))
    assert first["Upstash-Message-Id"] != second["Upstash-Message-Id"]
    assert first["Upstash-Signature"] != second["Upstash-Signature"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another key": ({"key": ATTACKER}, "wrong_key"),
    "another issuer": ({"iss": "Evil"}, "issuer"),
    "no issuer": ({"iss": None}, "issuer"),
    "another url": ({"sub": "https://evil.example"}, "url_mismatch"),
    "no url": ({"sub": None}, "malformed"),
    "expired": ({"exp": 0}, "expired"),
    "no end": ({"exp": None}, "malformed"),
    "not yet valid": ({"nbf": 2**40}, "not_yet_valid"),
    "an audience": ({"aud": "others"}, "malformed"),
    "an iat that is none": ({"iat": "today"}, "malformed"),
    "a jti that is none": ({"jti": 3}, "malformed"),
    "another body": ({"body": b"other"}, "body_mismatch"),
    "a body claim that is no hash": ({"body_hash": "no hash"}, "body_mismatch"),
    "no body claim": ({"body_hash": None}, "malformed"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG)
def test_every_claim_can_be_wrong(change: dict[str, Any], reason: str) -> None:
    request: dict[str, Any] = {"url": URL, "body": BODY, "key": CURRENT, **change}
    headers = sign(**request)
    with pytest.raises(SignatureError) as refused:
        RECEIVER.verify(signature=headers["Upstash-Signature"], body=BODY, url=URL)
    assert refused.value.reason == reason


def test_the_key_is_the_apps_own_by_default() -> None:
    with override_settings(QSTASH_CURRENT_SIGNING_KEY=CURRENT):
        signature = sign(url=URL)["Upstash-Signature"]
    assert RECEIVER.verify(signature=signature, body=b"", url=URL).sub == URL


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"):
        sign(url=URL)


def test_it_is_valid_now() -> None:
    claims = RECEIVER.verify(signature=sign(url=URL, key=CURRENT)["Upstash-Signature"], body=b"", url=URL)
    assert 290 < claims.exp - time.time() <= 300
