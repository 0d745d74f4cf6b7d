"""``publish_many``: any number of messages, batch after batch, a receipt for each, and nothing lost without a word."""

import json
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from qstash_integrations import APIError, AsyncQStash, QStash, RateLimitError, TransportError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.server.app import running
from tests.publish.clients import MakeClient
from tests.publish.loopback import HANG_UP, TOKEN, URL, answer, loopback

BUSY = APIResponse(429, b'{"error":"too many"}', {"burst-ratelimit-limit": "5"})
NEVER_SENT = "^publish_many was called and nothing was sent"


class Account:
    """Accepts batches and numbers the messages; answers ``instead`` to the batches of these indices."""

    def __init__(self, instead: dict[int, APIResponse] | None = None) -> None:
        self.batches: list[list[Any]] = []
        self._instead = instead or {}
        self._accepted = 0

    def __call__(self, request: APIRequest) -> APIResponse:
        items = json.loads(request.body or b"")
        self.batches.append(items)
        instead = self._instead.pop(len(self.batches) - 1, None)
        if instead is not None:
            return instead
        first, self._accepted = self._accepted, self._accepted + len(items)
        return APIResponse(201, json.dumps([{"messageId": f"msg_{first + n}"} for n in range(len(items))]).encode())

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


def messages(count: int) -> Iterator[Any]:
    return ({"url": URL, "body": str(number)} for number in range(count))


def ids(receipts: list[Any]) -> list[str]:
    return [receipt.message_id for receipt in receipts]


def all_of(client: Any, *arguments: Any, verb: str = "publish_many", **options: Any) -> list[Any]:
    """The receipts, from either client."""
    many = client(verb, *arguments, **options)
    return list(many)


SIZES: dict[str, tuple[int, list[int]]] = {
    "none": (0, []),
    "one": (1, [1]),
    "a full chunk": (3, [3]),
    "one more": (4, [3, 1]),
    "many": (9, [3, 3, 3]),
}


@pytest.mark.parametrize(("count", "sizes"), SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("verb", ["publish_many", "message.publish_many"])
def test_any_iterable_is_sent_in_chunks(make_client: MakeClient, verb: str, count: int, sizes: list[int]) -> None:
    told: list[int] = []
    with override_transport(account := Account()):
        receipts = all_of(make_client(), messages(count), verb=verb, chunk_size=3, on_progress=told.append)
    assert account.sizes == sizes
    assert ids(receipts) == [f"msg_{number}" for number in range(count)]
    assert [item["body"] for batch in account.batches for item in batch] == [str(number) for number in range(count)]
    assert told == [min(3 * n, count) for n in range(1, len(sizes) + 1)]


def test_a_hundred_messages_are_a_chunk(make_client: MakeClient) -> None:
    with override_transport(account := Account()):
        all_of(make_client(), list(messages(250)))
    assert account.sizes == [100, 100, 50]


def test_the_items_are_those_of_a_batch(make_client: MakeClient) -> None:
    ship = [{"url": URL, "body": {"id": 3}, "delay": "10m", "deduplication_id": "a"}, {"url": URL, "queue": "q"}]
    for verb, batch in (("publish_many", "batch"), ("publish_many_json", "batch_json")):
        with override_transport(account := Account()):
            all_of(make_client(retry=False), ship, verb=verb)
            make_client(retry=False)(batch, ship)
        assert account.batches[0] == account.batches[1]
    assert account.batches[0][1] == {
        "destination": URL,
        "headers": {"Content-Type": "application/json"},
        "body": "null",
        "queue": "q",
    }


def test_every_message_may_be_sent_again_under_an_id_of_its_own(make_client: MakeClient) -> None:
    with override_transport(account := Account({0: BUSY})):
        assert ids(all_of(make_client(), messages(3), chunk_size=2)) == ["msg_0", "msg_1", "msg_2"]
    assert account.sizes == [2, 2, 1]
    assert account.batches[0] == account.batches[1]
    sent = [item["headers"]["Upstash-Deduplication-Id"] for batch in account.batches[1:] for item in batch]
    assert len(set(sent)) == 3


def test_it_reads_no_further_than_the_chunk_that_is_sent() -> None:
    source = messages(1_000_000)
    with override_transport(account := Account()):
        many = QStash(TOKEN).publish_many(source, chunk_size=2)
        assert (many.accepted, account.sizes) == (0, [])
        assert ids([next(many) for _ in range(3)]) == ["msg_0", "msg_1", "msg_2"]
    assert (many.accepted, account.sizes, next(source)["body"]) == (4, [2, 2], "4")


def test_a_chunk_ends_before_it_is_too_large(make_client: MakeClient) -> None:
    bodies = ["a" * 6_000_000, "b" * 3_000_000, "c" * 3_000_000, "d" * 12_000_000, "e"]
    with override_transport(account := Account()):
        receipts = all_of(make_client(), ({"url": URL, "body": body} for body in bodies))
    assert [[item["body"][0] for item in batch] for batch in account.batches] == [["a", "b"], ["c"], ["d"], ["e"]]
    assert ids(receipts) == ["msg_0", "msg_1", "msg_2", "msg_3", "msg_4"]
    assert len({item["headers"]["Upstash-Deduplication-Id"] for batch in account.batches for item in batch}) == 5


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"url": "nonsense"}, ValueError, r"^messages\[5\]: url must start with https:// or http://: 'nonsense'$"),
        ({"url": URL, "dealy": 3}, TypeError, r"^messages\[5\]: unknown option 'dealy'; did you mean 'delay'\?$"),
        (3, TypeError, r"^messages\[5\]: a message must be a dict, not int$"),
    ],
    ids=["a bad url", "an unknown option", "no message"],
)
def test_a_wrong_message_is_named_and_nothing_of_its_chunk_is_sent(
    wrong: Any, error: type[Exception], text: str
) -> None:
    source = [*messages(5), wrong, *messages(5)]
    with override_transport(account := Account()):
        many = QStash(TOKEN).publish_many(source, chunk_size=3)
        assert ids([next(many) for _ in range(3)]) == ["msg_0", "msg_1", "msg_2"]
        with pytest.raises(error, match=text):
            next(many)
        assert (many.accepted, account.sizes) == (3, [3])
        # The generator that a caller hands over is at its end by now: going on would lose two messages silently.
        with pytest.raises(RuntimeError, match=r"3 were accepted, so start again with messages\[3\]$"):
            next(many)
    assert account.sizes == [3]


