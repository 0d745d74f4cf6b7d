"""The connections that a client opens by itself: as many as are needed at once, up to a limit, and not for ever."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing._async.connections import AsyncConnections
from qstash_integrations._core.publishing._sync.connections import Connections
from qstash_integrations._core.publishing.call import APIRequest, APIResponse, Lost
from qstash_integrations._core.publishing.http import KEPT_FOR
from tests.publish.loopback import ACCEPTED, SILENCE, TOKEN, URL, Loopback, answer, loopback


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def request_to(qstash: Loopback, method: str = "POST", body: bytes | None = b"hi") -> APIRequest:
    return APIRequest(method=method, url=f"{qstash.url}/v2/publish/{URL}", headers=(), body=body)


def test_what_a_burst_of_tasks_has_left_over_is_closed_when_nobody_needs_it() -> None:
    async def work(qstash: Loopback) -> None:
        clock, request = Clock(), request_to(qstash)
        connections = AsyncConnections(request, 5, now=clock)
        await asyncio.gather(*(connections.send(request) for _ in range(3)))
        assert qstash.connections == 3
        clock.seconds = KEPT_FOR
        await connections.send(request)
        assert not qstash.closed.acquire(timeout=0.02)
        clock.seconds += 1
        await connections.send(request)
        assert all(qstash.closed.acquire(timeout=5) for _ in range(2))
        await connections.aclose()
        assert qstash.closed.acquire(timeout=5)
        assert (qstash.connections, len(qstash.sent)) == (3, 5)

    with loopback() as qstash:
        asyncio.run(work(qstash))


def test_what_a_burst_of_threads_has_left_over_is_closed_when_nobody_needs_it() -> None:
    # Its clock is asked when the answer is there: whoever asks first waits there until another has sent.
    clock, asked, sent = Clock(), threading.Event(), threading.Event()

    def now() -> float:
        if not asked.is_set():
            asked.set()
            sent.wait(5)
        return clock()

    with loopback() as qstash, ThreadPoolExecutor(1) as threads:
        request = request_to(qstash)
        connections = Connections(request, 5, now=now)
        first = threads.submit(connections.send, request)
        assert asked.wait(5)
        connections.send(request)
        sent.set()
        first.result()
        assert qstash.connections == 2
        clock.seconds = KEPT_FOR + 1
        connections.send(request)
        assert qstash.closed.acquire(timeout=5)
        connections.close()
        assert qstash.closed.acquire(timeout=5)
        assert qstash.connections == 2


def test_who_finds_every_connection_in_use_waits() -> None:
    async def publish_together(client: AsyncQStash) -> None:
        await asyncio.gather(*(client.publish(url=URL) for _ in range(150)))

    with loopback() as qstash:
        asyncio.run(publish_together(AsyncQStash(TOKEN, base_url=qstash.url, retry=False)))
        assert len(qstash.sent) == 150
        assert qstash.connections == 100


def test_waiting_for_a_connection_ends_with_the_timeout_in_a_thread() -> None:
    answered, ended = threading.Event(), threading.Event()

    def now() -> float:
        """Asked when the answer is there, and the connection not free yet."""
        answered.set()
        ended.wait(5)
        return 0.0

    with loopback() as qstash, ThreadPoolExecutor(1) as threads:
        request = request_to(qstash)
        connections = Connections(request, 0.1, connections=1, now=now)
        first = threads.submit(connections.send, request)
        assert answered.wait(5)
        assert connections.send(request) == Lost("all connections were in use")
        ended.set()
        assert isinstance(first.result(), APIResponse)
        assert isinstance(connections.send(request), APIResponse)
        connections.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_waiting_for_a_connection_ends_with_the_timeout_in_a_task(backend: str) -> None:
    async def work(qstash: Loopback) -> None:
        request = request_to(qstash)
        connections = AsyncConnections(request, 5, connections=1)
        hurried = AsyncConnections(request, 0.1, connections=1)
        hurried._slots = connections._slots

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connections.send, request)
            await anyio.to_thread.run_sync(qstash.asked.wait, 5)
            assert await hurried.send(request) == Lost("all connections were in use")
            tasks.cancel_scope.cancel()
        assert isinstance(await connections.send(request), APIResponse)
        await connections.aclose()
        await hurried.aclose()

    with loopback(SILENCE, ACCEPTED) as qstash:
        anyio.run(work, qstash, backend=backend)


def test_a_client_that_is_closed_while_it_sends_leaves_nothing_open() -> None:
    answered, closed = threading.Event(), threading.Event()

    def now() -> float:
        answered.set()
        closed.wait(5)
        return 0.0

    with loopback() as qstash, ThreadPoolExecutor(1) as threads:
        request = request_to(qstash)
        connections = Connections(request, 5, now=now)
        sending = threads.submit(connections.send, request)
        assert answered.wait(5)
        connections.close()
        closed.set()
        assert isinstance(sending.result(), APIResponse)
        assert qstash.closed.acquire(timeout=5)


def test_whenever_a_task_is_cancelled_the_next_one_can_publish() -> None:
    async def work(client: AsyncQStash) -> None:
        for ticks in range(40):
            cancelled = asyncio.create_task(client.publish(url=URL))
            for _ in range(ticks):
                await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            await client.publish(url=URL)
        await client.aclose()

    with loopback() as qstash:
        asyncio.run(work(AsyncQStash(TOKEN, base_url=qstash.url, retry=False, timeout=5)))


def test_what_the_server_closes_is_opened_again() -> None:
    with loopback(answer(201, {"messageId": "msg_1"}, Connection="close")) as qstash:
        with QStash(TOKEN, base_url=qstash.url, retry=False) as client:
            assert [client.publish(url=URL).message_id for _ in range(2)] == ["msg_1", "msg_1"]
        assert qstash.connections == 2


LENGTHS: dict[str, tuple[str, bytes | None, str | None]] = {
    "a body": ("POST", b"hi", "2"),
    "an empty body": ("POST", b"", "0"),
    "none where one is expected": ("POST", None, "0"),
    "none in a PUT": ("PUT", None, "0"),
    "none in a GET": ("GET", None, None),
    "none in a DELETE": ("DELETE", None, None),
    "one in a DELETE": ("DELETE", b"{}", "2"),
}


@pytest.fixture
def qstash() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


@pytest.mark.parametrize(("method", "body", "length"), LENGTHS.values(), ids=LENGTHS)
def test_a_request_says_how_long_its_body_is(
    qstash: Loopback, method: str, body: bytes | None, length: str | None
) -> None:
    connections = Connections(request_to(qstash), 5)
    connections.send(request_to(qstash, method, body))
    connections.close()
    assert qstash.sent[0].headers.get("content-length") == length
    assert qstash.sent[0].headers["host"] == qstash.url.removeprefix("http://")
