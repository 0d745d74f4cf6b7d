"""Bodies as large as they may be, made to be expensive: refused before anything is built of them."""

import asyncio
import hashlib
import time
import tracemalloc
from collections.abc import Iterator, Sequence

import anyio
import pytest

from qstash_integrations.server.api.asgi import SMALL, NoRoom, Room
from qstash_integrations.server.model import Outcome
from tests.hosts import Request, asgi_exchange
from tests.server.destination import SOON
from tests.server.local import TOKEN, Local
from tests.server.workflow_sdk import Sdk, list_of

MEBIBYTE = 1024 * 1024
BATCH = 16 * MEBIBYTE
MEMORY = 8 * MEBIBYTE
CALLER = [("Host", "localhost"), ("Authorization", f"Bearer {TOKEN}")]
SECONDS = 3.0  # of the processor; most take milliseconds, and without the limits some take a minute


ITEM = '{"destination":"https://a.example"'
# The call, the size of its body, and of what to make it: as many units, numbered or not, as fit between two ends.
BODIES: dict[str, tuple[str, int, tuple[str, str, str]]] = {
    "batch of objects": ("POST /v2/batch", BATCH, ("[", "{},", "{}]")),
    "batch of arrays": ("POST /v2/batch", BATCH, ("[", "[],", "[]]")),
    "batch of numbers": ("POST /v2/batch", BATCH, ("[", "1,", "1]")),
    "batch of brackets": ("POST /v2/batch", BATCH, ("", "[", "")),
    "batch of towers": ("POST /v2/batch", BATCH, ("[", f"{'[' * 900}{']' * 900},", "1]")),
    "batch of blanks": ("POST /v2/batch", BATCH, ("[", " ", "")),
    "batch of small messages": ("POST /v2/batch", BATCH, ("[", f"{ITEM}}},", "{}]")),
    "message with many headers": ("POST /v2/batch", BATCH, (f'[{ITEM},"headers":{{', '"h%07d":"",', '"h":""}}]')),
    "message with much else": ("POST /v2/batch", BATCH, (f'[{ITEM},"x":[', "{},", "{}]}]")),
    "message with a long destination": ("POST /v2/batch", BATCH, (f"[{ITEM[:-1]}?", "a&", '"}]')),
    "message with a large header": ("POST /v2/batch", BATCH, (f'[{ITEM},"headers":{{"Upstash-Label":"', "a,", '"}}]')),
    "ids of messages": ("DELETE /v2/messages", MEBIBYTE, ('{"messageIds":[', '"m",', '"m"]}')),
    "ids in one text": ("DELETE /v2/messages", MEBIBYTE, ('{"messageIds":"', "m,", 'm"}')),
    "labels": ("DELETE /v2/messages", MEBIBYTE, ('{"label":[', '"l",', '"l"]}')),
    "dead letters to delete": ("DELETE /v2/dlq", MEBIBYTE, ('{"dlqIds":[', '"1-1",', '"1-1"]}')),
    "dead letters to retry": ("POST /v2/dlq/retry", MEBIBYTE, ('{"dlqIds":[', '"1-1",', '"1-1"]}')),
    "endpoints": ("POST /v2/topics/t/endpoints", MEBIBYTE, ('{"endpoints":[', '{"url":"http://a/%07d"},', "{}]}")),
    "headers of a group": ("PATCH /v2/topics/t", MEBIBYTE, ('{"headers":{', '"h%07d":"",', '"h":""}}')),
    "a queue": ("POST /v2/queues", MEBIBYTE, ('{"x":[', "{},", "{}]}")),
}
TOO_MANY = ("batch of objects", "batch of small messages")


