"""New keys at run time: given to a ``Receiver``, or fetched by a ``KeyRing``."""

import base64
import copy
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.to_thread
import pytest
from django.http import HttpResponse
from django.urls import path

from qstash_integrations import AsyncQStash, Claims, ConfigurationError, KeyRing, QStash, Receiver
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost, override_transport
from qstash_integrations._core.receiving.token import Refusal
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.django import verify_qstash
from tests.core.test_receiver import own_locals
from tests.django.project import asgi_app, configure
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange, asgi_send
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, ORIGIN, signed

configure()

THIRD = "sig_TESTONLYthird0000000000000DD"
FOURTH = "sig_TESTONLYfourth00000000000EEE"
DEV = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"


def key_of(receiver: Receiver, key: str, **claims: object) -> str:
    """Which of the receiver's keys ``key`` is, or why it is none."""
    found = receiver.authenticate(signed(b"hi", key=key, **claims))
    return found.key if isinstance(found, Claims) else found.reason


def receiver() -> Receiver:
    return Receiver(CURRENT, NEXT, now=lambda: NOW)


def test_a_receiver_takes_new_keys() -> None:
    rotated = receiver()
    rotated.set_keys(NEXT, THIRD)
    assert [key_of(rotated, key) for key in (CURRENT, NEXT, THIRD)] == ["wrong_key", "current", "next"]
    rotated.set_keys(FOURTH, None)
    assert [key_of(rotated, key) for key in (NEXT, THIRD, FOURTH)] == ["wrong_key", "wrong_key", "current"]


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "empty": ("", NEXT, "current_signing_key is empty"),
    "blank": (CURRENT, NEXT + " ", "next_signing_key has blanks"),
    "short": ("sig_short", None, "current_signing_key is a placeholder or cut short"),
    "bytes": (CURRENT.encode(), None, "current_signing_key must be a str, not bytes"),
    "published": (*DEV, "current_signing_key is a published key"),
}


@pytest.mark.parametrize(("current", "following", "problem"), REFUSED.values(), ids=REFUSED)
def test_keys_that_are_refused_leave_the_old_pair_in_use(current: Any, following: Any, problem: str) -> None:
    kept = receiver()
    with pytest.raises(ConfigurationError, match=f"^{problem}") as caught:
        kept.set_keys(current, following)
    assert [key_of(kept, key) for key in (CURRENT, NEXT)] == ["current", "next"]
    shown = own_locals(caught.value)
    assert [key for key in (str(current), str(following)) if len(key) > 9 and key in shown] == []


def test_published_keys_are_taken_where_they_were_allowed() -> None:
    local = Receiver(CURRENT, NEXT, allow_dev_keys=True, now=lambda: NOW)
    local.set_keys(*DEV)
    assert key_of(local, DEV[0]) == "current"


def test_in_the_midst_of_a_rotation_every_thread_has_one_pair_or_the_other() -> None:
    rotated, over = receiver(), threading.Event()

    def verify() -> set[str]:
        found: set[str] = set()
        while not over.is_set():
            found.add(key_of(rotated, NEXT))
        return found

    with ThreadPoolExecutor(4) as threads:
        verifying = [threads.submit(verify) for _ in range(4)]
        for _ in range(3000):
            rotated.set_keys(NEXT, THIRD)
            rotated.set_keys(CURRENT, NEXT)
        over.set()
    assert set[str]().union(*(found.result() for found in verifying)) <= {"current", "next"}


def test_a_clock_that_fails_shows_no_keys() -> None:
    def broken() -> float:
        raise RuntimeError("no clock")

    with pytest.raises(RuntimeError) as caught:
        Receiver(CURRENT, NEXT, now=broken).authenticate(signed(b"hi"))
    shown = own_locals(caught.value)
    assert CURRENT not in shown
    assert NEXT not in shown


def pair(current: str, following: str) -> APIResponse:
    return APIResponse(200, json.dumps({"current": current, "next": following}).encode())


