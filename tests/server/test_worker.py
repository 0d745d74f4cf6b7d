"""The loop that delivers: over real HTTP, to a real destination."""

import asyncio
import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.app import LocalServer, ServerConfig, running
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Filter, Keys, Publication, Retention, StorageFull
from qstash_integrations.server.tables import Store
from qstash_integrations.server.worker import Sender, Worker
from tests.server.client import client
from tests.server.destination import OK, SOON, Script, destination
from tests.signing import CURRENT, NEXT, NOW

AGAIN = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy"
GIVE_UP = b"HTTP/1.1 489 No\r\nUpstash-NonRetryable-Error: true\r\nContent-Length: 2\r\n\r\nno"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n404 Not Found"


def hold(until: threading.Event) -> Script:
    """No answer before that."""

    def wait(connection: socket.socket) -> None:
        until.wait(SOON)

    return wait


@pytest.fixture
def api(server: LocalServer) -> Iterator[httpx.Client]:
    with client(server) as api:
        yield api


def test_a_message_arrives_at_once_and_is_signed(server: LocalServer, api: httpx.Client) -> None:
    with destination() as there:
        url = f"{there.url}/a/../b%20c?x=1"
        sent = httpx.URL(server.url).copy_with(raw_path=f"/v2/publish/{url}".encode())
        answer = api.post(sent, content=b"\x00\xff", headers={"Upstash-Forward-X": "1", "Content-Type": "text/plain"})
        got = there.next()
    receiver = Receiver(server.keys.current, server.keys.next, allow_dev_keys=True)
    receiver.verify(signature=got.header("Upstash-Signature"), body=got.body, url=f"{there.url}{got.target}")
    assert (got.method, got.body) == ("POST", b"\x00\xff")
    assert got.header("Upstash-Message-Id") == answer.json()["messageId"]
    assert (got.header("Upstash-Retried"), got.header("X"), got.header("Content-Type")) == ("0", "1", "text/plain")
    assert got.header("User-Agent") == "Upstash-QStash"


def test_an_attempt_is_told_when_its_outcome_can_be_looked_up(
    api: httpx.Client, attempts: queue.SimpleQueue[Attempt]
) -> None:
    with destination() as there:
        api.post(f"/v2/publish/{there.url}/x")
        attempt = attempts.get(timeout=SOON)
    assert (attempt.outcome.status, attempt.outcome.body, attempt.message.retried) == (200, b"ok", 0)
    events = api.get("/v2/events").json()["events"]
    assert [event["state"] for event in events] == ["DELIVERED", "ACTIVE", "CREATED"]


def test_a_failed_attempt_is_made_again_with_a_new_signature(api: httpx.Client) -> None:
    with destination(AGAIN) as there:
        api.post(f"/v2/publish/{there.url}/x", headers={"Upstash-Retries": "2"})
        got = [there.next() for _ in range(3)]
        assert [one.header("Upstash-Retried") for one in got] == ["0", "1", "2"]
        assert len({one.header("Upstash-Message-Id") for one in got}) == 1
        assert len({one.header("Upstash-Signature") for one in got}) == 3


@pytest.mark.parametrize(
    ("script", "headers"), [(NOT_FOUND, {"Upstash-Retries": "0"}), (GIVE_UP, {})], ids=["no retries", "489"]
)
def test_what_fails_for_good_becomes_a_dead_letter(
    api: httpx.Client, attempts: queue.SimpleQueue[Attempt], script: bytes, headers: dict[str, str]
) -> None:
    with destination(script) as there:
        api.post(f"/v2/publish/{there.url}/x", headers=headers)
        attempt = attempts.get(timeout=SOON)
    (letter,) = api.get("/v2/dlq").json()["messages"]
    assert letter["responseStatus"] == attempt.outcome.status
    assert letter["responseBody"].encode() == attempt.outcome.body


def test_a_timeout_is_the_publishers(api: httpx.Client, attempts: queue.SimpleQueue[Attempt]) -> None:
    held = threading.Event()
    with destination(hold(held)) as there:
        api.post(f"/v2/publish/{there.url}/x", headers={"Upstash-Timeout": "1s", "Upstash-Retries": "0"})
        attempt = attempts.get(timeout=SOON)
        held.set()
    assert attempt.outcome.error.startswith("timeout: no complete answer within 1 s; ")
    assert 0.9 < attempt.seconds < 5


