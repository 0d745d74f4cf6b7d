"""A QStash that does nothing but answer and remember, in a process of its own: ``with serving() as peer: ...``.

Small enough to wait for its clients and not they for it. What was asked of it is looked at when ``Peer.seen`` asks.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

TOKEN = "eyJVc2VySUQiOiJiZW5jaG1hcmsifQ=="
RECEIPT = b'{"messageId":"msg_26hZCxZCuWyyTWPmSVBrNB882AMbwQS9E"}'
ACCEPTED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
PUBLISH = "/v2/publish/"
BATCH = b"POST /v2/batch "
KEPT_BYTES = 64 * 1024 * 1024


class Seen(NamedTuple):
    """What arrived at one destination, with the token and as JSON; everything else is under another name."""

    messages: int = 0
    bodies: int = 0
    """Different ones."""
    deduplication_ids: int = 0
    """Different ones."""


class Peer(NamedTuple):
    url: str

    def seen(self) -> dict[str, Seen]:
        """By destination, since it was asked last."""
        answer = httpx.get(f"{self.url}/seen", trust_env=False, timeout=60).raise_for_status()
        return {destination: Seen(*numbers) for destination, numbers in answer.json().items()}


@contextmanager
def serving() -> Generator[Peer]:
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        try:
            assert process.stdout
            yield Peer(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class Memory:
    """What came, as bytes, which are taken apart when somebody asks or when they become too many."""

    def __init__(self) -> None:
        self._untold: list[tuple[bytes, bytes]] = []
        self._bytes = 0
        self._messages: Counter[str] = Counter()
        # Of a million of them the hashes are enough.
        self._bodies: defaultdict[str, set[int]] = defaultdict(set)
        self._ids: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, head: bytes, body: bytes) -> None:
        self._untold.append((head, body))
        self._bytes += len(body)
        if self._bytes > KEPT_BYTES:
            self._take_apart()

    def told(self) -> bytes:
        self._take_apart()
        seen = {
            destination: Seen(count, len(self._bodies[destination]), len(self._ids[destination]))
            for destination, count in self._messages.items()
        }
        self.__init__()
        return json.dumps(seen).encode()

    def _take_apart(self) -> None:
        for head, body in self._untold:
            headers = _headers(head)
            problem = "" if headers.get("authorization") == f"Bearer {TOKEN}" else "without its token: "
            if head.startswith(BATCH):
                for message in json.loads(body):
                    own = {name.lower(): value for name, value in message["headers"].items()}
                    self._count(problem + message["destination"], own, message["body"])
            else:
                self._count(
                    problem + head.split(b" ", 2)[1].decode().removeprefix(PUBLISH), headers, body.decode("latin-1")
                )
        self._untold, self._bytes = [], 0

    def _count(self, destination: str, headers: dict[str, str], body: str) -> None:
        if headers.get("content-type") != "application/json":
            destination = f"not sent as JSON: {destination}"
        self._messages[destination] += 1
        self._bodies[destination].add(hash(body))
        if "upstash-deduplication-id" in headers:
            self._ids[destination].add(hash(headers["upstash-deduplication-id"]))


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


class Connection(asyncio.Protocol):
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head, start = self._unread[:end], end + 4
            end = start + _length(head)
            if len(self._unread) < end:
                return
            body, self._unread = self._unread[start:end], self._unread[end:]
            answer = self._answer(head, body)
            self._transport.write(ACCEPTED % (len(answer), answer))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if not head.startswith(b"POST"):
            return self._memory.told()
        self._memory.add(head, body)
        if head.startswith(BATCH):
            return b"[%b]" % b",".join([RECEIPT] * body.count(b'"destination":'))
        return RECEIPT


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or b"0")


async def serve() -> None:
    memory = Memory()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(memory), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
