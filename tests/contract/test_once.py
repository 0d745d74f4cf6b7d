"""With a store a message is handled once, whoever delivers it again, and however often."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any, NoReturn

import pytest

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.once import MemoryStore, Run, Standing
from tests.contract.calls import Call, Reply
from tests.contract.harnesses import BODY, HARNESSES, URL, Harness, Shop, each, on_each_interface
from tests.contract.test_handlers import JSON_HEADERS, raising, replying
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request
from tests.signing import ATTACKER, ORIGIN, signed

OpenShop = Callable[..., Shop]

DUPLICATE = Answer(200, {**JSON_HEADERS, "content-length": "18"}, b'{"duplicate":true}')
UNAVAILABLE = Answer(503, {**JSON_HEADERS, "content-length": "44"}, b'{"error":"duplicate protection unavailable"}')
_numbers = count(1)


def fresh(body: bytes = BODY, url: str = URL, **claims: Any) -> str:
    """A token with a jti of its own, as every attempt of QStash has."""
    return signed(body, url, **{"jti": f"jwt_TESTONLY{next(_numbers):08}", **claims})


def attempt(shop: Shop, message_id: str | None = "msg_1", *, token: str = "", **request: Any) -> Answer:
    headers = [("Upstash-Message-Id", message_id)] if message_id else []
    return shop.send(token=token or fresh(), headers=headers, **request)


def test_H71_a_replay_is_rejected(open_shop: OpenShop, caplog: pytest.LogCaptureFixture) -> None:
    shop, token = open_shop(once=MemoryStore()), fresh()
    assert attempt(shop, token=token).status == 200
    assert attempt(shop, token=token) == REJECTED
    assert len(shop.calls) == 1
    assert "reason=replayed" in caplog.text


def test_H71_of_concurrent_replays_exactly_one_is_handled(open_shop: OpenShop, harness: Harness) -> None:
    shop, token = open_shop(once=MemoryStore()), fresh()
    statuses = [answer.status for answer in send_at_once(shop, harness, [token] * 200)]
    assert (statuses.count(200), statuses.count(401)) == (1, 199)
    assert len(shop.calls) == 1


def test_of_concurrent_attempts_exactly_one_is_handled(open_shop: OpenShop, harness: Harness) -> None:
    shop = open_shop(once=MemoryStore())
    answers = send_at_once(shop, harness, [fresh() for _ in range(200)])
    assert len(shop.calls) == 1
    assert {answer.status for answer in answers} <= {200, 409}
    assert [answer.body for answer in answers].count(b"done") == 1


def send_at_once(shop: Shop, harness: Harness, tokens: list[str]) -> list[Answer]:
    headers = [[("Upstash-Signature", token), ("Upstash-Message-Id", "msg_1")] for token in tokens]
    requests = [Request("/hooks/ship", lines, [BODY[:5], BODY[5:]]) for lines in headers]
    return harness.serve_at_once(shop.app, requests)


def test_another_attempt_at_a_message_that_is_done_is_answered_200(open_shop: OpenShop) -> None:
    shop = open_shop(once=MemoryStore())
    assert attempt(shop).body == b"done"
    assert attempt(shop) == DUPLICATE
    assert len(shop.calls) == 1


def test_another_attempt_at_a_message_at_work_is_answered_409(open_shop: OpenShop) -> None:
    meanwhile: list[Answer] = []

    def handler(call: Call) -> Reply:
        with ThreadPoolExecutor(1) as elsewhere:
            meanwhile.append(elsewhere.submit(attempt, shop).result())
        return Reply()

    seconds = iter([0.0, 0.0, 0.0, *[100.0] * 100])
    shop = open_shop(handler, once=MemoryStore(now=lambda: next(seconds)))
    assert attempt(shop).body == b"done"
    (answer,) = meanwhile
    assert answer.headers.pop("retry-after", "missing").isdigit()
    assert answer == Answer(409, {**JSON_HEADERS, "content-length": "32"}, b'{"error":"delivery in progress"}')
    assert len(shop.calls) == 1


class Broken(tuple[bytes, ...]):
    """Parts of a stream that breaks off."""

    __slots__ = ()

    def __iter__(self) -> Iterator[bytes]:
        yield b"one "
        raise LookupError("no second part")


ENDS: dict[str, tuple[Callable[[Call], Reply], bool]] = {
    "200": (replying(Reply()), True),
    "an empty answer": (replying(Reply(body=b"")), True),
    "204": (replying(Reply(204, body=b"")), True),
    "489": (replying(Reply(489, body=b"never")), True),
    "not retryable": (raising(NonRetryable("no such order")), True),
    "a complete stream": (replying(Reply(parts=(b"one ", b"two"))), True),
    "302": (replying(Reply(302, {"location": "/"}, b"")), False),
    "401": (replying(Reply(401)), False),
    "500": (replying(Reply(500)), False),
    "a stream of a 500": (replying(Reply(500, parts=(b"one ", b"two"))), False),
    "later": (raising(RetryAfter(60)), False),
    "an exception": (raising(LookupError("no such order")), False),
    "a broken stream": (replying(Reply(parts=Broken((b"one ",)))), False),
}


@each(
    "handler, done",
    ENDS,
    on_all=(
        "200",
        "489",
        "not retryable",
        "a complete stream",
        "500",
        "a stream of a 500",
        "later",
        "an exception",
        "a broken stream",
    ),
    harnesses=HARNESSES,
)
def test_only_a_complete_2xx_or_489_is_done(open_shop: OpenShop, handler: Callable[[Call], Reply], done: bool) -> None:
    shop = open_shop(handler, once=MemoryStore())
    for _ in range(2):
        with suppress(LookupError):
            attempt(shop)
    assert len(shop.calls) == (1 if done else 2)
    assert not done or attempt(shop) == DUPLICATE


@each("method", {"HEAD": "HEAD", "OPTIONS": "OPTIONS", "GET": "GET"}, on_all=("HEAD", "OPTIONS"))
def test_S04_a_captured_request_destroys_no_message_under_another_method(open_shop: OpenShop, method: str) -> None:
    replies = iter([Reply(500), Reply()])

    def handler(call: Call) -> Reply:
        return next(replies)

    shop, token = open_shop(handler, once=MemoryStore()), fresh()
    assert attempt(shop, token=token).status == 500
    body = b"" if method == "HEAD" else REJECTED.body
    assert attempt(shop, token=token, method=method) == REJECTED._replace(body=body)
    assert attempt(shop, token=token).body == b"done"


@on_each_interface
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_S04_a_stranger_who_is_first_spends_no_token(open_shop: OpenShop, method: str) -> None:
    shop, token = open_shop(once=MemoryStore()), fresh()
    assert attempt(shop, token=token, method=method).status == 401
    assert attempt(shop, token=token).body == b"done"
    assert len(shop.calls) == 1


@on_each_interface
def test_R12_a_request_that_failed_may_come_again_as_it_was(open_shop: OpenShop) -> None:
    replies = iter([Reply(500), Reply()])

    def handler(call: Call) -> Reply:
        return next(replies)

    shop, token = open_shop(handler, once=MemoryStore()), fresh()
    assert [attempt(shop, token=token).status for _ in range(3)] == [500, 200, 401]
    assert len(shop.calls) == 2


@on_each_interface
def test_a_captured_token_marks_no_other_message_as_done(open_shop: OpenShop) -> None:
    shop, token = open_shop(once=MemoryStore()), fresh()
    attempt(shop, token=token)
    assert attempt(shop, "msg_2", token=token) == REJECTED
    assert attempt(shop, "msg_2").body == b"done"
    assert len(shop.calls) == 2


DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another id": ({}, {"message_id": "msg_2"}),
    "another body": ({}, {"body": b"other", "token": fresh(b"other")}),
    "another URL": ({}, {"target": "/hooks/bill", "token": fresh(url=ORIGIN + "/hooks/bill")}),
    "no id": ({"message_id": None}, {"message_id": None}),
}


@each("one, other", DIFFERENT, on_all=("another id", "no id"))
def test_other_messages_are_handled(open_shop: OpenShop, one: dict[str, Any], other: dict[str, Any]) -> None:
    shop = open_shop(once=MemoryStore())
    answers = [attempt(shop, **one), attempt(shop, **other)]
    assert [answer.body for answer in answers] == [b"done", b"done"]


REFUSED: dict[str, dict[str, Any]] = {
    "a forged token": {"token": signed(BODY, URL, key=ATTACKER)},
    "another body": {"token": fresh(b"something else")},
    "an incomplete body": {"body": BODY[:-1]},
}


@each("request_", REFUSED, on_all=("an incomplete body",))
def test_a_refused_request_claims_nothing(open_shop: OpenShop, request_: dict[str, Any]) -> None:
    shop = open_shop(once=MemoryStore())
    assert attempt(shop, **request_).status == 401
    assert attempt(shop).body == b"done"


class Down:
    """A store that cannot be reached, from the first call or once the handler is at work."""

    lease, kept = 30.0, 172_800.0

    def __init__(self, *, claims: bool) -> None:
        self._claims = claims

    def claim(self, run: Run) -> Standing:
        return Standing("free") if self._claims else self._fail()

    def complete(self, run: Run) -> bool:
        self._fail()

    renew = release = complete

    async def aclaim(self, run: Run) -> Standing:
        return self.claim(run)

    async def acomplete(self, run: Run) -> bool:
        self._fail()

    arelease = acomplete

    def _fail(self) -> NoReturn:
        raise OSError("redis://user:hunter2@cache.example is down")


def test_H72_with_the_store_down_the_handler_does_not_run(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(once=Down(claims=False))
    assert attempt(shop) == UNAVAILABLE
    assert shop.calls == []
    assert "OSError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_store_that_goes_down_later_does_not_spoil_the_answer(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(once=Down(claims=True))
    assert attempt(shop) == shop_answer(open_shop)
    assert [record.levelno for record in caplog.records if "OSError" in record.getMessage()] == [logging.ERROR]


def shop_answer(open_shop: OpenShop) -> Answer:
    """The same handler's answer without duplicate protection."""
    return attempt(open_shop())
