"""``Receiver({...}).verify({...})``: True or an exception, decided as everywhere else in this package."""

import traceback
from typing import Any

import pytest

from qstash_integrations import ConfigurationError, SignatureError
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.compat import QstashException, Receiver, SignatureException
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

CONFIG = {"current_signing_key": CURRENT, "next_signing_key": NEXT}
URL = f"{ORIGIN}/hooks/ship"
# The receiver of the original package has no clock to move.
FOREVER: dict[str, Any] = {"exp": 2**40}
GENUINE = {"signature": signed(b"hi", URL, **FOREVER), "body": "hi", "url": URL}
DEV_KEYS = {
    "current_signing_key": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "next_signing_key": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"body": b"hi"},
        {"url": None},
        {"clock_tolerance": 0},
        {"signature": signed(b"hi", URL, key=NEXT, **FOREVER)},
        {"signature": signed(b"hi", URL, exp=2**40).encode()},
    ],
    ids=["genuine", "bytes", "url is None", "with a tolerance", "the next key", "a signature in bytes"],
)
def test_a_genuine_request_is_true(change: dict[str, Any]) -> None:
    assert Receiver(CONFIG).verify({**GENUINE, **change}) is True


def test_the_url_is_optional() -> None:
    assert Receiver(CONFIG).verify({"signature": GENUINE["signature"], "body": "hi"}) is True


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "another body": ({"body": "ho"}, "body_mismatch"),
    "another url": ({"url": f"{ORIGIN}/hooks/pay"}, "url_mismatch"),
    "another key": ({"signature": signed(b"hi", URL, key=ATTACKER, **FOREVER)}, "wrong_key"),
    "expired": ({"signature": signed(b"hi", URL, exp=1)}, "expired"),
    "no token": ({"signature": "forged"}, "malformed"),
    "no header": ({"signature": None}, "missing"),
}


@pytest.mark.parametrize(("change", "reason"), BAD.values(), ids=BAD)
def test_a_bad_request_is_a_signature_exception(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(SignatureException) as caught:
        Receiver(CONFIG).verify({**GENUINE, **change})
    assert isinstance(caught.value, SignatureError)
    assert caught.value.reason == reason


INCOMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "a key": ({"current_signing_key": CURRENT}, "next_signing_key missing; copy both keys from the QStash console"),
    "both keys": (
        {},
        "current_signing_key and next_signing_key missing; copy both keys from the QStash console",
    ),
}


@pytest.mark.parametrize(("config", "message"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_missing_keys_are_named(config: dict[str, str], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        Receiver(config)
    assert str(caught.value) == message


def test_a_missing_part_is_named() -> None:
    with pytest.raises(TypeError, match=r"^body missing in what is to be verified$"):
        Receiver(CONFIG).verify({"signature": GENUINE["signature"]})
    with pytest.raises(TypeError, match=r"^signature and body missing in what is to be verified$"):
        Receiver(CONFIG).verify({"url": URL})
    with pytest.raises(TypeError, match=r"^unknown part of the request 'ulr'; did you mean 'url'"):
        Receiver(CONFIG).verify({**GENUINE, "ulr": URL})


@pytest.mark.parametrize("key", ["", "CURRENT_SIGNING_KEY", None])
def test_a_key_that_is_none_is_refused(key: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^current_signing_key "):
        Receiver({**CONFIG, "current_signing_key": key})


def test_published_keys_are_for_this_machine_only() -> None:
    with pytest.raises(QstashException, match="published key of local development"):
        Receiver(DEV_KEYS)
    token = signed(b"hi", URL, key=DEV_KEYS["current_signing_key"], **FOREVER)
    with override_settings(QSTASH_URL="http://127.0.0.1:8080"):
        receiver = Receiver(DEV_KEYS)
    assert receiver.verify({"signature": token, "body": "hi", "url": URL}) is True


def test_neither_keys_nor_signature_nor_body_show() -> None:
    secret = "sig_TESTONLYsecret0000000000000S"
    config = {"current_signing_key": secret, "next_signing_key": secret}
    forged = {"signature": secret, "body": secret, "url": URL}
    receiver = Receiver(config)
    assert repr(receiver) == "Receiver(***)"
    for fail in (
        lambda: Receiver({**config, "next_signing_key": "short"}),
        lambda: Receiver({"next_signing_key": secret}),
        lambda: Receiver({**config, "key": secret}),
        lambda: receiver.verify(forged),
        lambda: receiver.verify({"body": secret}),
        lambda: receiver.verify({**forged, "other": secret}),
    ):
        with pytest.raises((TypeError, QstashException)) as caught:
            fail()
        assert secret not in str(caught.value)
        frames = [
            repr(frame.f_locals)
            for frame, _ in traceback.walk_tb(caught.value.__traceback__)
            if "/qstash_integrations/" in frame.f_code.co_filename
        ]
        assert secret not in "".join(frames)