class Account:
    """What QStash answers to ``GET /v2/keys``, how often it was asked, and the clock of the rings that ask."""

    def __init__(self) -> None:
        self.answer: APIResponse | Lost = pair(THIRD, FOURTH)
        self.asked: list[APIRequest] = []
        self.before_answer: Callable[[], object] = lambda: None
        self.seconds = 0.0
        self.slept = 0.0  # what the monotonic clock of a machine does not count

    def __call__(self, request: APIRequest) -> APIResponse | Lost:
        self.asked.append(request)
        self.before_answer()
        return self.answer

    def ring(self, publisher: QStash | AsyncQStash | None = None, **options: Any) -> KeyRing:
        given: dict[str, Any] = {
            "now": lambda: NOW + self.slept,
            "monotonic": lambda: self.seconds,
            "timeout": 30,
            **options,
        }
        return KeyRing(publisher or QStash("tok-of-mine", retry=False), **given)


@pytest.fixture
def account() -> Generator[Account]:
    made = Account()
    with override_transport(made):
        yield made
        finish()


def finish() -> None:
    """Wait for keys that are being fetched."""
    for thread in threading.enumerate():
        if thread.name == "qstash-keys":
            thread.join(10)


def test_a_ring_without_keys_waits_for_them_at_its_first_request(account: Account) -> None:
    ring = account.ring()
    assert account.asked == []
    assert [key_of(ring, key) for key in (THIRD, FOURTH)] == ["current", "next"]
    (request,) = account.asked
    assert (request.method, request.url) == ("GET", "https://qstash.upstash.io/v2/keys")
    assert ("Authorization", "Bearer tok-of-mine") in request.headers


def test_a_ring_with_keys_asks_nobody_while_they_serve(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT, next_signing_key=NEXT)
    assert key_of(ring, CURRENT) == "current"
    assert ring.authenticate(signed(b"hi", key=CURRENT, exp=NOW - 60)) == Refusal(
        "expired", "the token expired 60 seconds ago by this machine's clock"
    )
    assert ring.authenticate("garbage") == Refusal(
        "malformed", "the signature is not three base64url segments with an HS256 MAC"
    )
    assert account.asked == []


def test_an_unknown_key_has_the_keys_fetched_and_passes(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT, next_signing_key=NEXT)
    assert [key_of(ring, key) for key in (THIRD, FOURTH, CURRENT)] == ["current", "next", "wrong_key"]
    assert len(account.asked) == 1


def test_the_next_key_in_use_has_the_keys_fetched_behind_the_request(account: Account) -> None:
    account.answer = pair(NEXT, THIRD)
    ring = account.ring(current_signing_key=CURRENT, next_signing_key=NEXT)
    assert key_of(ring, NEXT) == "next"
    finish()
    assert [key_of(ring, key) for key in (NEXT, THIRD)] == ["current", "next"]
    assert len(account.asked) == 1


def test_a_flood_of_unknown_keys_is_one_question_a_minute(account: Account) -> None:
    account.answer = pair(CURRENT, NEXT)
    ring = account.ring(current_signing_key=CURRENT)
    for _ in range(100):
        assert key_of(ring, ATTACKER) == "wrong_key"
    account.seconds = 60.9
    assert key_of(ring, ATTACKER) == "wrong_key"
    assert len(account.asked) == 1
    account.seconds = 61.0
    account.answer = pair(THIRD, FOURTH)
    assert key_of(ring, THIRD) == "current"
    assert len(account.asked) == 2


def test_many_at_once_ask_once_and_all_pass(account: Account) -> None:
    ring, together = account.ring(), threading.Barrier(20)

    def verify(number: int) -> str:
        together.wait(10)
        return key_of(ring, THIRD)

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(verify, range(20)))
    assert found == ["current"] * 20
    assert len(account.asked) == 1


HOUR = 3600.0


def ring_of(account: Account, **options: Any) -> KeyRing:
    """A ring that was told CURRENT and NEXT just now, before they were rolled twice."""
    account.answer = pair(CURRENT, NEXT)
    ring = account.ring(**options)
    key_of(ring, CURRENT)
    finish()
    assert [key_of(ring, key) for key in (CURRENT, NEXT)] == ["current", "next"]
    account.answer = pair(THIRD, FOURTH)
    account.asked.clear()
    return ring