def test_a_callback_is_delivered_and_signed_for_its_own_url(server: LocalServer, api: httpx.Client) -> None:
    with destination(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000, callback=OK) as there:
        api.post(
            f"/v2/publish/{there.url}/in", content=b"hi", headers={"Upstash-Callback": f"{there.url}/callback?x=1"}
        )
        there.next()
        got = there.next()
    assert got.target == "/callback?x=1"
    receiver = Receiver(server.keys.current, server.keys.next, allow_dev_keys=True)
    receiver.verify(signature=got.header("Upstash-Signature"), body=got.body, url=f"{there.url}/callback?x=1")
    assert len(got.body) > 130_000


def test_a_queue_delivers_one_after_the_other(api: httpx.Client) -> None:
    with destination() as there:
        for number in range(10):
            api.post(f"/v2/enqueue/mail/{there.url}/{number}")
        assert [there.next().target for _ in range(10)] == [f"/{number}" for number in range(10)]


def test_many_messages_all_arrive_once(api: httpx.Client) -> None:
    with destination() as there:
        items = [{"destination": f"{there.url}/{number}"} for number in range(300)]
        assert api.post("/v2/batch", json=items).status_code == 200
        targets = [there.next().target for _ in items]
        assert sorted(targets) == sorted(f"/{number}" for number in range(300))
        assert there.nothing_more()


def test_the_scheduling_clock_decides_what_is_due_and_the_wall_clock_signs() -> None:
    moment = [float(NOW)]
    with running(clock=lambda: moment[0]) as server, client(server) as api, destination() as there:
        api.post(f"/v2/publish/{there.url}/late", headers={"Upstash-Delay": "1h"})
        api.post(f"/v2/schedules/{there.url}/tick", headers={"Upstash-Cron": "0 * * * *", "Upstash-Schedule-Id": "s"})
        api.post(f"/v2/publish/{there.url}/now")
        assert there.next().target == "/now"
        moment[0] += 3600
        api.post("/v2/queues", json={"queueName": "any"})  # wakes the server
        late, tick = sorted((there.next() for _ in range(2)), key=lambda got: got.target)
        assert (late.target, tick.target, tick.header("Upstash-Schedule-Id")) == ("/late", "/tick", "s")
        Receiver(server.keys.current, None, allow_dev_keys=True).verify(
            signature=late.header("Upstash-Signature"), body=b"", url=f"{there.url}/late"
        )


def test_rotated_keys_sign_from_then_on(server: LocalServer, api: httpx.Client) -> None:
    rotated = api.post("/v2/keys/rotate").json()
    with destination() as there:
        api.post(f"/v2/publish/{there.url}/x")
        got = there.next()
    claims = Receiver(rotated["current"], rotated["next"], allow_dev_keys=True).verify(
        signature=got.header("Upstash-Signature"), body=got.body, url=f"{there.url}/x"
    )
    assert claims.key == "current"


def test_a_server_that_ends_waits_for_what_is_under_way(attempts: queue.SimpleQueue[Attempt]) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(connection: socket.socket) -> None:
        arrived.set()
        go_on.wait(SOON)
        connection.sendall(OK)

    with destination(slowly) as there:
        with running(ServerConfig(port=0, patience=SOON), watch=attempts.put) as server, client(server) as api:
            api.post(f"/v2/publish/{there.url}/x")
            arrived.wait(SOON)
            threading.Timer(0.1, go_on.set).start()
        assert attempts.get_nowait().outcome.status == 200


def test_what_is_under_way_at_the_end_can_still_publish(tmp_path: Path) -> None:
    config = ServerConfig(port=0, db=tmp_path / "qstash.db", patience=SOON)
    arrived, go_on = threading.Event(), threading.Event()
    answers: list[int] = []

    def publish_in_turn(connection: socket.socket) -> None:
        arrived.set()
        go_on.wait(SOON)
        with client(server) as handlers_api:
            answers.append(handlers_api.post(f"/v2/publish/{there.url}/next").status_code)
        connection.sendall(OK)

    with destination(OK, first=publish_in_turn) as there:
        with running(config) as server, client(server) as api:
            api.post(f"/v2/publish/{there.url}/first")
            assert arrived.wait(SOON)
            threading.Timer(0.2, go_on.set).start()
        assert answers == [201]
        assert there.next().target == "/first"
        with running(config):
            assert there.next().target == "/next"


