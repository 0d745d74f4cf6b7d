"""What is waited for before a handler runs: keys that have to be fetched, and bodies that do not arrive."""

import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import pytest

from qstash_integrations import AsyncQStash, KeyRing
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from tests.contract.harnesses import BODY, HARNESSES, URL, Harness, Shop
from tests.contract.test_bodies import JSON_HEADERS, TOO_LARGE
from tests.hosts import Answer, Request
from tests.signing import CURRENT, NEXT, NOW, signed

LATE = Answer(408, {**JSON_HEADERS, "content-length": "24"}, b'{"error":"body timeout"}')
IN_LOOPS = [name for name, harness in HARNESSES.items() if harness.exchange]
THEMSELVES = [name for name in IN_LOOPS if HARNESSES[name].streams]


class Keys:
    """QStash, asked for its signing keys: it answers once it is allowed to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, request: APIRequest) -> APIResponse:
        self.asked.set()
        assert self.may_answer.wait(5)
        return APIResponse(200, json.dumps({"current": CURRENT, "next": NEXT}).encode())


def test_keys_are_fetched_before_a_request_is_judged(open_shop: Callable[..., Shop]) -> None:
    keys = Keys()
    keys.may_answer.set()
    with override_transport(keys):
        shop = open_shop(receiver=KeyRing(AsyncQStash("a-token"), now=lambda: NOW))
        assert shop.send().status == 200
    assert keys.asked.is_set()


@pytest.mark.parametrize("harness", IN_LOOPS, indirect=True)
def test_an_event_loop_goes_on_while_keys_are_fetched(open_shop: Callable[..., Shop], harness: Harness) -> None:
    keys = Keys()
    answers: list[Answer] = []

    async def meanwhile() -> None:
        await anyio.to_thread.run_sync(partial(keys.asked.wait, 5))
        keys.may_answer.set()

    async def send(app: Any) -> None:
        assert harness.exchange is not None
        request = Request("/hooks/ship", [("Upstash-Signature", signed(BODY, URL))], BODY)
        answers.append(await harness.exchange(app, request))

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(meanwhile)
            tasks.start_soon(send, shop.app)

    with override_transport(keys):
        shop = open_shop(receiver=KeyRing(AsyncQStash("a-token"), now=lambda: NOW, timeout=1.0))
        anyio.run(both)
    assert [answer.status for answer in answers] == [200]


@pytest.mark.parametrize("harness", THEMSELVES, indirect=True)
@pytest.mark.parametrize("body", [b"", BODY[:4]], ids=["none of it", "a part of it"])
def test_a_body_that_does_not_arrive_in_time_is_given_up(
    open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    shop = open_shop(body_timeout=0.02)
    begun = time.monotonic()
    answer = shop.send([body], token=signed(BODY, URL), headers=[("Content-Length", "18")], stalls=True)
    assert (answer, shop.calls) == (LATE, [])
    assert time.monotonic() - begun < 5
    assert "reason=body_timeout" in caplog.text


@pytest.mark.parametrize("harness", THEMSELVES, indirect=True)
def test_the_end_of_a_body_over_the_limit_is_not_waited_for(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(max_body_size=1000, body_timeout=0.2)
    assert shop.send([b"x" * 600] * 2, chunked=True, stalls=True) == TOO_LARGE
    assert shop.calls == []
