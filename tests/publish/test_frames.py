"""S06: whatever goes wrong, what the real ``sentry-sdk`` sends of it holds no body, forwarded header, token or key.

It prints the variables of every frame. Those of the tests are left out of the comparison: a caller's own frames hold
what the caller wrote.
"""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import anyio
import pytest

from qstash_integrations import AsyncQStash, QStash, QStashError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost, override_transport
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.compat import AsyncClient as OldAsyncClient
from qstash_integrations.compat import Client as OldClient
from tests.publish.clients import MAKERS, MakeClient, method
from tests.publish.every_call import CALLS
from tests.publish.loopback import SILENCE, TOKEN, URL, answer, loopback
from tests.sentry import report

BODY, HEADER, ANSWER = "TESTONLY-body-of-a-message", "TESTONLY-forwarded-header", "TESTONLY-in-an-answer"
SECRETS = (TOKEN, BODY, HEADER, ANSWER)
HIDDEN: dict[str, Any] = {"body": {"note": BODY}, "headers": {"X-Job": HEADER}}
VERBS = {**CALLS, "publish_many": ("message.publish_many", ([{"url": URL}],), {})}
# Every method is wrapped alike, as the last test shows: a coroutine, a list, a generator, a read and a filter.
OF_EACH_KIND = ("publish", "batch", "publish_many", "message.get", "message.cancel_many by filter")
VERBS_OF_MESSAGES = ("publish", "publish_json", "enqueue", "enqueue_json", "batch", "batch_json")
VERBS_OF_MESSAGES += ("publish_many", "publish_many_json", "schedule.create", "schedule.create_json")


def assert_shows_nothing(error: BaseException) -> None:
    """In the error's texts, and in every frame but those of the tests."""
    frames = [frame for frame in report(error) if "/tests/" not in frame["abs_path"]]
    assert any("/qstash_integrations/" in frame["abs_path"] and "vars" in frame for frame in frames)
    for frame in frames:
        shown = json.dumps(frame)
        assert not [secret for secret in SECRETS if secret in shown], f"{frame['module']}.{frame['function']}: {shown}"