def test_S11_keys_over_an_hour_old_are_fetched_again_behind_the_request(account: Account) -> None:
    ring = ring_of(account)
    account.seconds = HOUR - 1
    assert key_of(ring, CURRENT) == "current"
    assert account.asked == []
    account.seconds = HOUR
    with holding(account):
        assert key_of(ring, CURRENT) == "current"
    finish()
    assert [key_of(ring, key) for key in (CURRENT, NEXT, THIRD)] == ["wrong_key", "wrong_key", "current"]
    assert len(account.asked) == 1


QUIET: dict[str, Callable[[Account], object]] = {
    "at work": lambda account: setattr(account, "seconds", 30 * 24 * HOUR),
    "asleep": lambda account: setattr(account, "slept", 2 * HOUR),
}


@pytest.mark.parametrize("pass_time", QUIET.values(), ids=QUIET)
def test_S11_after_a_quiet_time_stolen_keys_do_not_pass_even_once(
    account: Account, pass_time: Callable[[Account], object]
) -> None:
    ring = ring_of(account)
    pass_time(account)
    assert [key_of(ring, key, exp=NOW + 3 * HOUR) for key in (CURRENT, NEXT, THIRD)] == [
        "wrong_key",
        "wrong_key",
        "current",
    ]


def test_S11_without_an_answer_known_keys_serve_a_day_longer_and_not_for_ever(account: Account) -> None:
    ring = ring_of(account)
    account.answer = APIResponse(500)
    for hours in range(1, 25):
        account.seconds = hours * HOUR
        assert key_of(ring, CURRENT) == "current"
        finish()
    assert len(account.asked) == 24
    account.seconds = 25 * HOUR
    assert ring.authenticate(signed(b"hi")) == Refusal(
        "wrong_key", "QStash has not told the signing keys for over a day, so those at hand are not trusted any more"
    )
    finish()
    account.seconds += 61
    account.answer = pair(CURRENT, NEXT)
    key_of(ring, CURRENT)
    finish()
    assert key_of(ring, CURRENT) == "current"


def test_S11_keys_that_were_given_are_asked_for_an_hour_after_their_first_use(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT, next_signing_key=NEXT)
    assert key_of(ring, CURRENT) == "current"
    account.seconds = HOUR
    assert key_of(ring, CURRENT) == "current"
    finish()
    assert [key_of(ring, key) for key in (CURRENT, THIRD)] == ["wrong_key", "current"]


def test_S11_the_age_is_an_option_and_a_silent_qstash_is_asked_once_a_minute(account: Account) -> None:
    ring = ring_of(account, max_age=60)
    account.answer = APIResponse(500)
    for seconds in (60, 61, 119, 120, 121, 179):
        account.seconds = seconds
        assert key_of(ring, CURRENT) == "current"
        finish()
    assert len(account.asked) == 2


def test_S11_an_event_loop_goes_on_while_a_quiet_ring_asks(account: Account) -> None:
    app, statuses = middleware_with(ring_of(account)), list[int]()
    account.seconds = 2 * HOUR

    async def send(signature: str) -> None:
        statuses.append(
            (await asgi_exchange(app, Sent("/hooks/ship", [("Upstash-Signature", signature)], b"hi"))).status
        )

    async def exchange() -> None:
        async with anyio.create_task_group() as tasks:
            with holding(account) as asked:
                tasks.start_soon(send, signed(b"hi", key=CURRENT))
                assert await anyio.to_thread.run_sync(asked.wait, 10)
                await send("garbage")
                assert statuses == [401]
        await send(signed(b"hi", key=THIRD))

    anyio.run(exchange)
    assert statuses == [401, 401, 204]


