"""The token stands in no text, record, repr or local variable of ours, whatever goes wrong."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, cast

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations._core.publishing.operations import Operation
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.chat import anthropic, custom, openai, resend
from tests.publish.libraries import LIBRARIES
from tests.publish.loopback import HANG_UP, SILENCE, TOKEN, URL, answer, loopback

BAD_TOKEN = TOKEN + " with blanks"


def refuse(request: Any) -> Any:
    raise RuntimeError("a bug in somebody's transport")


def broken_transport(request: APIRequest) -> APIResponse:
    raise RuntimeError("a bug in somebody's transport")


def with_transport(call: Callable[[], Any]) -> None:
    with override_transport(broken_transport):
        call()


def with_ready_client() -> None:
    library = LIBRARIES[0]
    with library.Client(transport=library.MockTransport(refuse)) as http:
        QStash(TOKEN, http_client=http).publish(url=URL)


def with_server(act: bytes | None, kind: type[QStash | AsyncQStash]) -> None:
    with loopback(act) as qstash:
        client = kind(TOKEN, base_url=qstash.url, retry=False, timeout=0.5)
        published = client.publish(url=URL)
        if kind is AsyncQStash:
            asyncio.run(published)  # type: ignore[arg-type]


def with_half_a_pair_of_keys() -> None:
    with override_transport(lambda request: APIResponse(200, b'{"current":"%s"}' % TOKEN.encode())):
        QStash(TOKEN).signing_key.get()


def with_changed_settings() -> None:
    client = QStash(TOKEN)
    with override_transport(lambda request: APIResponse(201, b'{"messageId":"msg_1"}')):
        client.publish(url=URL)
    with override_settings(QSTASH_URL="nonsense"):
        client.publish(url=URL)


LLM: Any = {"name": "llm", "provider": openai(TOKEN)}
FAILURES: dict[str, Callable[[], Any]] = {
    "a token with blanks": lambda: QStash(BAD_TOKEN),
    "a token of bytes": lambda: QStash(TOKEN.encode()),  # type: ignore[arg-type]
    "a bad base_url": lambda: QStash(TOKEN, base_url="nonsense"),
    "a base_url of bytes": lambda: QStash(TOKEN, base_url=b"https://x.example"),  # type: ignore[arg-type]
    "clear text": lambda: QStash(TOKEN, base_url="http://x.example"),
    "a bad header of every message": lambda: QStash(headers={"Authorization": f"Bearer {TOKEN}\n"}),
    "a bad timeout": lambda: QStash(TOKEN, timeout=-1),
    "a bad retry": lambda: QStash(TOKEN, retry=3),  # type: ignore[arg-type]
    "a bad http_client": lambda: AsyncQStash(TOKEN, http_client=object()),
    "a bad option": lambda: QStash(TOKEN).publish(url=URL, dealy=3),  # type: ignore[call-overload]
    "a bad url": lambda: QStash(TOKEN).publish(url="nonsense"),
    "a broken transport": lambda: with_transport(lambda: QStash(TOKEN).publish(url=URL)),
    "a broken transport, async": lambda: with_transport(lambda: asyncio.run(AsyncQStash(TOKEN).publish(url=URL))),  # type: ignore[arg-type]
    "a broken ready client": with_ready_client,
    "an address that cannot be sent": lambda: QStash(TOKEN, base_url="https://x.example/a/..").publish(url=URL),
    "changed settings": with_changed_settings,
    "half a pair of signing keys": with_half_a_pair_of_keys,
    "a refusal": lambda: with_server(answer(401, {"error": "unable to authenticate: invalid token"}), QStash),
    "a refusal, async": lambda: with_server(answer(401, {"error": "no"}), AsyncQStash),
    "an odd answer": lambda: with_server(answer(200, b"<html>"), QStash),
    "a lost connection": lambda: with_server(HANG_UP, QStash),
    "a lost connection, async": lambda: with_server(HANG_UP, AsyncQStash),
    "a timeout": lambda: with_server(SILENCE, QStash),
    "a copy": lambda: QStash(TOKEN).__reduce__(),
    "a bad option beside a provider": lambda: QStash("other").publish_json(api=LLM, body={}, delay=-1),
    "a bad body for a provider": lambda: QStash("other").publish_json(api=LLM, body=object()),
    "a batch that a later message spoils": lambda: QStash("other").batch_json([{"api": LLM}, {"url": "nonsense"}]),
    "a batch that is not UTF-8": lambda: QStash("other").batch([{"api": LLM, "body": b"\xff"}]),
    "openai": lambda: openai(BAD_TOKEN),
    "custom": lambda: custom("https://x.example", BAD_TOKEN),
    "anthropic": lambda: anthropic(BAD_TOKEN),
    "resend": lambda: resend(BAD_TOKEN),
}


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_no_error_shows_the_token(fail: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception) as caught:  # noqa: PT011 - any error at all
        fail()
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in repr(error) + repr(error.args)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            assert_clean(frame)
        error = error.__cause__ or error.__context__
    assert TOKEN not in caplog.text


def assert_clean(frame: FrameType) -> None:
    if "/qstash_integrations/" in frame.f_code.co_filename:
        for name, value in frame.f_locals.items():
            assert TOKEN not in shown(value), f"{name} in {frame.f_code.co_qualname}"


def shown(value: Any) -> str:
    """What an error tracker shows of a variable: it walks through containers and asks everything else for its repr."""
    if isinstance(value, dict):
        value = list(cast("dict[Any, Any]", value).items())
    if isinstance(value, list | tuple | set | frozenset):
        return "".join(map(shown, cast("list[Any]", value)))
    return repr(value)


def test_nothing_that_carries_the_token_shows_it() -> None:
    seen: list[APIRequest] = []

    def transport(request: APIRequest) -> APIResponse:
        seen.append(request)
        return APIResponse(201, b'{"messageId":"msg_1"}')

    with override_transport(transport):
        QStash(TOKEN).publish(url=URL, headers={"Authorization": "Bearer TESTONLYtheirs"})
    assert repr(seen) == f"[APIRequest(POST 'https://qstash.upstash.io/v2/publish/{URL}', ***)]"
    assert repr(openai("TESTONLYkey")) == (
        "Provider(name='llm', url='https://api.openai.com/v1/chat/completions', ***)"
    )
    operation: Operation[None] = Operation(
        method="POST",
        path="/v2/x",
        read=lambda answer: None,
        headers=(("Upstash-Forward-X", "TESTONLYtheirs"),),
        body=b"TESTONLYbody",
    )
    assert "TESTONLY" not in repr(operation)


def test_a_successful_call_logs_no_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), loopback() as qstash, QStash(TOKEN, base_url=qstash.url) as client:
        client.publish(url=URL, body="TESTONLYbody")
    assert TOKEN not in caplog.text
    assert "TESTONLYbody" not in caplog.text