def with_secrets(call: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A call that publishes has secrets in every body and every forwarded header."""
    verb, arguments, options = VERBS[call]
    if verb.partition(".")[2] not in VERBS_OF_MESSAGES and verb not in VERBS_OF_MESSAGES:
        return verb, arguments, options
    if arguments:
        return verb, ([{**message, **HIDDEN} for message in arguments[0]],), options
    return verb, (), {**options, **HIDDEN}


def call_wholly(client: Any, verb: str, *arguments: Any, **options: Any) -> None:
    found = client(verb, *arguments, **options)
    if "many" in verb and not isinstance(found, int):
        list(found)


def refuse(request: APIRequest) -> APIResponse:
    return APIResponse(400, b'{"error":"no"}')


def lose(request: APIRequest) -> Lost:
    return Lost("the cable")


def confuse(request: APIRequest) -> APIResponse:
    parts: Any = {"body": ANSWER, "current": ANSWER, "messages": [{"body": ANSWER}], "events": [{"body": ANSWER}]}
    return APIResponse(200, json.dumps([parts] if request.url.endswith("batch") else parts).encode())


def break_off(request: APIRequest) -> APIResponse:
    raise RuntimeError("a bug in somebody's transport")


def cancel(request: APIRequest) -> APIResponse:
    raise asyncio.CancelledError


REFUSALS: dict[str, Callable[[APIRequest], Any]] = {
    "refused": refuse,
    "lost": lose,
    "not understood": confuse,
    "broken": break_off,
    "cancelled": cancel,
}


@pytest.mark.parametrize("call", VERBS)
def test_S06_no_error_of_a_call_shows_what_was_sent(call: str) -> None:
    verb, arguments, options = with_secrets(call)
    for make_client, transport in product(MAKERS.values(), REFUSALS.values()):
        client: Any = make_client(retry=False)
        with override_transport(transport):
            try:
                found = client(verb, *arguments, **options)
                list(found) if verb.endswith("many") and not isinstance(found, int) else None
            except BaseException as error:
                assert_shows_nothing(error)
            else:
                # Some calls have no answer that could be misunderstood.
                assert transport is confuse


@pytest.mark.parametrize("call", OF_EACH_KIND)
def test_S06_no_refused_argument_shows_the_others(call: str) -> None:
    verb, arguments, options = with_secrets(call)
    for make_client in MAKERS.values():
        with pytest.raises(TypeError) as caught:
            make_client()(verb, *arguments, **options, dealy="1m")
        assert_shows_nothing(caught.value)


@pytest.mark.parametrize("call", OF_EACH_KIND)
def test_S06_no_wrong_setting_shows_what_was_sent(call: str) -> None:
    verb, arguments, options = with_secrets(call)
    for make_client in MAKERS.values():
        client: Any = make_client(retry=False)
        with override_settings(QSTASH_URL="nonsense"), pytest.raises(ValueError, match="QSTASH_URL") as caught:
            call_wholly(client, verb, *arguments, **options)
        assert_shows_nothing(caught.value)


MESSAGE: dict[str, Any] = {"url": URL, **HIDDEN}
WRONG: dict[str, dict[str, Any]] = {
    "a body that is no JSON": {"body": {"note": BODY, "a": object()}},
    "a body that holds itself": {"body": (lambda held: held.append(held) or held)([BODY])},
    "a body with a lone surrogate": {"body": f"{BODY}\ud800"},
    "a number that JSON does not have": {"body": [BODY, float("nan")]},
    "no destination": {"url": None},
    "a destination that is none": {"url": "nonsense"},
    "a header twice": {"headers": {"X-Job": HEADER, "x-job": HEADER}},
    "a header with a line end": {"headers": {"X-Job": f"{HEADER}\r\nX: y"}},
    "a delay before now": {"delay": -1},
}


def led_to(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that were handled when it was raised."""
    while True:
        yield error
        if error.__context__ is None:
            return
        error = error.__context__


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_S06_no_wrong_message_shows_its_body(make_client: MakeClient, wrong: dict[str, Any]) -> None:
    client: Any = make_client()
    for verb in VERBS_OF_MESSAGES:
        message = MESSAGE | wrong
        if verb.startswith("schedule"):
            message = {**message, "cron": "* * * * *", "destination": message.pop("url")}
        if verb.startswith("enqueue"):
            message["queue"] = "mail"
        with override_transport(refuse), pytest.raises(Exception) as caught:  # noqa: PT011 - any error at all
            call_wholly(client, verb, [message] if "batch" in verb or "many" in verb else message)
        assert_shows_nothing(caught.value)
        # What cannot be encoded or decoded is a part of these errors, printed or not.
        assert [error for error in led_to(caught.value) if isinstance(error, UnicodeError)] == []


@pytest.mark.parametrize(
    "act", [SILENCE, answer(500, b"oops"), b"HTTP/1.1 nonsense\r\n\r\n"], ids=["lost", "500", "no HTTP"]
)
def test_S06_nor_does_one_over_a_real_connection(make_client: MakeClient, act: bytes | None) -> None:
    with loopback(act) as qstash, pytest.raises(QStashError) as caught:
        make_client(base_url=qstash.url, retry=False, timeout=0.5)("publish_json", **MESSAGE)
    assert_shows_nothing(caught.value)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("size", [1, 20_000_000], ids=["in the answer", "in the body"])
def test_S06_no_cancelled_call_shows_what_was_on_its_way(backend: str, size: int) -> None:
    async def publish(url: str) -> BaseException:
        async with AsyncQStash(TOKEN, base_url=url, retry=False) as client:
            try:
                with anyio.fail_after(0.3):
                    await client.publish(**MESSAGE | {"body": BODY * size})
            except TimeoutError as error:
                return error
        raise AssertionError("it was answered")

    with loopback(SILENCE) if size == 1 else nobody_reads() as qstash:
        assert_shows_nothing(anyio.run(publish, getattr(qstash, "url", qstash), backend=backend))


@contextmanager
def nobody_reads() -> Generator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("verb", ["batch", "publish_many"])
def test_S06_the_lines_of_a_callers_own_generator_stay(make_client: MakeClient, verb: str) -> None:
    def rows() -> Iterator[Any]:
        yield MESSAGE
        raise LookupError("no such row")

    with pytest.raises(LookupError, match="no such row") as caught:
        call_wholly(make_client(), verb, rows())
    assert "rows" in [entry.name for entry in caught.traceback]
    assert_shows_nothing(caught.value)


def test_S06_an_error_that_the_caller_was_handling_keeps_its_variables() -> None:
    def fail(order: str) -> None:
        raise LookupError(order)

    try:
        fail("7")
    except LookupError as before:
        with pytest.raises(TypeError):
            QStash(TOKEN).publish(url=URL, dealy=3)  # type: ignore[call-overload]
        steps = before.__traceback__
    assert steps is not None
    assert steps.tb_next is not None
    assert steps.tb_next.tb_frame.f_locals["order"] == "7"


OLD: dict[str, Callable[[Any], Any]] = {
    "publish": lambda client: client.publish(MESSAGE | {"body": BODY}),
    "publish_json": lambda client: client.publish_json(MESSAGE),
    "batch": lambda client: client.batch([MESSAGE | {"body": BODY}]),
    "batch_json": lambda client: client.batch_json([MESSAGE]),
    "enqueue": lambda client: client.queue({"queue_name": "mail"}).enqueue(MESSAGE | {"body": BODY}),
    "enqueue_json": lambda client: client.queue({"queue_name": "mail"}).enqueue_json(MESSAGE),
    "schedules": lambda client: client.schedules().create(
        {"destination": URL, "cron": "* * * * *", "body": BODY, "headers": {"X-Job": HEADER}}
    ),
    "a wrong one": lambda client: client.publish_json(MESSAGE | {"dealy": 3}),
}


@pytest.mark.parametrize("kind", [OldClient, OldAsyncClient], ids=["Client", "AsyncClient"])
@pytest.mark.parametrize("call", OLD.values(), ids=OLD)
def test_S06_no_error_of_the_original_call_style_shows_what_was_sent(kind: Any, call: Callable[[Any], Any]) -> None:
    async def call_later() -> Any:
        return await call(kind(TOKEN, retry=False))

    for transport in (refuse, confuse, break_off):
        with override_transport(transport):
            try:
                asyncio.run(call_later()) if kind is OldAsyncClient else call(kind(TOKEN, retry=False))
            except Exception as error:
                assert_shows_nothing(error)


PROGRAM = """
import json, sys
import httpx
import sentry_sdk
from sentry_sdk.transport import Transport
from qstash_integrations import QStash, QStashError

class Kept(Transport):
    def capture_envelope(self, envelope):
        print(json.dumps([item.payload.json for item in envelope.items]))

sentry_sdk.init("https://public@sentry.example/1", transport=Kept, traces_sample_rate=1)
url, token, body, header = sys.stdin.read().split()  # sentry-sdk sends the command line

def publish(client):
    client.publish(url="https://api.example.com/", body=body, headers={"X-Job": header})

with sentry_sdk.start_transaction(name="publishing"), httpx.Client() as http:
    for http_client in (None, http):
        try:
            publish(QStash(token, base_url=url, retry=False, http_client=http_client))
        except QStashError as error:
            error.__traceback__ = error.__traceback__.tb_next.tb_next  # without the frames of this program
            sentry_sdk.capture_exception(error)
"""


@pytest.mark.system
def test_S06_neither_breadcrumbs_nor_spans_show_what_was_sent() -> None:
    with loopback(answer(500, {"error": "no"})) as qstash:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=" ".join((qstash.url, TOKEN, BODY, HEADER)),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert ran.stdout.count('"exception"') == 2
    assert "httpx" in ran.stdout
    assert not [secret for secret in SECRETS if secret in ran.stdout]


def test_every_method_of_both_clients_is_discreet() -> None:
    for client in (QStash(TOKEN), AsyncQStash(TOKEN)):
        for verb in {row[0] for row in VERBS.values()} | {"run", "publish", "log.iter", "dlq.iter"}:
            assert hasattr(method(client, verb), "__wrapped__"), verb