FAILURES: dict[str, APIResponse | Lost] = {
    "no answer": Lost("connection refused", hopeless=True),
    "not allowed": APIResponse(401, b'{"error":"unable to authenticate"}'),
    "broken": APIResponse(500, b"oops"),
    "not JSON": APIResponse(200, b"<html>"),
    "no keys": APIResponse(200, b"{}"),
    "an empty key": pair("", NEXT),
    "a cut key": pair("sig_short", NEXT),
    "published keys": pair(*DEV),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("has_keys", [True, False])
def test_what_is_no_pair_of_keys_leaves_those_at_hand(
    account: Account, caplog: pytest.LogCaptureFixture, answer: APIResponse | Lost, has_keys: bool
) -> None:
    account.answer = answer
    ring = account.ring(current_signing_key=CURRENT, next_signing_key=NEXT) if has_keys else account.ring()
    assert [key_of(ring, key) for key in (ATTACKER, *DEV)] == ["wrong_key"] * 3
    assert key_of(ring, CURRENT) == ("current" if has_keys else "wrong_key")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("qstash signing keys could not be fetched, those at hand stay in use: ")
    assert [secret for secret in (*DEV, "sig_short", "tok-of-mine", NEXT) if secret in record.getMessage()] == []


def test_without_keys_an_empty_key_opens_nothing(account: Account) -> None:
    account.answer = APIResponse(500)
    ring = account.ring()
    header, payload, _ = signed(b"hi").split(".")
    mac = base64.urlsafe_b64encode(hmac.digest(b"", f"{header}.{payload}".encode(), "sha256")).rstrip(b"=").decode()
    assert ring.authenticate(f"{header}.{payload}.{mac}") == Refusal(
        "wrong_key", "the signature was made with neither of the signing keys"
    )


@contextmanager
def holding(account: Account) -> Generator[threading.Event]:
    """QStash answers when the block is over; the event is that it was asked."""
    asked, go = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go.wait(10)

    account.before_answer = wait
    try:
        yield asked
    finally:
        go.set()
        finish()


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_nobody_waits_longer_than_the_timeout(account: Account, timeout: float) -> None:
    ring = account.ring(timeout=timeout)
    started_at = time.perf_counter()
    with holding(account):
        assert key_of(ring, THIRD) == "wrong_key"
        account.seconds = timeout
        assert key_of(ring, THIRD) == "wrong_key"
        waited = time.perf_counter() - started_at
    assert timeout <= waited < 2
    assert key_of(ring, THIRD) == "current"
    assert len(account.asked) == 1


def test_known_keys_do_not_wait_for_others(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT)
    with ThreadPoolExecutor(1) as elsewhere, holding(account) as asked:
        waiting = elsewhere.submit(key_of, ring, THIRD)
        assert asked.wait(10)
        assert key_of(ring, CURRENT) == "current"
        assert not waiting.done()
    assert waiting.result() == "current"


def test_a_local_server_may_tell_the_published_keys(account: Account) -> None:
    account.answer = pair(*DEV)
    ring = account.ring(QStash("tok-of-mine", base_url="http://127.0.0.1:8080"))
    assert key_of(ring, DEV[0]) == "current"


def test_S12_in_production_not_even_a_local_server_may_tell_the_published_keys(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", "production")
    account.answer = pair(*DEV)
    ring = account.ring(QStash("tok-of-mine", base_url="http://127.0.0.1:8080"))
    assert key_of(ring, DEV[0]) == "wrong_key"


def test_an_asynchronous_publisher_serves_as_well(account: Account) -> None:
    assert key_of(account.ring(AsyncQStash("tok-of-mine", retry=False)), THIRD) == "current"


def test_fetching_is_in_the_log_without_the_keys(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key_of(account.ring(), THIRD)
    assert caplog.messages == ["qstash signing keys were fetched from https://qstash.upstash.io"]


def test_a_ring_shows_no_keys(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT)
    with pytest.raises(TypeError, match="a KeyRing holds signing keys and cannot be pickled or copied"):
        copy.copy(ring)
    assert repr(ring) == "KeyRing(***)"
    assert not hasattr(ring, "__dict__")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no publisher": ({"publisher": "token"}, "KeyRing takes a QStash or an AsyncQStash, not str"),
    "a negative timeout": ({"timeout": -1}, "timeout must be 0 to 30 seconds, not -1"),
    "a text": ({"timeout": "2"}, "timeout must be 0 to 30 seconds, not '2'"),
    "an age of no time": ({"max_age": 59}, "max_age must be 60 to 86400 seconds, not 59"),
    "an endless age": ({"max_age": float("inf")}, "max_age must be 60 to 86400 seconds, not inf"),
    "half a pair": ({"next_signing_key": NEXT}, "next_signing_key was given without current_signing_key"),
    "an empty key": ({"current_signing_key": ""}, "current_signing_key is empty"),
    "a short key beside a good one": (
        {"current_signing_key": "sig_short", "next_signing_key": NEXT},
        "current_signing_key is a placeholder or cut short",
    ),
    "a tolerance that is none": (
        {"current_signing_key": CURRENT, "next_signing_key": NEXT, "clock_tolerance": -1},
        "clock_tolerance must be 0 to 300 seconds",
    ),
}


def make(options: dict[str, Any]) -> KeyRing:
    publisher: Any = options.pop("publisher", QStash("tok-of-mine"))
    return KeyRing(publisher, **options)


@pytest.mark.parametrize(("options", "problem"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_named(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{problem}") as caught:
        make(dict(options))
    assert NEXT not in own_locals(caught.value)


def test_an_app_verifies_with_a_ring(account: Account) -> None:
    send = asgi_send(middleware_with(account.ring()))
    statuses = [
        send(Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", key=key))], b"hi")).status
        for key in (THIRD, FOURTH, CURRENT)
    ]
    assert statuses == [204, 204, 401]


async def answer_204(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def middleware_with(ring: KeyRing) -> Any:
    return QStashMiddleware(answer_204, receiver=ring, public_url=ORIGIN)


def django_with(ring: KeyRing) -> Any:
    async def ship(request: Any) -> HttpResponse:
        return HttpResponse(status=204)

    return asgi_app(path("hooks/ship", verify_qstash(receiver=ring, public_url=ORIGIN)(ship)))


APPS = {"ASGI": middleware_with, "Django": django_with}


@pytest.mark.parametrize("app_with", APPS.values(), ids=APPS)
def test_an_event_loop_goes_on_while_the_keys_are_fetched(account: Account, app_with: Callable[[KeyRing], Any]) -> None:
    app, statuses = app_with(account.ring(current_signing_key=CURRENT, timeout=5)), list[int]()

    async def send(key: str) -> None:
        request = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", key=key))], b"hi")
        statuses.append((await asgi_exchange(app, request)).status)

    async def exchange() -> None:
        async with anyio.create_task_group() as tasks:
            with holding(account) as asked:
                for _ in range(3):
                    tasks.start_soon(send, THIRD)
                assert await anyio.to_thread.run_sync(asked.wait, 10)
                await send(CURRENT)
                assert statuses == [204]

    anyio.run(exchange)
    assert statuses == [204] * 4
    assert len(account.asked) == 1


def test_an_event_loop_never_waits_because_the_minute_ends_as_it_has_prepared(account: Account) -> None:
    ring = account.ring(current_signing_key=CURRENT)
    token = signed(b"hi", key=ATTACKER)
    anyio.run(ring.prepare, token)
    account.seconds = 59.9
    anyio.run(ring.prepare, token)
    account.seconds = 60.1
    assert ring.authenticate(token) == ring.authenticate(token)
    assert len(account.asked) == 1
    anyio.run(ring.prepare, token)
    assert len(account.asked) == 2


def test_an_event_loop_that_is_told_nothing_rejects(account: Account) -> None:
    account.answer = APIResponse(500)
    send = asgi_send(middleware_with(account.ring()))
    assert send(Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", key=THIRD))], b"hi")).status == 401
    assert send(Sent("/hooks/ship")).status == 401


def test_a_clock_that_fails_rejects(account: Account) -> None:
    def broken() -> float:
        raise RuntimeError("no clock")

    send = asgi_send(middleware_with(account.ring(monotonic=broken)))
    assert send(Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", key=THIRD))], b"hi")).status == 401
