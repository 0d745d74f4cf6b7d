"""One ``AsyncQStash`` for many event loops: each has connections of its own and closes them when it ends."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import flask
import pytest
from asgiref.sync import async_to_sync

from qstash_integrations import AsyncQStash
from tests.publish.libraries import LIBRARIES, NAMES
from tests.publish.loopback import ACCEPTED, HANG_UP, SILENCE, TOKEN, URL, Loopback, loopback

RUNNERS: dict[str, Callable[[Any], Any]] = {
    "asyncio.run": lambda publish: asyncio.run(publish()),
    "anyio on asyncio": lambda publish: anyio.run(publish),
    "anyio on trio": lambda publish: anyio.run(publish, backend="trio"),
    "asgiref": lambda publish: async_to_sync(publish)(),
    "an async view of Flask": lambda publish: in_a_flask_view(publish),
}


def in_a_flask_view(publish: Any) -> None:
    app = flask.Flask("app")
    app.add_url_rule("/", "view", publish)
    assert app.test_client().get("/").status_code == 200


def publisher(client: AsyncQStash) -> Any:
    async def publish() -> str:
        await client.publish(url=URL)
        return (await client.publish(url=URL)).message_id

    return publish


def loops_known_to(client: AsyncQStash) -> list[Any]:
    return list(client._connections()._opened)  # pyright: ignore[reportPrivateUsage]


def assert_closed(qstash: Loopback, connections: int) -> None:
    assert qstash.connections == connections
    for _ in range(connections):
        assert qstash.closed.acquire(timeout=5)
    # What is left unclosed warns here, and warnings are errors.
    gc.collect()


@pytest.mark.parametrize("run", RUNNERS.values(), ids=RUNNERS)
def test_a_loop_that_ends_closes_its_connections(run: Callable[[Any], Any]) -> None:
    with loopback() as qstash:
        client = AsyncQStash(TOKEN, base_url=qstash.url)
        run(publisher(client))
        assert_closed(qstash, 1)


def test_a_loop_that_ends_leaves_nothing_behind() -> None:
    with loopback() as qstash:
        client = AsyncQStash(TOKEN, base_url=qstash.url)
        for run in RUNNERS.values():
            run(publisher(client))
        assert loops_known_to(client) == []
        assert_closed(qstash, len(RUNNERS))


def test_loops_in_many_threads_at_once() -> None:
    with loopback() as qstash:
        client = AsyncQStash(TOKEN, base_url=qstash.url)
        start = threading.Barrier(8)

        def work() -> None:
            start.wait()
            asyncio.run(publisher(client)())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert_closed(qstash, 8)


def test_many_tasks_of_one_loop_share_the_connections() -> None:
    async def publish_together(client: AsyncQStash) -> None:
        await asyncio.gather(*(client.publish(url=URL) for _ in range(20)))
        await asyncio.gather(*(client.publish(url=URL) for _ in range(20)))

    with loopback() as qstash:
        asyncio.run(publish_together(AsyncQStash(TOKEN, base_url=qstash.url)))
        assert len(qstash.sent) == 40
        assert_closed(qstash, qstash.connections)
        assert qstash.connections <= 20


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_leaving_the_context_closes_and_a_later_call_opens_again(backend: str) -> None:
    async def work(client: AsyncQStash, qstash: Loopback) -> None:
        for number in range(1, 4):
            async with client:
                await client.publish(url=URL)
                client.sync.publish(url=URL)
            for _ in range(2):
                assert qstash.closed.acquire(timeout=5)
            assert qstash.connections == 2 * number
        await client.aclose()

    with loopback() as qstash:
        anyio.run(work, AsyncQStash(TOKEN, base_url=qstash.url), qstash, backend=backend)


def test_closing_one_loops_connections_leaves_those_of_another_open() -> None:
    async def outer(client: AsyncQStash, qstash: Loopback) -> None:
        await client.publish(url=URL)
        await asyncio.to_thread(lambda: asyncio.run(inner(client)))
        assert qstash.closed.acquire(timeout=5)
        await client.publish(url=URL)

    async def inner(client: AsyncQStash) -> None:
        async with client:
            await client.publish(url=URL)

    with loopback() as qstash:
        asyncio.run(outer(AsyncQStash(TOKEN, base_url=qstash.url), qstash))
        assert qstash.connections == 2


def test_a_dropped_client_is_closed_by_the_garbage_collector_with_a_warning() -> None:
    async def work(qstash: Loopback) -> None:
        await AsyncQStash(TOKEN, base_url=qstash.url).publish(url=URL)
        with pytest.warns(ResourceWarning, match="unclosed"):
            gc.collect()
        assert await asyncio.to_thread(qstash.closed.acquire, timeout=5)

    with loopback() as qstash:
        asyncio.run(work(qstash))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_that_ends_with_the_last_coroutine_is_closed(backend: str) -> None:
    async def main(url: str) -> None:
        client = AsyncQStash(TOKEN, base_url=url)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(publisher(client))

    with loopback() as qstash:
        anyio.run(main, qstash.url, backend=backend)
        assert_closed(qstash, qstash.connections)


async def open_another(client: AsyncQStash) -> None:
    await client.publish(url=URL)
    gc.collect()


def test_a_loop_that_was_closed_without_its_generators_is_forgotten() -> None:
    with loopback() as qstash:
        client = AsyncQStash(TOKEN, base_url=qstash.url)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.publish(url=URL))
        # As a careless host does: the sockets die with the loop, and Python warns of them.
        loop.close()
        with pytest.warns(ResourceWarning, match="unclosed"):
            asyncio.run(open_another(client))
        assert loops_known_to(client) == []


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_ready_client_stays_open(library: Any, backend: str) -> None:
    async def work(url: str) -> None:
        async with library.AsyncClient() as http:
            async with AsyncQStash(TOKEN, base_url=url, http_client=http) as client:
                assert (await client.publish(url=URL)).message_id == "msg_1"
            assert not http.is_closed
            assert (await http.get(url)).status_code == 201

    with loopback() as qstash:
        anyio.run(work, qstash.url, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_publish_leaves_the_client_usable(backend: str) -> None:
    async def work(qstash: Loopback) -> None:
        async with AsyncQStash(TOKEN, base_url=qstash.url) as client:
            await client.publish(url=URL)
            with anyio.move_on_after(0.05) as scope:
                await client.publish(url=URL)
            assert scope.cancelled_caught
            assert (await client.publish(url=URL)).message_id == "msg_1"

    with loopback(ACCEPTED, SILENCE, ACCEPTED) as qstash:
        anyio.run(work, qstash, backend=backend)
        assert len(qstash.sent) == 3


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_really_sleeps_without_blocking_the_loop(backend: str) -> None:
    async def work(qstash: Loopback) -> list[str]:
        order: list[str] = []

        async def publish(client: AsyncQStash) -> None:
            await client.publish(url=URL)
            order.append("published")

        client = AsyncQStash(TOKEN, base_url=qstash.url, retry={"backoff": lambda retry: 50})
        async with client, anyio.create_task_group() as tasks:
            tasks.start_soon(publish, client)
            with anyio.fail_after(5):
                while not qstash.sent:
                    await anyio.lowlevel.checkpoint()
            await anyio.sleep(0.01)
            order.append("meanwhile")
        return order

    with loopback(HANG_UP, ACCEPTED) as qstash:
        assert anyio.run(work, qstash, backend=backend) == ["meanwhile", "published"]
