"""How the clients are made, what they try again, and what they raise."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations import APIError, ConfigurationError, RateLimitError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.compat import AsyncClient, Client, QstashException, QstashRateLimitException
from tests.compat.clients import QStashStub
from tests.outbox import outbox
from tests.publish.loopback import TOKEN
from tests.publish.test_secrets import assert_clean

URL = "https://my-api.example"
MAKERS = pytest.mark.parametrize("kind", [Client, AsyncClient])


def ask(client: Client | AsyncClient, call: Callable[[Any], Any]) -> Any:
    async def awaited() -> Any:
        return await call(client)

    return call(client) if isinstance(client, Client) else asyncio.run(awaited())


def publish(client: Any) -> Any:
    return client.publish_json({"url": URL})


@MAKERS
def test_two_attempts_are_two_tries(kind: type[Client | AsyncClient]) -> None:
    retries: list[int] = []

    def backoff(retry_count: int) -> float:
        retries.append(retry_count)
        return (2**retry_count) * 0.02

    client = kind(TOKEN, {"attempts": 2, "backoff": backoff})
    with outbox(APIResponse(500, b'{"error":"no"}')) as sent, pytest.raises(QstashException) as caught:
        ask(client, publish)
    assert (len(sent), retries, str(caught.value)) == (2, [0], "QStash answered 500: no")
    assert isinstance(caught.value, APIError)


@MAKERS
def test_without_retry_there_is_one(kind: type[Client | AsyncClient]) -> None:
    with outbox(APIResponse(500)) as sent, pytest.raises(QstashException):
        ask(kind(TOKEN, False), publish)
    assert len(sent) == 1


@MAKERS
def test_a_backoff_alone_keeps_the_number_of_tries(kind: type[Client | AsyncClient]) -> None:
    with outbox(APIResponse(500)) as sent, pytest.raises(QstashException):
        ask(kind(TOKEN, {"backoff": lambda retry_count: 0}), publish)
    assert len(sent) == 6


@MAKERS
def test_a_rate_limit_is_an_exception_of_its_own(kind: type[Client | AsyncClient]) -> None:
    limited = APIResponse(429, b'{"error":"slow down"}', {"burst-ratelimit-limit": "100"})
    with outbox(limited), pytest.raises(QstashRateLimitException) as caught:
        ask(kind(TOKEN, False), publish)
    assert isinstance(caught.value, RateLimitError)
    assert caught.value.limit == 100


@MAKERS
def test_the_third_argument_is_the_address(kind: type[Client | AsyncClient], sent: QStashStub) -> None:
    ask(kind(TOKEN, None, "http://127.0.0.1:8080/"), publish)
    ask(kind(TOKEN, True, base_url=None), publish)
    assert [request.url for request in sent] == [
        f"http://127.0.0.1:8080/v2/publish/{URL}",
        f"https://qstash.upstash.io/v2/publish/{URL}",
    ]
    assert ("Authorization", f"Bearer {TOKEN}") in sent[0].headers


@MAKERS
def test_the_token_may_come_from_the_environment(
    kind: type[Client | AsyncClient], sent: QStashStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set; "):
        kind()
    monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-from-the-environment")
    ask(kind(), publish)
    assert ("Authorization", "Bearer TESTONLY-from-the-environment") in sent[0].headers


def test_the_client_behind_it_is_there_for_the_rest() -> None:
    with outbox() as sent, Client(TOKEN).qstash as qstash:
        assert qstash.publish(url=URL).message_id == "msg_1"
    asyncio.run(AsyncClient(TOKEN).qstash.aclose())
    assert len(sent) == 1


def answered(body: bytes) -> Callable[[APIRequest], APIResponse]:
    return lambda request: APIResponse(200, body)


def with_half_a_pair_of_keys(kind: type[Client | AsyncClient]) -> None:
    with override_transport(answered(b'{"current":"%s"}' % TOKEN.encode())):
        ask(kind("other"), lambda client: client.keys().get())


FAILURES: dict[str, Callable[[type[Client | AsyncClient]], Any]] = {
    "a token with blanks": lambda kind: kind(TOKEN + " with blanks"),
    "a token of bytes": lambda kind: kind(TOKEN.encode()),  # type: ignore[arg-type]
    "a bad address": lambda kind: kind(TOKEN, None, "nonsense"),
    "a bad retry": lambda kind: kind(TOKEN, {"attempt": 2}),  # type: ignore[typeddict-unknown-key]
    "a bad option": lambda kind: ask(kind(TOKEN), lambda client: client.publish({"url": URL, "dealy": 3})),
    "half a pair of signing keys": with_half_a_pair_of_keys,
}


@pytest.mark.sampled("kind")
@MAKERS
@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_no_error_shows_the_token(
    fail: Callable[[Any], Any], kind: type[Client | AsyncClient], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((TypeError, ValueError, QstashException)) as caught:
        fail(kind)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        assert_clean(frame)
    assert TOKEN not in caplog.text
    assert repr(kind(TOKEN)) == f"{kind.__name__}(***)"
