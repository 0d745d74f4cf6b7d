"""The two ends of a server that is measured, in one process: who publishes, over 16 connections, and the app."""

import asyncio
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import NamedTuple, cast

import httpx

from qstash_integrations.server.app.credentials import DEV_TOKEN

CONNECTIONS = 16
BODY = b'{"id":3,"note":"' + b"x" * 80 + b'"}'
LARGE_BODY = b"x" * 10 * 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
AUTHORIZED = {"Authorization": f"Bearer {DEV_TOKEN}"}


class Carried(NamedTuple):
    """Messages per second."""

    published: float
    carried: float  # from the first publish to the last record
    answered: float = 0.0  # seconds from a publish to its answer, the median


class Loaded(NamedTuple):
    latency: float  # seconds, the median
    rate: float  # per second


async def carry(port: int, messages: int) -> Carried:
    """Publish messages to the server at ``port``; all of them must arrive, once each."""
    app = App()
    async with await app.listen() as listening, httpx.AsyncClient(headers=AUTHORIZED, trust_env=False) as http:
        started_at = asyncio.get_running_loop().time()
        answered = await publish(port, b"/v2/publish/http://127.0.0.1:%d/hook" % app.port, messages)
        published = asyncio.get_running_loop().time() - started_at
        await app.got(messages)
        while await in_flight(http, port):
            pass
        carried = asyncio.get_running_loop().time() - started_at
        assert app.count == messages, f"{app.count} deliveries of {messages} messages"
        listening.close()
    return Carried(messages / published, messages / carried, answered)


async def carry_large(port: int, messages: int) -> None:
    """Publish messages of 10 MB, all of which are due at once when the last of them is there."""
    app = App()
    async with (
        await app.listen() as listening,
        httpx.AsyncClient(headers=AUTHORIZED, trust_env=False, timeout=120) as http,
    ):
        base = f"http://127.0.0.1:{port}/v2"
        target = f"{base}/enqueue/large/http://127.0.0.1:{app.port}/hook"
        queue = {"queueName": "large", "parallelism": messages, "paused": True}
        (await http.post(f"{base}/queues", json=queue)).raise_for_status()
        for answer in await asyncio.gather(*(http.post(target, content=LARGE_BODY) for _ in range(messages))):
            answer.raise_for_status()
        (await http.post(f"{base}/queues/large/resume")).raise_for_status()
        await app.got(messages)
        while await in_flight(http, port):
            pass
        assert app.count == messages, f"{app.count} deliveries of {messages} messages"
        listening.close()


async def straight(messages: int) -> Carried:
    """What the two ends do without a server between them."""
    app = App()
    async with await app.listen() as listening:
        started_at = asyncio.get_running_loop().time()
        await publish(app.port, b"/", messages)
        rate = messages / (asyncio.get_running_loop().time() - started_at)
        listening.close()
    return Carried(rate, rate)


async def in_flight(http: httpx.AsyncClient, port: int) -> int:
    """How many deliveries are not recorded yet."""
    answer = await http.get(f"http://127.0.0.1:{port}/v2/globalParallelism")
    return int(answer.json()["parallelismCount"])


class App:
    """Says 200 to everything, and counts."""

    def __init__(self) -> None:
        self.port = 0
        self.count = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    async def listen(self) -> asyncio.Server:
        listening = await asyncio.get_running_loop().create_server(lambda: _Connection(self.counted), "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        return listening

    async def got(self, messages: int) -> None:
        """Once there are that many in all."""
        self._wanted = messages
        if self.count < messages:
            await self._enough.wait()

    def counted(self) -> None:
        self.count += 1
        if self.count == self._wanted:
            self._enough.set()


class _Connection(asyncio.Protocol):
    def __init__(self, counted: Callable[[], None]) -> None:
        self._counted = counted
        self._unread = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            end += 4 + body_length(bytes(self._unread[:end]))
            if len(self._unread) < end:
                return
            is_last = b"Connection: close" in self._unread[:end]
            del self._unread[:end]
            self._counted()
            self._transport.write(OK)
            if is_last:
                self._transport.close()
                return


async def publish(port: int, target: bytes, messages: int) -> float:
    """All messages, shared out to the connections; each waits for an answer before it sends the next.

    The seconds that an answer takes, in the median.
    """
    head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    request = head % (target, port, DEV_TOKEN.encode()) + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    shares = [len(range(number, messages, CONNECTIONS)) for number in range(CONNECTIONS)]
    times = await asyncio.gather(*(_send_some(port, request, range(share)) for share in shares))
    return median(seconds for some in times for seconds in some)


async def load(port: int, request: bytes, connections: int, seconds: float) -> Loaded:
    """Send a request again and again over so many connections, for so many seconds."""
    ends_at = time.perf_counter() + seconds
    started_at = time.perf_counter()
    until = iter(lambda: time.perf_counter() < ends_at, False)
    times = await asyncio.gather(*(_send_some(port, request, until) for _ in range(connections)))
    took = time.perf_counter() - started_at
    return Loaded(median(one for some in times for one in some), sum(map(len, times)) / took)


async def _send_some(port: int, request: bytes, turns: Iterable[object]) -> list[float]:
    """The seconds to each answer, of which all have to be 2xx."""
    times: list[float] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in turns:
        started_at = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(body_length(head))
        times.append(time.perf_counter() - started_at)
        assert head.startswith(b"HTTP/1.1 20"), head
    writer.close()
    return times


def body_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
