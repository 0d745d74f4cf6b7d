"""A real HTTP endpoint on loopback that answers in bytes, so that it can misbehave in every way."""

import os
import queue
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SOON = 10.0  # seconds; only a test that fails waits as long
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

Script = bytes | Callable[[socket.socket], None]


class Received(NamedTuple):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int  # counted from 1

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1
        return found[0] if found else None


class Destination:
    """Answers ``script`` to everything, or what ``scripts`` has for the path; remembers what it got."""

    def __init__(self, script: Script, scripts: Mapping[str, Script]) -> None:
        self._script = script
        self._scripts = scripts
        self._received: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self.connections = 0
        self.hung_up = threading.Event()
        """Somebody closed a connection, instead of sending another request."""
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self) -> Received:
        """The next request that came in, waiting for it."""
        return self._received.get(timeout=SOON)

    def nothing_more(self) -> bool:
        return self._received.empty()

    def converse(self, connection: socket.socket) -> None:
        self.connections += 1
        number = self.connections
        with connection.makefile("rb") as stream:
            while head := _head(stream):
                received = _request(head, stream, number)
                self._received.put(received)
                script = self._scripts.get(received.target.partition("?")[0], self._script)
                if not isinstance(script, bytes):
                    script(connection)
                    return
                connection.sendall(script)
        self.hung_up.set()


@contextmanager
def destination(script: Script = OK, *, certificate: Path | None = None, **scripts: Script) -> Generator[Destination]:
    """A destination on a free port, with TLS if it has a certificate; ``scripts`` are for the paths ``/<name>``."""
    it = Destination(script, {f"/{name}": script for name, script in scripts.items()})

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if tls and certificate:
        tls.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), tls.wrap_socket(self.request, server_side=True) if tls else self.request as peer:
                it.converse(peer)

    with _Server(("127.0.0.1", 0), Handler) as server:
        it.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield it
        finally:
            server.shutdown()
            thread.join()


def listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens, and which no other worker of xdist is given before somebody does."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            # Linux gives ports of one parity, as a rule.
            if port // 2 % _WORKERS == _WORKER:
                found.append(port)
    return found


class _Server(socketserver.ThreadingTCPServer):
    # Connections that a test left open must not hold it up.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def _head(stream: BinaryIO) -> list[str]:
    lines: list[str] = []
    while True:
        line = stream.readline()
        if line in (b"", b"\r\n"):
            return lines
        lines.append(line.decode("latin-1").rstrip("\r\n"))


def _request(head: list[str], stream: BinaryIO, connection: int) -> Received:
    method, target, _ = head[0].split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:])]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    body = stream.read(length)
    return Received(method, target, headers, body, connection)