def test_an_error_of_the_source_is_the_callers_own() -> None:
    def broken() -> Iterator[Any]:
        yield from messages(3)
        raise KeyError("database is gone")

    with override_transport(account := Account()):
        many = QStash(TOKEN).publish_many(broken(), chunk_size=2)
        with pytest.raises(KeyError, match="database is gone"):
            many.send()
        with pytest.raises(RuntimeError, match=r"2 were accepted"):
            many.send()
    assert account.sizes == [2]


REFUSED: dict[str, tuple[APIResponse, type[Exception], str]] = {
    "refused": (
        APIResponse(413, b'{"error":"too large"}'),
        APIError,
        "QStash answered 413: messages[2] to messages[3]: too large",
    ),
    "too many": (BUSY, RateLimitError, "QStash answered 429: messages[2] to messages[3]: too many"),
    "one item": (
        APIResponse(201, b'[{"messageId":"msg_2"},{"error":"no such queue"}]'),
        APIError,
        "QStash answered 400: messages[2] to messages[3]: messages[3]: no such queue; the others may be accepted",
    ),
    "too few": (
        APIResponse(201, b"[]"),
        TransportError,
        "messages[2] to messages[3]: QStash's answer is not a list of 2 results",
    ),
    "no id": (
        APIResponse(201, b'[{"messageId":"msg_2"},{"messageId":3}]'),
        TransportError,
        "messages[2] to messages[3]: QStash's answer has no messageId",
    ),
}


