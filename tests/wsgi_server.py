"""A real HTTP server around a WSGI app, and requests written to its socket byte by byte."""

import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.hosts import Answer


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any, **kwargs: Any) -> None:
        return


@contextmanager
def running(app: Any) -> Generator[int]:
    """The port on which ``app`` is served, one thread per connection."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def exchange(port: int, request: bytes, *, hang_up: bool = False) -> Answer:
    """Send these bytes and read one answer; ``hang_up`` says that no more will be sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def request_bytes(target: str, headers: dict[str, str], body: bytes, *, method: str = "POST") -> bytes:
    """One HTTP/1.1 request after which the connection is closed; nothing is added to ``headers`` but Host."""
    lines = [f"{method} {target} HTTP/1.1", "Host: evil.example", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def call(app: Any, environ: dict[str, Any]) -> tuple[int, bytes]:
    """Status and body of one request without a server, for an environ that only some server would make."""
    statuses: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> None:
        statuses.append(status)

    with closing(app(environ, start_response)) as parts:
        body = b"".join(parts)
    return int(statuses[-1][:3]), body
