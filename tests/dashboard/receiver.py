"""A destination on loopback whose answer a test changes as it goes."""

import queue
import socket
from collections.abc import Generator
from contextlib import contextmanager

from tests.server.destination import SOON, Destination, Received, destination


class Answering:
    """What every request is answered with from now on."""

    def __init__(self) -> None:
        self.status = 200
        self.headers = ""
        self.body = b"ok"
        self.there: Destination

    @property
    def url(self) -> str:
        return self.there.url

    def next(self) -> Received:
        return self.there.next()

    def say(self, status: int, body: bytes = b"", headers: str = "") -> None:
        self.status, self.body, self.headers = status, body, headers

    def __call__(self, connection: socket.socket) -> None:
        head = (
            f"HTTP/1.1 {self.status} X\r\n{self.headers}Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode("utf-8") + self.body)


@contextmanager
def receiver() -> Generator[Answering]:
    answering = Answering()
    with destination(answering) as answering.there:
        yield answering


def received(there: Answering, count: int) -> list[Received]:
    """The next requests; fails when they do not come."""
    try:
        return [there.next() for _ in range(count)]
    except queue.Empty:
        raise AssertionError(f"nothing came within {SOON} s") from None
