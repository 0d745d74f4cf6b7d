"""What a Receiver accepts, what it refuses and what it says."""

import base64
import copy
import hmac
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from qstash_integrations import Claims, ConfigurationError, Receiver, SignatureError
from qstash_integrations._core.receiving.token import Refusal
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, ORIGIN, signed

URL = ORIGIN + "/hooks/ship"
# Typed in part only.
PYJWT: Any = jwt
CASES = json.loads((Path(__file__).parents[1] / "data" / "verification_cases.json").read_text())


def receiver(**options: Any) -> Receiver:
    defaults: dict[str, Any] = {"now": lambda: NOW}
    return Receiver(CURRENT, NEXT, **{**defaults, **options})


def material(case: dict[str, Any], name: str) -> bytes:
    """A case's token or body, written as base64 or as a list of repeated chunks."""
    if case.get(f"{name}_b64") is not None:
        return base64.b64decode(case[f"{name}_b64"])
    return b"".join(base64.b64decode(chunk) * count for chunk, count in case[f"{name}_pattern"])


def decide(case: dict[str, Any]) -> str:
    token = case["token"] if case.get("token") is not None else material(case, "token")
    body = material(case, "body")
    keys = case["keys"]
    try:
        checker = Receiver(
            keys["current"], keys["next"], clock_tolerance=case["clock_tolerance"], now=lambda: case["now"]
        )
        checker.verify(signature=token, body=body, url=case["url"])
    except ConfigurationError:
        return "reject" if case["category"] == "keys" else "wrong error"
    except SignatureError:
        return "reject"
    return "accept"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_attack_case_is_decided_as_it_must_be(case: dict[str, Any]) -> None:
    assert decide(case) == case["expect"]
    if case.get("max_ms"):
        # What else the machine does may spoil a try, or some.
        assert min(milliseconds(case) for _ in range(5)) < case["max_ms"]


def milliseconds(case: dict[str, Any]) -> float:
    started_at = time.perf_counter()
    decide(case)
    return (time.perf_counter() - started_at) * 1000


def test_the_published_test_vector_is_accepted() -> None:
    token = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJhdWQiOiIiLCJib2R5IjoiVkpoZHc4RXZyYWVoc2R0VHp5UFR5OVM4dm1UaHp2bFFjZUlIUGl6djlPMD0iLCJleHAiOjE3NjcyMjYyMDAs"
        "ImlhdCI6MTc2NzIyNTkwMCwiaXNzIjoiVXBzdGFzaCIsImp0aSI6Imp3dF8yVnZWRHNOUnp2VXdRcTZHbTVzVlprMVl4UXBMIiwibmJmIjow"
        "LCJzdWIiOiJodHRwczovL3Nob3AuZXhhbXBsZS9ob29rP2E9MSJ9.W90zVGFWN2WL1O3DbJ-HpFSEV9SBSnBup4N_a5btEy0"
    )
    checker = Receiver("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", None, allow_dev_keys=True, now=lambda: 1767225900)
    claims = checker.verify(signature=token, body=b'{"order":42}', url="https://shop.example/hook?a=1")
    assert claims == Claims(
        sub="https://shop.example/hook?a=1",
        body="VJhdw8EvraehsdtTzyPTy9S8vmThzvlQceIHPizv9O0=",
        exp=1767226200,
        nbf=0,
        iat=1767225900,
        jti="jwt_2VvVDsNRzvUwQq6Gm5sVZk1YxQpL",
        key="current",
    )


REASONS: dict[str, tuple[str, dict[str, Any]]] = {
    "no signature": ("missing", {"signature": None}),
    "an empty signature": ("missing", {"signature": ""}),
    "not a token": ("malformed", {"signature": "hello"}),
    "another key": ("wrong_key", {"signature": signed(b"hi", key=ATTACKER)}),
    "another issuer": ("issuer", {"signature": signed(b"hi", iss="Upstart")}),
    "expired": ("expired", {"signature": signed(b"hi", exp=NOW - 5)}),
    "not yet valid": ("not_yet_valid", {"signature": signed(b"hi", nbf=NOW + 6)}),
    "another URL": ("url_mismatch", {"url": URL + "/"}),
    "another body": ("body_mismatch", {"body": b"a forged body"}),
}