@pytest.mark.parametrize(("instead", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_a_chunk_that_fails_is_named_and_iterating_goes_on_with_it(
    instead: APIResponse, error: type[Exception], text: str
) -> None:
    with override_transport(account := Account({1: instead})):
        many = QStash(TOKEN, retry={"retries": 0}).publish_many(messages(5), chunk_size=2)
        receipts = [next(many), next(many)]
        with pytest.raises(error) as caught:
            next(many)
        assert str(caught.value) == text
        assert (many.accepted, account.sizes) == (2, [2, 2])
        receipts += many
    assert ids(receipts) == ["msg_0", "msg_1", "msg_2", "msg_3", "msg_4"]
    assert account.sizes == [2, 2, 2, 1]
    assert account.batches[1] == account.batches[2]


@pytest.mark.parametrize(("instead", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_who_keeps_no_receipts_is_told_the_same_and_may_iterate_over_the_rest(
    instead: APIResponse, error: type[Exception], text: str
) -> None:
    with override_transport(account := Account({1: instead})):
        many = QStash(TOKEN, retry={"retries": 0}).publish_many(messages(5), chunk_size=2)
        with pytest.raises(error) as caught:
            many.send()
        assert str(caught.value) == text
        assert (many.accepted, account.sizes) == (2, [2, 2])
        assert ids(list(many)) == ["msg_2", "msg_3", "msg_4"]


def test_receipts_of_url_groups_count_as_one_message_each() -> None:
    of_group = b'[[{"messageId":"msg_1","url":"https://a.example"},{"messageId":"msg_2","url":"https://b.example"}]]'
    both = b'[{"messageId":"msg_0"},' + of_group[1:]
    with override_transport(Account({0: APIResponse(201, both)})):
        many = QStash(TOKEN).publish_many([{"url": URL}, {"url_group": "signups"}])
        assert many.send() == 2


def test_what_qstash_said_stays_in_the_error() -> None:
    with override_transport(Account({0: BUSY})), pytest.raises(RateLimitError) as caught:
        QStash(TOKEN, retry=False).publish_many(messages(1)).send()
    assert (caught.value.status, caught.value.limit) == (429, 5)
    assert caught.value.detail == "messages[0] to messages[0]: too many"


def test_an_error_in_the_callback_loses_no_receipt() -> None:
    def fail(accepted: int) -> None:
        raise KeyError(accepted)

    with override_transport(Account()):
        many = QStash(TOKEN).publish_many(messages(2), on_progress=fail)
        with pytest.raises(KeyError, match="2"):
            next(many)
        assert ids(list(many)) == ["msg_0", "msg_1"]


ARGUMENTS: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "one message": ({"url": URL}, 100, TypeError, "^messages must be an iterable of dicts, not dict$"),
    "a text": (URL, 100, TypeError, "^messages must be an iterable of dicts, not str$"),
    "nothing": (None, 100, TypeError, "^messages must be an iterable of dicts, not NoneType$"),
    "no chunk": ([], 0, ValueError, "^chunk_size must be a number of messages >= 1, not 0$"),
    "half a chunk": ([], 0.5, ValueError, "^chunk_size must be a number of messages >= 1, not 0.5$"),
    "a flag": ([], True, ValueError, "^chunk_size must be a number of messages >= 1, not True$"),
}


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("kind", [QStash, AsyncQStash])
@pytest.mark.parametrize(("source", "chunk_size", "error", "text"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_are_refused_at_the_call(
    kind: Any, source: Any, chunk_size: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        kind(TOKEN).publish_many(source, chunk_size=chunk_size)


@pytest.mark.parametrize("kind", [QStash, AsyncQStash])
def test_one_that_is_never_started_says_so(kind: Any) -> None:
    made = kind(TOKEN).publish_many(messages(1))
    with pytest.warns(RuntimeWarning, match=NEVER_SENT):
        del made


def test_send_sends_all_and_counts() -> None:
    with override_transport(account := Account()):
        assert QStash(TOKEN).publish_many(messages(7), chunk_size=5).send() == 7
    assert account.sizes == [5, 2]


async def slowly(count: int) -> AsyncIterator[Any]:
    for message in messages(count):
        await checkpoint()
        yield message


@pytest.mark.anyio
class TestAsync:
    async def test_messages_may_come_asynchronously(self) -> None:
        told: list[int] = []

        async def tell(accepted: int) -> None:
            told.append(accepted)

        with override_transport(account := Account()):
            many = AsyncQStash(TOKEN).publish_many(slowly(5), chunk_size=2, on_progress=tell)
            assert ids([receipt async for receipt in many]) == ["msg_0", "msg_1", "msg_2", "msg_3", "msg_4"]
            assert await AsyncQStash(TOKEN).publish_many_json(slowly(3)).send() == 3
        assert account.sizes == [2, 2, 1, 3]
        assert told == [2, 4, 5]

    async def test_it_goes_on_with_a_chunk_that_failed(self) -> None:
        with override_transport(account := Account({1: BUSY})):
            many = AsyncQStash(TOKEN, retry=False).publish_many(slowly(4), chunk_size=2)
            with pytest.raises(RateLimitError, match=r"messages\[2\] to messages\[3\]: too many$"):
                await many.send()
            assert await many.send() == 4
        assert account.sizes == [2, 2, 2]

    async def test_a_wrong_message_ends_it(self) -> None:
        async def wrong() -> AsyncGenerator[Any]:
            yield {"url": URL}
            yield {"url": "nonsense"}

        with override_transport(account := Account()):
            async with aclosing(wrong()) as source:
                many = AsyncQStash(TOKEN).publish_many(source)
                with pytest.raises(ValueError, match=r"^messages\[1\]: url must start"):
                    await many.send()
                with pytest.raises(RuntimeError, match=r"start again with messages\[0\]$"):
                    await many.send()
        assert account.sizes == []

    async def test_two_tasks_do_not_share_one(self) -> None:
        errors: list[str] = []
        with override_transport(account := Account()):
            many = AsyncQStash(TOKEN).publish_many(slowly(3))

            async def send() -> None:
                try:
                    await many.send()
                except RuntimeError as error:
                    errors.append(str(error))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(send)
                tasks.start_soon(send)
        assert (many.accepted, account.sizes) == (3, [3])
        assert errors == ["two tasks or threads iterate over one publish_many; give each its own"]


def test_over_a_socket_a_lost_chunk_is_sent_again_and_the_next_one_follows(make_client: MakeClient) -> None:
    receipts = [answer(201, [{"messageId": f"msg_{n}"} for n in chunk]) for chunk in ((0, 1), (2, 3), (4,))]
    with loopback(receipts[0], HANG_UP, *receipts[1:]) as qstash:
        client = make_client(base_url=qstash.url)
        assert ids(all_of(client, messages(5), chunk_size=2)) == ["msg_0", "msg_1", "msg_2", "msg_3", "msg_4"]
    assert [len(json.loads(sent.body)) for sent in qstash.sent] == [2, 2, 2, 1]
    assert qstash.sent[1].body == qstash.sent[2].body
    assert {sent.target for sent in qstash.sent} == {"/v2/batch"}


def test_over_a_socket_a_chunk_without_an_answer_is_named() -> None:
    with (
        loopback(answer(201, [{"messageId": "msg_0"}]), HANG_UP) as qstash,
        QStash(TOKEN, base_url=qstash.url) as client,
    ):
        client.sleep = lambda seconds: None  # type: ignore[method-assign]
        many = client.publish_many(messages(2), chunk_size=1)
        assert ids([next(many)]) == ["msg_0"]
        with pytest.raises(TransportError, match=r"^messages\[1\] to messages\[1\]: no answer from http"):
            next(many)


@pytest.mark.system
def test_the_local_server_gets_every_message_once() -> None:
    later: Any = ({"url": URL, "delay": "1h", "body": {"id": number}} for number in range(250))
    with running() as server, QStash(server.token, base_url=server.url) as client:
        receipts = ids(list(client.publish_many(later)))
        assert (len(set(receipts)), client.message.get(receipts[-1]).body) == (250, '{"id":249}')
        assert client.message.cancel_all() == 250


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_memory_is_flat_however_many_there_are(kind: str) -> None:
    """Twenty thousand messages of some 200 bytes are 4 MB; a chunk of them is 30 kB."""
    count = 20_000

    def accept(request: APIRequest) -> APIResponse:
        return APIResponse(201, b"[%s]" % b",".join([b"[]"] * (request.body or b"").count(b"group")))

    source: Any = ({"url_group": "group", "body": f"{number:0200}"} for number in range(count))
    with override_transport(accept):
        tracemalloc.start()
        try:
            if kind == "sync":
                assert QStash(TOKEN, retry=False).publish_many(source).send() == count
            else:
                assert anyio.run(AsyncQStash(TOKEN, retry=False).publish_many(source).send) == count
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 2_000_000
