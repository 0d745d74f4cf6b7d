"""A request of the usual size leaves in one piece: one packet, one call of the kernel, and QStash wakes up once."""

from collections.abc import Iterable
from typing import Any

import anyio
import httpcore
import httpx
import pytest

from qstash_integrations._core.publishing._async.network import AsyncTimedNetwork
from qstash_integrations._core.publishing._sync.network import TimedNetwork
from tests.publish.loopback import ACCEPTED

URL = "http://qstash.test/v2/publish/https://api.example.com/ship"


class Wire(httpcore.MockBackend):
    """A network that keeps what is written, and has the answer ready."""

    def __init__(self) -> None:
        super().__init__([ACCEPTED])
        self.written: list[bytes] = []

    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._buffer, self.written)


class _Stream(httpcore.MockStream):
    def __init__(self, answers: Iterable[bytes], written: list[bytes]) -> None:
        super().__init__(list(answers))
        self._written = written

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._written.append(buffer)


class AsyncWire(httpcore.AsyncMockBackend):
    def __init__(self) -> None:
        super().__init__([ACCEPTED])
        self.written: list[bytes] = []

    async def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(self._buffer, self.written)


class _AsyncStream(httpcore.AsyncMockStream):
    def __init__(self, answers: Iterable[bytes], written: list[bytes]) -> None:
        super().__init__(list(answers))
        self._written = written

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as in httpcore
        self._written.append(buffer)


def ends_of_what_is_written(method: str, body: bytes | None) -> list[bytes]:
    wire, transport = Wire(), httpx.HTTPTransport()
    transport._pool._network_backend = wire
    TimedNetwork(transport)
    with transport:
        assert transport.handle_request(httpx.Request(method, URL, content=body)).read()
    return [piece[-4:] for piece in wire.written]


async def async_ends_of_what_is_written(method: str, body: bytes | None) -> list[bytes]:
    wire, transport = AsyncWire(), httpx.AsyncHTTPTransport()
    transport._pool._network_backend = wire
    AsyncTimedNetwork(transport)
    async with transport:
        assert await (await transport.handle_async_request(httpx.Request(method, URL, content=body))).aread()
    return [piece[-4:] for piece in wire.written]


PIECES: dict[str, tuple[str, bytes | None, list[bytes]]] = {
    "a body": ("POST", b"body", [b"body"]),
    "no body": ("GET", None, [b"\r\n\r\n"]),
    "a large body, which is not copied": ("POST", b"x" * 70_000, [b"\r\n\r\n", b"xxxx"]),
}


@pytest.mark.parametrize(("method", "body", "ends"), PIECES.values(), ids=PIECES)
def test_a_request_leaves_in_as_few_pieces_as_it_can(method: str, body: bytes | None, ends: list[bytes]) -> None:
    assert ends_of_what_is_written(method, body) == ends


@pytest.mark.parametrize(("method", "body", "ends"), PIECES.values(), ids=PIECES)
def test_a_request_of_a_task_does_so_too(method: str, body: bytes | None, ends: list[bytes]) -> None:
    assert anyio.run(async_ends_of_what_is_written, method, body) == ends


def test_who_reads_has_sent_what_was_held_back() -> None:
    wire, network = Wire(), TimedNetwork(httpx.HTTPTransport())
    network._inner = wire
    stream = network.connect_tcp("proxy.test", 1080)
    stream.write(b"a greeting without an end, as to a SOCKS proxy")
    assert stream.read(1000) == ACCEPTED
    assert wire.written == [b"a greeting without an end, as to a SOCKS proxy"]
