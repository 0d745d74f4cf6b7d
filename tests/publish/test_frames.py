"""What error trackers see of a failed call: of our frames, and of what they hold, no body, no header and no token."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.call import Outcome
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost, override_transport
from qstash_integrations.compat import Client
from tests.publish.loopback import TOKEN, URL, answer, loopback
from tests.sentry import ours, report

CARD = "4000-0000-0000-0002"
BODY: Any = {"card": CARD, "items": [{"card": CARD}]}
HEADERS = {"X-Card": CARD}
MESSAGE: dict[str, Any] = {"url": URL, "body": BODY, "headers": HEADERS}
QUEUED = {**MESSAGE, "queue": "mail"}
SCHEDULE: dict[str, Any] = {"destination": URL, "cron": "* * * * *", "body": BODY, "headers": HEADERS}

Verb = tuple[str, Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]]


def keywords(message: dict[str, Any]) -> Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]:
    return lambda wrong: ((), {**message, **wrong})


def one_dict(message: dict[str, Any]) -> Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]:
    return lambda wrong: (({**message, **wrong},), {})


def a_list(message: dict[str, Any]) -> Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]:
    return lambda wrong: (([message, {**message, **wrong}],), {})


VERBS: dict[str, Verb] = {
    "publish": ("publish", keywords(MESSAGE)),
    "publish, one dict": ("publish", one_dict(MESSAGE)),
    "publish_json": ("publish_json", keywords(MESSAGE)),
    "message.publish_json": ("message.publish_json", keywords(MESSAGE)),
    "enqueue": ("enqueue", keywords(QUEUED)),
    "enqueue_json": ("enqueue_json", keywords(QUEUED)),
    "batch": ("batch", a_list(MESSAGE)),
    "batch_json": ("batch_json", a_list(QUEUED)),
    "publish_many": ("publish_many", a_list(MESSAGE)),
    "publish_many_json": ("publish_many_json", a_list(MESSAGE)),
    "schedule.create": ("schedule.create", keywords(SCHEDULE)),
    "schedule.create_json": ("schedule.create_json", one_dict(SCHEDULE)),
}
DIALECT: dict[str, Callable[[Client, Any], Any]] = {
    "publish": lambda client, wrong: client.publish({**MESSAGE, **wrong}),
    "publish_json": lambda client, wrong: client.publish_json({**MESSAGE, **wrong}),
    "batch": lambda client, wrong: client.batch([{**MESSAGE, **wrong}]),
    "batch_json": lambda client, wrong: client.batch_json([{**MESSAGE, **wrong}]),
    "enqueue": lambda client, wrong: client.queue({"queue_name": "mail"}).enqueue({**MESSAGE, **wrong}),
    "enqueue_json": lambda client, wrong: client.queue({"queue_name": "mail"}).enqueue_json({**MESSAGE, **wrong}),
    "schedules.create": lambda client, wrong: client.schedules().create({**SCHEDULE, **wrong}),
}
SOMETHING_WRONG: dict[str, Any] = {
    "an option that does not exist": {"retriez": 3},
    "a value of the wrong kind": {"retries": CARD},
    "a header that is none": {"headers": {"X-Card": f"{CARD}\r\n"}},
    "a header's name that is none": {"headers": {f"X {CARD}": "1"}},
    "a body that is no JSON": {"body": {"card": CARD, "of": object()}},
    "a body without end": {"body": [float("nan"), CARD]},
}
OUTCOMES: dict[str, Outcome] = {
    "refused": APIResponse(400, b'{"error":"no such plan"}'),
    "broken": APIResponse(500, b"oops"),
    "lost": Lost("ReadTimeout"),
    "no JSON": APIResponse(200, b"<html>"),
    "another answer": APIResponse(200, b'{"messageId":["%s"]}' % CARD.encode()),
    "a list for an object": APIResponse(200, b'[{"body":"%s"}]' % CARD.encode()),
}


def call(client: QStash | AsyncQStash, verb: str, arguments: Any) -> Any:
    args, options = arguments
    del arguments
    found: Any = client
    for name in verb.split("."):
        found = getattr(found, name)
    if isinstance(client, QStash):
        result = found(*args, **options)
        return list(result) if verb.startswith("publish_many") else result

    async def wait() -> Any:
        result = found(*args, **options)
        return await result if inspect.isawaitable(result) else [receipt async for receipt in result]

    return asyncio.run(wait())


def shown_of(act: Callable[[], Any]) -> str:
    """Our frames as Sentry has them, of whatever ``act`` raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the matter of other tests
        act()
    shown = ours(report(caught.value))
    assert shown.count('"function"') >= 1
    return shown


both = pytest.mark.parametrize("kind", [QStash, AsyncQStash])
every_verb = pytest.mark.parametrize(("verb", "arguments"), VERBS.values(), ids=VERBS)


@both
@every_verb
@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_S06_a_call_that_fails_shows_nothing_of_its_message(
    kind: type[QStash | AsyncQStash], verb: str, arguments: Any, outcome: Outcome
) -> None:
    def give(request: APIRequest) -> Outcome:
        return outcome

    with override_transport(give):
        shown = shown_of(lambda: call(kind(TOKEN, retry=False), verb, arguments({})))
    assert (CARD in shown, TOKEN in shown) == (False, False)


@both
@every_verb
@pytest.mark.parametrize("wrong", SOMETHING_WRONG.values(), ids=SOMETHING_WRONG)
def test_S06_a_message_that_is_refused_shows_nothing(
    kind: type[QStash | AsyncQStash], verb: str, arguments: Any, wrong: Any
) -> None:
    shown = shown_of(lambda: call(kind(TOKEN), verb, arguments(wrong)))
    assert (CARD in shown, TOKEN in shown) == (False, False)


@pytest.mark.parametrize("act", DIALECT.values(), ids=DIALECT)
@pytest.mark.parametrize("wrong", [{}, {"retriez": 3}, {"body": {"card": CARD, "of": object()}}])
def test_S06_nor_in_the_original_call_style(act: Callable[[Client, Any], Any], wrong: Any) -> None:
    with override_transport(lambda request: APIResponse(400, b'{"error":"no"}')):
        shown = shown_of(lambda: act(Client(TOKEN), wrong))
    assert (CARD in shown, TOKEN in shown) == (False, False)


@both
@pytest.mark.parametrize(
    "act", [None, answer(500, b"oops"), b"HTTP/1.1 nonsense\r\n\r\n"], ids=["lost", "500", "no HTTP"]
)
def test_S06_nor_does_one_over_a_real_connection(kind: type[QStash | AsyncQStash], act: bytes | None) -> None:
    with loopback(act) as server:
        client = kind(TOKEN, base_url=server.url, retry=False, timeout=0.5)
        shown = shown_of(lambda: call(client, "publish_json", ((), MESSAGE)))
    assert (CARD in shown, TOKEN in shown) == (False, False)


@both
def test_S06_the_frames_of_a_callers_own_generator_stay(kind: type[QStash | AsyncQStash]) -> None:
    def rows() -> Iterator[Any]:
        yield MESSAGE
        raise LookupError("no such row")

    async def arows() -> AsyncIterator[Any]:
        for row in rows():
            yield row

    source = rows() if kind is QStash else arows()
    for verb in ("batch", "publish_many") if kind is QStash else ("publish_many",):
        with pytest.raises(LookupError, match="no such row") as caught:
            call(kind(TOKEN), verb, ((source if verb == "publish_many" else rows(),), {}))
        assert "rows" in [entry.name for entry in caught.traceback]
        assert CARD not in ours(report(caught.value))