@pytest.mark.parametrize(("reason", "change"), REASONS.values(), ids=REASONS)
def test_the_reason_says_what_is_wrong(reason: str, change: dict[str, Any]) -> None:
    request: dict[str, Any] = {"signature": signed(b"hi"), "body": b"hi", "url": URL, **change}
    with pytest.raises(SignatureError) as caught:
        receiver().verify(**request)
    assert caught.value.reason == reason


def test_an_expired_token_of_the_current_key_is_not_reported_as_a_wrong_key() -> None:
    with pytest.raises(SignatureError, match=r"^the token expired 5 seconds ago by this machine's clock$"):
        receiver().verify(signature=signed(b"hi", exp=NOW - 5), body=b"hi", url=URL)


@pytest.mark.parametrize(("key", "matched"), [(CURRENT, "current"), (NEXT, "next")])
def test_the_claims_tell_which_key_matched(key: str, matched: str) -> None:
    assert receiver().verify(signature=signed(b"hi", key=key), body=b"hi", url=URL).key == matched


def test_with_one_key_the_other_counts_for_nothing() -> None:
    with pytest.raises(SignatureError, match="neither"):
        Receiver(CURRENT, None, now=lambda: NOW).verify(signature=signed(b"hi", key=NEXT), body=b"hi", url=URL)


def test_a_text_body_is_hashed_as_utf_8() -> None:
    body = '{"city":"Zürich"}'
    assert receiver().verify(signature=signed(body.encode()), body=body, url=URL).sub == URL


def test_a_body_that_is_no_body_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match=r"^body must be bytes or str, not dict$"):
        receiver().verify(signature=signed(b"hi"), body={}, url=URL)  # type: ignore[arg-type]


def test_a_url_that_is_no_url_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match=r"^url must be a str or None, not bytes$"):
        receiver().verify(signature=signed(b"hi"), body=b"hi", url=URL.encode())  # type: ignore[arg-type]


def test_the_tolerance_of_one_request_overrides_the_receivers() -> None:
    token = signed(b"hi", exp=NOW - 59)
    assert receiver().verify(signature=token, body=b"hi", url=URL, clock_tolerance=60)
    with pytest.raises(ConfigurationError, match=r"^clock_tolerance must be 0 to 300 seconds, not 301$"):
        receiver().verify(signature=token, body=b"hi", url=URL, clock_tolerance=301)


def test_a_stranger_is_refused_whatever_the_clock_is_worth() -> None:
    def stopped() -> float:
        raise OSError("no clock")

    broken = receiver(now=stopped)
    assert [broken.authenticate(token) for token in (None, "a.b", signed(b"hi", URL, key=ATTACKER))] == [
        Refusal("missing", "the request has no Upstash-Signature header"),
        Refusal("malformed", "the signature is not three base64url segments with an HS256 MAC"),
        Refusal("wrong_key", "the signature was made with neither of the signing keys"),
    ]


@pytest.mark.parametrize("seconds_slow", [0, 3, 5])
def test_the_clock_tolerance_is_really_applied(seconds_slow: int) -> None:
    token = signed(b"hi", nbf=NOW)
    checker = receiver(now=lambda: NOW - seconds_slow)
    assert checker.verify(signature=token, body=b"hi", url=URL)
    with pytest.raises(SignatureError):
        receiver(now=lambda: NOW - 6).verify(signature=token, body=b"hi", url=URL)


