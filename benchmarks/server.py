"""How much the local server carries, and what it takes for that: ``python -m benchmarks.server [MESSAGES [PENDING]]``.

Publishes over HTTP from several connections at once, and waits until everything is delivered and recorded: in memory
and with ``--db``, with nothing else to keep in mind and with many messages that are due tomorrow. Publisher and app are
one process, the server is another. The first row is what the two do without a server between them: as good as it gets.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import httpx

from qstash_integrations.server.app.credentials import DEV_TOKEN

CONNECTIONS = 16
BODY = b'{"id":3,"note":"' + b"x" * 80 + b'"}'
WARM_UP = 100  # messages, with the first of which the server imports its HTTP client
AT_ONCE = 10_000  # messages in one batch, the most that the server takes
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
AUTHORIZED = {"Authorization": f"Bearer {DEV_TOKEN}"}


class Row(NamedTuple):
    name: str
    published: float  # messages per second
    carried: float  # messages per second, from the first publish to the last record
    mebibytes: float  # the most that the server's process had


def main(arguments: list[str]) -> int:
    messages, pending = [*map(int, arguments), *(5000, 100_000)[len(arguments) :]]
    print(f"{messages} messages of {len(BODY)} bytes over {CONNECTIONS} connections, Python {sys.version.split()[0]}")
    print(f"{'':34}{'published/s':>13}{'end to end/s':>14}{'of no server':>14}{'peak memory':>13}")
    floor = asyncio.run(straight(messages))
    show(floor, floor)
    with tempfile.TemporaryDirectory() as directory:
        for waiting in (0, pending):
            for db in (None, Path(directory) / f"{waiting}.db"):
                show(measured(messages, waiting, db), floor)
    return 0


def show(row: Row, floor: Row) -> None:
    memory = f"{row.mebibytes:9.0f} MiB" if row.mebibytes else "-"
    share = row.carried / floor.carried
    print(f"{row.name:34}{row.published:13.0f}{row.carried:14.0f}{share:14.1%}{memory:>13}", flush=True)


async def straight(messages: int) -> Row:
    app = App()
    async with await app.listen() as listening:
        started_at = time.perf_counter()
        await publish(app.port, b"/", messages)
        seconds = time.perf_counter() - started_at
        listening.close()
    return Row("no server", messages / seconds, messages / seconds, 0)


def measured(messages: int, waiting: int, db: Path | None) -> Row:
    name = f"{'--db' if db else 'in memory'}, {f'{waiting:,} pending' if waiting else 'empty'}"
    port = free_port()
    command = [sys.executable, "-m", "qstash_integrations", "dev", "--port", str(port)]
    with server([*command, "--db", str(db)] if db else command, port) as process:
        fill(port, waiting)
        published, carried = asyncio.run(carry(port, messages))
        mebibytes = ended(process)
    return Row(name, messages / published, messages / carried, mebibytes)


async def carry(port: int, messages: int) -> tuple[float, float]:
    """The seconds until all are accepted, and until all are delivered and recorded."""
    app = App()
    async with await app.listen() as listening, httpx.AsyncClient(headers=AUTHORIZED, trust_env=False) as http:
        target = b"/v2/publish/http://127.0.0.1:%d/hook" % app.port
        await publish(port, target, WARM_UP)
        await app.got(WARM_UP)
        started_at = time.perf_counter()
        await publish(port, target, messages)
        published = time.perf_counter() - started_at
        await app.got(WARM_UP + messages)
        while await in_flight(http, port):
            pass
        carried = time.perf_counter() - started_at
        listening.close()
    return published, carried


async def in_flight(http: httpx.AsyncClient, port: int) -> int:
    """How many deliveries are not recorded yet."""
    answer = await http.get(f"http://127.0.0.1:{port}/v2/globalParallelism")
    return int(answer.json()["parallelismCount"])


class App:
    """Says 200 to everything, and counts."""

    def __init__(self) -> None:
        self.port = 0
        self._count = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    async def listen(self) -> asyncio.Server:
        listening = await asyncio.get_running_loop().create_server(lambda: _Connection(self.count), "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        return listening

    async def got(self, messages: int) -> None:
        """Once there are that many in all."""
        self._wanted = messages
        if self._count < messages:
            self._enough.clear()
            await self._enough.wait()

    def count(self) -> None:
        self._count += 1
        if self._count == self._wanted:
            self._enough.set()


class _Connection(asyncio.Protocol):
    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            end += 4 + body_length(self._unread[:end])
            if len(self._unread) < end:
                return
            self._unread = self._unread[end:]
            self._count()
            self._transport.write(OK)


async def publish(port: int, target: bytes, messages: int) -> None:
    """All messages, shared out to the connections."""
    head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    request = head % (target, port, DEV_TOKEN.encode()) + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    shares = [len(range(number, messages, CONNECTIONS)) for number in range(CONNECTIONS)]
    await asyncio.gather(*(publish_some(port, request, share) for share in shares))


async def publish_some(port: int, request: bytes, messages: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(messages):
        writer.write(request)
        head = await read_message(reader)
        assert head.startswith(b"HTTP/1.1 20"), head
    writer.close()


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer; its body is skipped."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(body_length(head))
    return head


def body_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")


def fill(port: int, waiting: int) -> None:
    item = {"destination": "http://127.0.0.1:9/later", "headers": {"Upstash-Delay": "1d"}, "body": BODY.decode()}
    with httpx.Client(headers=AUTHORIZED, trust_env=False, timeout=120) as http:
        for start in range(0, waiting, AT_ONCE):
            batch = json.dumps([item] * min(AT_ONCE, waiting - start))
            http.post(f"http://127.0.0.1:{port}/v2/batch", content=batch).raise_for_status()


@contextmanager
def server(command: list[str], port: int) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def ended(process: subprocess.Popen[bytes]) -> float:
    """The most memory that the process had, in MiB."""
    process.terminate()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
