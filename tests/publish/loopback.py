"""A QStash on a socket that does to each request what the test says: answer, hang up, cut short, or say nothing."""

import io
import json
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

TOKEN = "TESTONLY-token-0000000000000000"
URL = "https://api.example.com/ship"


class Sent(NamedTuple):
    """A request as it was on the wire."""

    method: str
    target: str
    headers: dict[str, str]
    """By lower-case name; a name that stands twice fails the test."""
    body: bytes


def answer(status: int, content: object = None, **headers: str) -> bytes:
    """An HTTP answer; ``content`` is bytes, or anything else as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n".encode() + body


ACCEPTED = answer(201, {"messageId": "msg_1"})
HANG_UP = b""
CUT_SHORT = ACCEPTED[:-5]
SILENCE = None
Act = bytes | None
"""What is sent back before the connection is closed; None: nothing, and it stays open."""


class Loopback:
    """Acts the script out, one act per request; the last one again and again."""

    def __init__(self, script: Sequence[Act]) -> None:
        self.sent: list[Sent] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        """Released for every connection that the client has closed."""
        self.asked = threading.Event()
        """Set with the first request."""
        self._script = script
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._lock:
                if self._done.is_set():
                    connection.close()
                    return
                self.connections += 1
                self._open.add(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            stream = connection.makefile("rb")
            with stream:
                while (request := _request(stream)) is not None:
                    with self._lock:
                        act = self._script[min(len(self.sent), len(self._script) - 1)]
                        self.sent.append(request)
                    self.asked.set()
                    if act is None:
                        continue
                    connection.sendall(act)
                    # Whatever is cut short ends there.
                    if act in (HANG_UP, CUT_SHORT):
                        connection.shutdown(socket.SHUT_RDWR)
                        return
        self.closed.release()
        with self._lock:
            self._open.discard(connection)

    def stop(self) -> None:
        with self._lock:
            self._done.set()
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()


@contextmanager
def loopback(*script: Act) -> Generator[Loopback]:
    server = Loopback(script or [ACCEPTED])
    try:
        yield server
    finally:
        server.stop()


def _request(stream: io.BufferedReader) -> Sent | None:
    first = stream.readline().decode("latin-1").rstrip("\r\n")
    if not first:
        return None
    method, target, _ = first.split(" ")
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(": ")
        assert name.lower() not in headers, f"{name} stands twice"
        headers[name.lower()] = value
    return Sent(method, target, headers, stream.read(int(headers.get("content-length", 0))))