@pytest.mark.parametrize("tolerance", [-1, 301, float("nan"), True, "5"])
def test_a_tolerance_that_makes_no_sense_is_refused(tolerance: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^clock_tolerance must be 0 to 300 seconds, not "):
        receiver(clock_tolerance=tolerance)


BAD_KEYS = {
    "empty": ("", "is empty"),
    "blank": (" " * 32, "has blanks"),
    "with a line end": (CURRENT + "\n", "has blanks"),
    "in quotes": (f'"{CURRENT}"', "has quotes around it"),
    "short": ("sig_abc", "is a placeholder or cut short"),
    "None as text": ("None", "is a placeholder or cut short"),
    "a placeholder": ("YOUR_CURRENT_SIGNING_KEY", "is a placeholder"),
    "all alike": ("x" * 32, "is a placeholder"),
    "published": ("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "is a published key"),
    "not a text": (None, "must be a str"),
    "a text that does not print": (SecretStr(CURRENT), r"must be a str, not SecretStr; give its get_secret_value"),
}


@pytest.mark.parametrize(("key", "problem"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_protects_nothing_is_refused(key: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^current_signing_key {problem}"):
        Receiver(key, None)


@pytest.mark.parametrize("key", [key for key, _ in BAD_KEYS.values() if isinstance(key, str)])
def test_the_next_key_is_held_to_the_same(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^next_signing_key "):
        Receiver(CURRENT, key)


def test_keys_show_nowhere() -> None:
    checker = receiver()
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(checker)
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.copy(checker)
    assert repr(checker) == "Receiver(***)"
    assert not hasattr(checker, "__dict__")


def own_locals(error: BaseException) -> str:
    """Everything that an error tracker would send of our frames."""
    frames: list[str] = []
    traceback = error.__traceback__
    while traceback:
        if "/qstash_integrations/" in traceback.tb_frame.f_code.co_filename:
            frames.append(repr(traceback.tb_frame.f_locals))
        traceback = traceback.tb_next
    assert frames
    return "".join(frames) + repr(error) + str(error)


@pytest.mark.parametrize("change", [change for _, change in REASONS.values()], ids=REASONS)
def test_no_frame_of_ours_holds_a_key_a_token_or_a_body(change: dict[str, Any]) -> None:
    request: dict[str, Any] = {"signature": signed(b"the body"), "body": b"the body", "url": URL, **change}
    with pytest.raises(SignatureError) as caught:
        receiver().verify(**request)
    shown = own_locals(caught.value)
    secrets = (CURRENT, NEXT, request["body"].decode(), request["signature"] or "no token")
    assert [secret for secret in secrets if secret in shown] == []


def test_no_frame_of_ours_holds_a_refused_key() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Receiver(CURRENT, NEXT + " ")
    shown = own_locals(caught.value)
    assert CURRENT not in shown
    assert NEXT not in shown


def test_errors_survive_pickling() -> None:
    with pytest.raises(SignatureError) as caught:
        receiver().verify(signature=signed(b"hi"), body=b"hi", url="https://other.example/")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.reason, again.signed_url, again.expected_url, str(again)) == (
        "url_mismatch",
        URL,
        "https://other.example/",
        "signed for 'https://api.example.com/hooks/ship', expected 'https://other.example/'",
    )


# {"iss":"Upstash"...} in the one spelling that base64url has for it, and in others that lenient readers take for it.
SPELLINGS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "canonical": (lambda payload: payload, "accepted"),
    "padded": (lambda payload: payload + b"=", "malformed"),
    "a line end": (lambda payload: payload[:20] + b"\n" + payload[20:], "malformed"),
    "another last character": (lambda payload: payload[:-1] + bytes([payload[-1] + 1]), "malformed"),
    "a character that counts for nothing": (lambda payload: payload[:20] + b"!" + payload[20:], "malformed"),
}


@pytest.mark.parametrize(("respell", "outcome"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_payload_has_one_spelling_even_under_a_genuine_signature(
    respell: Callable[[bytes], bytes], outcome: str
) -> None:
    header, payload, _ = signed(b"hi", jti="jwt_TESTONLY02").encode().split(b".")
    assert len(payload) % 4 == 3  # of its last character two bits count for nothing
    text = header + b"." + respell(payload)
    mac = base64.urlsafe_b64encode(hmac.digest(CURRENT.encode(), text, "sha256")).rstrip(b"=")
    found = receiver().authenticate(text + b"." + mac)
    assert (found.reason if isinstance(found, Refusal) else "accepted") == outcome


@given(st.integers(0, 400), st.integers(0, 40), st.binary(max_size=40))
def test_bytes_spliced_into_a_good_token_are_refused(start: int, length: int, splice: bytes) -> None:
    token = signed(b"hi").encode()
    spliced = token[:start] + splice + token[start + length :]
    if spliced == token:
        return
    with pytest.raises(SignatureError):
        receiver().verify(signature=spliced, body=b"hi", url=URL)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "exp", "nbf", "iat", "jti", "aud", "body", "other"]), json_values, max_size=3
    )
)
def test_whatever_is_accepted_pyjwt_accepts_too(claims: dict[str, Any]) -> None:
    now = int(time.time())
    payload = PYJWT.decode(signed(b"hi", exp=now + 300, iat=now), options={"verify_signature": False})
    token = PYJWT.api_jws.encode(json.dumps({**payload, **claims}).encode(), CURRENT, "HS256")
    try:
        receiver(now=lambda: now).verify(signature=token, body=b"hi", url=None)
    except SignatureError:
        return
    PYJWT.decode(
        token,
        CURRENT,
        algorithms=["HS256"],
        issuer="Upstash",
        leeway=6,  # a second more than ours, for the one that may have passed since
        options={"require": ["iss", "sub", "exp", "nbf"], "verify_iat": False},
    )


PARTS: dict[str, dict[str, Any]] = {
    "header": {"alg": "HS256", "typ": "JWT"},
    "payload": PYJWT.decode(signed(b"hi"), options={"verify_signature": False}),
}


def sealed(payload: str = json.dumps(PARTS["payload"]), header: str = '{"alg":"HS256","typ":"JWT"}') -> str:
    """A genuine signature of whatever JSON this is."""

    def encode(raw: bytes) -> bytes:
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    signed_part = encode(header.encode()) + b"." + encode(payload.encode())
    return (signed_part + b"." + encode(hmac.digest(CURRENT.encode(), signed_part, "sha256"))).decode()


@pytest.mark.parametrize(
    ("extra", "accepted"),
    [('"x":{"a":1,"b":2}', True), ('"x":{"a":1,"a":2}', True), ('"x":1,"x":2', False), ('"jti":"jwt_other"', False)],
    ids=["nested", "twice in what nobody reads", "twice", "twice, one of ours"],
)
def test_a_name_stands_once_in_what_is_read(extra: str, accepted: bool) -> None:
    outcome = receiver().authenticate(sealed(json.dumps(PARTS["payload"])[:-1] + f",{extra}}}"))
    assert isinstance(outcome, Claims) == accepted
    assert accepted or outcome[0] == "malformed"


NO_TEXT = {
    "in the URL": ("payload", {"sub": URL + "\ud800"}),
    "in the hash of the body": ("payload", {"body": "\udc00"}),
    "in the name of the attempt": ("payload", {"jti": "jwt_\ud800"}),
    "two of them the wrong way round": ("payload", {"jti": "\ude00\ud83d"}),
    "in a claim that nobody reads": ("payload", {"x": [{"y": "\udfff"}]}),
    "in the name of a claim": ("payload", {"\ud800": 1}),
    "in the header": ("header", {"kid": "\ud800"}),
}


@pytest.mark.parametrize(("part", "members"), NO_TEXT.values(), ids=NO_TEXT)
def test_S15_a_lone_surrogate_is_malformed_wherever_it_stands(part: str, members: dict[str, Any]) -> None:
    token = sealed(**{part: json.dumps({**PARTS[part], **members})})
    with pytest.raises(SignatureError) as caught:
        receiver().verify(signature=token, body=b"hi", url=None)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    "jti", ["jwt_\U0001f600", "jwt_\\ud800", "jwt_\u00e9&"], ids=["a pair", "a backslash", "others"]
)
def test_S15_what_is_text_passes_however_it_is_escaped(jti: str) -> None:
    token = sealed(json.dumps({**PARTS["payload"], "jti": jti}))
    assert receiver().verify(signature=token, body=b"hi", url=URL).jti == jti


def test_a_text_that_is_no_text_is_another_body() -> None:
    with pytest.raises(SignatureError) as caught:
        receiver().verify(signature=signed(b"hi"), body="\ud800", url=URL)
    assert caught.value.reason == "body_mismatch"


def test_a_wrong_tolerance_leaves_no_request_in_the_frame() -> None:
    token = signed(b"the body")
    with pytest.raises(ConfigurationError) as caught:
        receiver().verify(signature=token, body=b"the body", url=URL, clock_tolerance=-1)
    assert not any(secret in own_locals(caught.value) for secret in (token, "the body"))