def made(size: int, before: str, unit: str, after: str) -> bytes:
    length = len(unit % 0 if "%" in unit else unit)
    numbers = range((size - len(before) - len(after)) // length)
    middle = "".join(unit % number for number in numbers) if "%" in unit else unit * len(numbers)
    return f"{before}{middle}{after}".encode()


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local()
    assert local("POST", "/v2/topics/t/endpoints", {"endpoints": [{"url": "https://a.example"}]}).status == 200
    yield local
    local.engine.close()


@pytest.mark.parametrize("case", BODIES)
def test_S08_what_is_too_much_is_refused_before_it_is_built(local: Local, case: str) -> None:
    call, size, parts = BODIES[case]
    body = made(size, *parts)
    started_at = time.process_time()
    tracemalloc.start()
    status = local(*call.split(), body).status
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A large text is a text a few times over: in the body, decoded, and as the bytes of a header.
    assert (status, peak < 6 * len(body) + MEMORY) == (412 if case in TOO_MANY else 400, True)
    assert time.process_time() - started_at < SECONDS


def test_S08_a_batch_is_refused_with_the_first_message_that_is_too_many(local: Local) -> None:
    item = f"{ITEM}}}"
    many = f"[{','.join([item] * 10_000)}"
    got = local("POST", "/v2/batch", f"{many},{item},nonsense".encode())
    assert (got.status, got.json) == (412, {"error": "the batch is too large: at most 10000 messages in one call"})
    assert local("GET", "/_local/overview").json["unfinished"] == 0


@pytest.mark.parametrize(
    ("headers", "what"),
    [({f"X-{number}": "" for number in range(101)}, "many"), ({"X": "x" * 33_000}, "large")],
    ids=["many", "large"],
)
def test_S08_a_message_of_a_batch_and_a_group_have_no_more_headers_than_a_request(
    local: Local, headers: dict[str, str], what: str
) -> None:
    limit = "at most 100 headers and 32768 bytes of them"
    got = local("POST", "/v2/batch", [{"destination": "https://a.example", "headers": headers}])
    assert (got.status, got.json) == (400, {"error": f"batch item 0: {limit}"})
    got = local("PATCH", "/v2/topics/t", {"headers": headers})
    assert (got.status, got.json) == (400, {"error": f"invalid headers: {limit}"})


def test_S08_dead_letters_are_dealt_with_a_part_at_a_time(local: Local) -> None:
    item = {"destination": "https://a.example", "headers": {"Upstash-Retries": "0"}}
    assert local("POST", "/v2/batch", [item] * 1001).status == 200
    while local.engine.inspection.overview().unfinished:
        local.deliver(500)
    retried = local("POST", "/v2/dlq/retry").json
    assert (len(retried["responses"]), retried["cursor"] != "") == (1000, True)
    while local.engine.inspection.overview().unfinished:
        local.deliver(500)
    deleted = local("DELETE", "/v2/dlq").json
    assert (deleted["deleted"], "cursor" in deleted) == (1000, True)
    assert local("DELETE", "/v2/dlq").json == {"deleted": 1}


def test_S08_large_bodies_wait_outside_until_there_is_room_and_small_ones_do_not() -> None:
    async def run() -> list[str]:
        room, told = Room(3 * MEBIBYTE), list[str]()
        leave = {name: asyncio.Event() for name in ("first", "second", "huge", "third", "small")}

        async def body(name: str, size: int) -> None:
            async with room.of(size):
                told.append(name)
                await leave[name].wait()

        sizes = {"first": 2 * MEBIBYTE, "second": MEBIBYTE, "huge": 9 * MEBIBYTE, "third": MEBIBYTE, "small": SMALL}
        async with asyncio.TaskGroup() as tasks:
            for name, size in sizes.items():
                tasks.create_task(body(name, size))
            await _settled()
            for name in ("small", "first", "second", "huge", "third"):
                told.append(f"without {name}")
                leave[name].set()
                await _settled()
        return told

    assert asyncio.run(run()) == [
        "first", "second", "small", "without small", "without first", "without second", "huge", "without huge", "third",
        "without third",
    ]  # fmt: skip


def test_S08_a_body_for_which_there_is_no_room_for_long_is_turned_away_and_holds_up_nobody() -> None:
    async def run() -> None:
        room = Room(MEBIBYTE, patience=0.01)
        async with room.of(MEBIBYTE):
            with pytest.raises(NoRoom):
                async with room.of(MEBIBYTE):
                    raise AssertionError("there is no room")
        async with room.of(2 * MEBIBYTE):
            pass

    asyncio.run(run())


def test_of_those_who_give_up_at_the_same_moment_none_keeps_its_place() -> None:
    async def run() -> None:
        room = Room(MEBIBYTE)

        async def body(size: int) -> None:
            async with room.of(size):
                raise AssertionError("there is no room, or it gave up")

        first = room.of(MEBIBYTE - 2 * SMALL)
        await first.__aenter__()
        # The second one would fit where the first has gone.
        waiting = [asyncio.create_task(body(size)) for size in (MEBIBYTE, 2 * SMALL)]
        await _settled()
        for one in waiting:
            one.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*waiting, return_exceptions=True)
        )
        late = asyncio.create_task(body(MEBIBYTE))
        await _settled()
        await first.__aexit__(None, None, None)
        late.cancel()  # it was let in, and does not know it yet
        await asyncio.gather(late, return_exceptions=True)
        async with asyncio.timeout(0), room.of(MEBIBYTE):
            pass

    asyncio.run(run())


