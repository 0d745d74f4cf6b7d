"""Servers that do what no server should, on this machine."""

import json
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qstash_integrations import QStash
from qstash_integrations.doctor.facts import AppFacts
from qstash_integrations.doctor.place import Place, bare_place
from qstash_integrations.routes import Route, Verification
from tests.signing import CURRENT, NEXT

TOKEN = "token-of-an-account"
VERIFIED = Verification(by="endpoint", max_body_size=1024, body_timeout=30.0)
SHIP = Route(path="/hooks/ship", handler="shop.ship", methods=["POST"], verification=VERIFIED)
EMPTY: dict[str, Any] = {
    "/v2/keys": {"current": CURRENT, "next": NEXT},
    "/v2/events": {"events": []},
    "/v2/dlq": {"messages": []},
    "/v2/queues": [],
    "/v2/flowControl": [],
    "/v2/schedules": [],
}


def place_of(routes: Any = (SHIP,), probe_path: str | None = "/qstash/probe") -> Place:
    """An app that has no framework, with the settings of the environment."""
    return bare_place(AppFacts(framework="asgi", routes=routes, probe_path=probe_path))


@contextmanager
def api(answers: Mapping[str, Any]) -> Generator[str]:
    """A QStash that says these things, as JSON or as the bytes they are; 404 elsewhere. Its address."""
    told = {**EMPTY, **answers}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = told.get(self.path.partition("?")[0])
            status, body = found if isinstance(found, tuple) else (404 if found is None else 200, found)
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def site(answer: Callable[[bytes, socket.socket], object]) -> Generator[str]:
    """Reads each request's head and hands it to ``answer``, which writes whatever it likes. Its origin."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                there, _ = listening.accept()
                with there:
                    there.settimeout(5)
                    answer(_whole(there), there)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _whole(there: socket.socket) -> bytes:
    """A request with its body, so that closing does not reset what was answered."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := there.recv(65536)):
            return got
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (more := there.recv(65536)):
        body += more
    return head


def answer_of(status: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + body


def client_of(url: str) -> QStash:
    return QStash(TOKEN, base_url=url)