def test_what_was_under_way_too_long_is_delivered_again_after_a_restart(tmp_path: Path) -> None:
    config = ServerConfig(port=0, db=tmp_path / "qstash.db", patience=0.05)
    held = threading.Event()
    with destination(hold(held)) as there:
        with running(config) as server, client(server) as api:
            api.post(f"/v2/publish/{there.url}/x", content=b"hi")
            first = there.next()
        with running(config):
            second = there.next()
        held.set()
    assert (second.body, second.header("Upstash-Retried")) == (b"hi", "0")
    assert second.header("Upstash-Message-Id") == first.header("Upstash-Message-Id")


def test_an_outcome_that_finds_no_room_is_stored_once_there_is_some() -> None:
    """The store is full when the answer arrives, of what it need not keep a minute later."""
    answer = b"HTTP/1.1 500 No\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000
    log = logging.getLogger("qstash_integrations.server")

    async def scenario(url: str) -> Attempt:
        moment = [float(NOW)]
        engine = Engine(
            Store.open(None, max_bytes=1_000_000),
            clock=lambda: moment[0],
            keys=Keys(current=CURRENT, next=NEXT),
            retention=Retention(message_bytes=10_000),
        )
        recorded: asyncio.Queue[Attempt] = asyncio.Queue()
        worker = Worker(engine, Sender("local"), clock=lambda: moment[0], watch=recorded.put_nowait)
        engine.publishing.publish(Publication(destination=url, headers=(("Upstash-Retries", "0"),)))
        with contextlib.suppress(StorageFull):
            while True:
                engine.publishing.publish(
                    Publication(destination=url, body=b"x" * 20_000, headers=(("Upstash-Delay", "1h"),))
                )
        told = _Told()
        log.addHandler(told)
        loop = asyncio.create_task(worker.run())
        await asyncio.wait_for(told.event.wait(), SOON)
        log.removeHandler(told)
        assert recorded.empty()
        assert engine.messages.cancel_all(Filter(), None) > 1
        moment[0] += 61
        worker.wake()
        attempt = await asyncio.wait_for(recorded.get(), SOON)
        await worker.stop(0)
        await loop
        engine.close()
        return attempt

    with destination(answer) as there:
        assert asyncio.run(scenario(f"{there.url}/x")).outcome.status == 500


def test_others_have_their_turn_between_two_large_bodies_that_are_signed() -> None:
    async def scenario(url: str) -> list[int]:
        turns = 0

        async def take_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        signed = list[int]()

        def wall_clock() -> float:
            signed.append(turns)
            return NOW

        engine = Engine(Store.open(None))
        recorded: asyncio.Queue[Attempt] = asyncio.Queue()
        worker = Worker(engine, Sender("local"), wall_clock=wall_clock, watch=recorded.put_nowait)
        engine.publishing.batch([Publication(destination=url, body=b"x" * 1_000_000)] * 8)
        tasks = [asyncio.create_task(take_turns()), asyncio.create_task(worker.run())]
        for _ in range(8):
            assert (await asyncio.wait_for(recorded.get(), SOON)).outcome.status == 200
        await worker.stop(0)
        tasks[0].cancel()
        await asyncio.wait(tasks)
        engine.close()
        return signed

    with destination() as there:
        signed = asyncio.run(scenario(f"{there.url}/x"))
    assert len(set(signed)) == len(signed) == 8


def test_a_store_that_fails_does_not_end_the_loop() -> None:
    async def scenario() -> None:
        engine = Engine(Store.open(None))
        worker = Worker(engine, Sender("local"))
        engine.close()
        told = _Told()
        log.addHandler(told)
        loop = asyncio.create_task(worker.run())
        await asyncio.wait_for(told.event.wait(), SOON)
        log.removeHandler(told)
        assert not loop.done()
        await worker.stop(0)
        await loop

    log = logging.getLogger("qstash_integrations.server")
    asyncio.run(scenario())


class _Told(logging.Handler):
    """Notices that something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.event = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.event.set()


def test_a_destination_that_never_answers_holds_up_no_other(
    attempts: queue.SimpleQueue[Attempt], api: httpx.Client
) -> None:
    held = threading.Event()
    with destination(hold(held)) as hanging, destination() as there:
        api.post("/v2/batch", json=[{"destination": f"{hanging.url}/{number}"} for number in range(200)])
        assert hanging.next()
        started = time.monotonic()
        api.post("/v2/batch", json=[{"destination": f"{there.url}/{number}"} for number in range(50)])
        for _ in range(50):
            assert attempts.get(timeout=SOON).message.url.startswith(there.url)
        assert time.monotonic() - started < 2
        assert hanging.connections <= 50
        held.set()
