"""``QStash(headers=...)``: what every message is forwarded with, such as a header that lets QStash in."""

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, ConfigurationError, QStash
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.chat import openai

TOKEN = "TESTONLY-token-0000000000000000"
URL = "https://api.example.com/hook"
BYPASS = {"x-vercel-protection-bypass": "s3cret"}
FORWARDED = ("Upstash-Forward-x-vercel-protection-bypass", "s3cret")


class Revealed:
    """As pydantic's ``SecretStr``."""

    def get_secret_value(self) -> str:
        return "s3cret"


@pytest.fixture
def calls() -> Generator[list[APIRequest]]:
    sent: list[APIRequest] = []

    def transport(request: APIRequest) -> APIResponse:
        sent.append(request)
        if request.url.endswith("/v2/batch"):
            return APIResponse(
                201, json.dumps([{"messageId": "msg_1"} for _ in json.loads(request.body or b"")]).encode()
            )
        return APIResponse(201, b'{"messageId":"msg_1","scheduleId":"scd_1","cancelled":1}')

    with override_transport(transport):
        yield sent


def forwarded(request: APIRequest) -> list[tuple[str, str]]:
    return [header for header in request.headers if header[0].startswith(("Upstash-Forward-", "Content-Type"))]


SINGLE: dict[str, Callable[[QStash], Any]] = {
    "publish": lambda client: client.publish(url=URL),
    "publish one dict": lambda client: client.publish({"url": URL}),
    "publish on message": lambda client: client.message.publish(url=URL),
    "enqueue": lambda client: client.enqueue(url=URL, queue="mail"),
    "a schedule": lambda client: client.schedule.create(destination=URL, cron="* * * * *"),
    "sync of an async client": lambda client: AsyncQStash(TOKEN, headers=BYPASS).sync.publish(url=URL),
}


@pytest.mark.parametrize("send", SINGLE.values(), ids=SINGLE)
def test_every_message_has_them(calls: list[APIRequest], send: Callable[[QStash], Any]) -> None:
    send(QStash(TOKEN, headers=BYPASS))
    assert forwarded(calls[0]) == [FORWARDED]


@pytest.mark.parametrize("many", [False, True], ids=["batch", "publish_many"])
def test_every_message_of_a_batch_has_them(calls: list[APIRequest], many: bool) -> None:
    client = QStash(TOKEN, headers=BYPASS, retry=False)
    messages: Any = [{"url": URL}, {"url": URL, "headers": {"X-Vercel-Protection-Bypass": "own"}}]
    if many:
        client.publish_many(messages).send()
    else:
        client.batch(messages)
    assert [item["headers"] for item in json.loads(calls[0].body or b"")] == [
        {FORWARDED[0]: "s3cret"},
        {"Upstash-Forward-X-Vercel-Protection-Bypass": "own"},
    ]


OWN: dict[str, tuple[Mapping[str, str], dict[str, Any], list[tuple[str, str]]]] = {
    "a header of its own wins, however it is written": (
        {"X-Tenant": "all"},
        {"headers": {"x-tenant": "own"}},
        [("Upstash-Forward-x-tenant", "own")],
    ),
    "also under the name that it is forwarded by": (
        {"Upstash-Forward-X-Tenant": "all"},
        {"headers": {"x-tenant": "own", "x-other": "1"}},
        [("Upstash-Forward-x-tenant", "own"), ("Upstash-Forward-x-other", "1")],
    ),
    "other headers are sent beside": (
        {"X-Tenant": "all"},
        {"headers": {"X-Job": "1"}},
        [("Upstash-Forward-X-Job", "1"), ("Upstash-Forward-X-Tenant", "all")],
    ),
    "the token of a provider wins": (
        {"authorization": "Bearer app"},
        {"url": None, "api": {"name": "llm", "provider": openai("sk-1")}},
        [("Upstash-Forward-authorization", "Bearer sk-1")],
    ),
    "a content type of its own wins": (
        {"Content-Type": "text/plain"},
        {"content_type": "text/csv"},
        [("Content-Type", "text/csv")],
    ),
    "no headers of its own": ({"X-Tenant": "all"}, {"headers": None}, [("Upstash-Forward-X-Tenant", "all")]),
}


@pytest.mark.parametrize(("headers", "options", "sent"), OWN.values(), ids=OWN)
def test_what_a_message_says_itself_wins(
    calls: list[APIRequest], headers: Mapping[str, str], options: dict[str, Any], sent: list[tuple[str, str]]
) -> None:
    QStash(TOKEN, headers=headers).publish({"url": URL, **options})
    assert forwarded(calls[0]) == sent


def test_calls_that_publish_nothing_have_none(calls: list[APIRequest]) -> None:
    client = QStash(TOKEN, headers=BYPASS)
    client.message.cancel("msg_1")
    client.url_group.set_defaults("crm", retries=1)
    assert [forwarded(call) for call in calls] == [[], [("Content-Type", "application/json")]]


def test_a_change_of_the_mapping_afterwards_changes_nothing(calls: list[APIRequest]) -> None:
    headers = dict(BYPASS)
    client = QStash(TOKEN, headers=headers)
    headers.clear()
    client.publish(url=URL)
    assert forwarded(calls[0]) == [FORWARDED]


def test_a_secret_of_pydantic_is_sent_as_what_it_hides(calls: list[APIRequest]) -> None:
    secret: Any = Revealed()
    QStash(TOKEN, headers={"x-vercel-protection-bypass": secret}).publish(url=URL)
    assert forwarded(calls[0]) == [FORWARDED]


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "no mapping": ([("a", "b")], TypeError, "headers must be a dict of header names and values, not list"),
    "a name": ({"a b": "c"}, ConfigurationError, "headers has a header name that HTTP does not know: 'a b'"),
    "a line break": ({"a": "s3cret\n"}, ConfigurationError, "headers['a'] has line breaks, control characters or"),
    "no text": ({"a": None}, TypeError, "headers['a'] must be a str, not NoneType"),
    "twice": ({"a": "1", "A": "2"}, ConfigurationError, "headers has the header 'Upstash-Forward-A' twice"),
}


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("kind", [QStash, AsyncQStash])
@pytest.mark.parametrize(("headers", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_one_is_said_when_the_client_is_made(
    kind: Any, headers: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as raised:
        kind(TOKEN, headers=headers)
    assert str(raised.value).startswith(text)
    assert "s3cret" not in str(raised.value)