def test_S08_large_bodies_are_left_in_the_store_until_they_are_sent() -> None:
    local = Local()
    body = bytes(range(256)) * 40_960
    local.publish("https://a.example/large", body)
    local.publish("https://a.example/small", b"small", Label="small")
    tracemalloc.start()
    large, small = local.engine.claiming.claim(2, whole=False)
    _, claimed = tracemalloc.get_traced_memory()
    sent = hashlib.sha256()
    parts = 0
    for part in local.engine.claiming.body(large):
        sent.update(part)
        parts += 1
    _, read = tracemalloc.get_traced_memory()
    local.engine.recording.record(large.seq, Outcome(status=200))
    _, recorded = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (large.body, large.unread, small.body, small.unread) == (b"", len(body), b"small", 0)
    assert (sent.hexdigest(), parts) == (hashlib.sha256(body).hexdigest(), 40)
    assert max(claimed, read, recorded) < MEBIBYTE
    assert local.engine.inspection.message(large.id).body == body
    local.engine.close()


@pytest.mark.parametrize("beside", ["GET /_local/overview", "DELETE /v2/messages/msg_x"])
def test_calls_without_a_body_never_wait_for_large_ones_that_are_slow(local: Local, beside: str) -> None:
    method, path = beside.split()
    slow = Request("/v2/batch", [*CALLER, ("Content-Length", str(90 * MEBIBYTE))], b"[", stalls=True)
    assert beside_of(local, [slow], Request(path, CALLER, method=method)) in (200, 404)


def test_webhooks_that_are_slow_hold_up_no_call_with_a_token(local: Local) -> None:
    Sdk(local).start()
    told = [("Host", "localhost"), ("Content-Length", str(MEBIBYTE))]
    slow = Request("/v2/workflows/hooks/user/wfr_1/e", told, b"x", stalls=True)
    large = Request("/v2/publish/https://a.example", [*CALLER, ("Content-Length", "10000000")], b"x" * 10_000_000)
    assert beside_of(local, [slow] * 30, large) == 201


def beside_of(local: Local, slow: Sequence[Request], request: Request) -> int:
    """What a request is answered with while others do not end."""

    async def run() -> int:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as tasks:
                for one in slow:
                    tasks.start_soon(asgi_exchange, local.api, one)
                await _settled()
                answer = await asgi_exchange(local.api, request)
                tasks.cancel_scope.cancel()
        return answer.status

    return anyio.run(run)


def test_the_list_of_a_large_run_is_left_in_the_store_until_it_is_sent() -> None:
    local = Local()
    Sdk(local).start(b"x" * 1000)
    for step_id, size in enumerate((1, 2, 3, 5_000_000, 300_001, 9_000_000, 200_000), start=1):
        Sdk(local).result(step_id, out="x" * size)
    tracemalloc.start()
    *_, largest = local.engine.claiming.claim(8, whole=False)
    sent, size = hashlib.sha256(), 0
    for part in local.engine.claiming.body(largest):
        sent.update(part)
        size += len(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (largest.body, largest.unread) == (b"", size)
    # One step at a time was read when it was claimed.
    assert peak < 24 * MEBIBYTE
    local.engine.recording.record(largest.seq, Outcome(status=500))
    local.now += 3600
    (again,) = (message for message in local.engine.claiming.claim(8) if message.id == largest.id)
    assert (sent.hexdigest(), size) == (hashlib.sha256(again.body).hexdigest(), len(again.body))
    assert [step["stepId"] for step in list_of(again)[1:]] == [1, 2, 3, 4, 5, 6, 7]
    local.engine.close()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
