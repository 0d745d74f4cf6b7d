"""Publishers that insist on every message, and the endpoint that remembers what arrives and when."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx

from qstash_integrations.server.app.credentials import DEV_TOKEN
from tests.server.destination import SOON

TAKES = 0.01  # seconds for every answer, so that there always is a request in flight
PAUSE = 0.02  # seconds between two messages of a publisher: more than the server can bear is no use


class Arrival(NamedTuple):
    at: float  # wall time
    path: str
    body: str
    message_id: str
    retried: int
    schedule_id: str | None
    signature: str


class Endpoint:
    """Answers 503 to the first attempt at what is sent to /flaky and at some of a queue, and 200 to everything else."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []  # appended to by many threads
        self.arrived = threading.Event()
        self.port = 0
        self._connections = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connected(self, by: int) -> None:
        """Told of each connection when it is accepted, and when nothing more is read from it."""
        with self._changed:
            self._connections += by
            self._changed.notify_all()

    def note_all(self) -> None:
        """Return once everything is noted that was sent by processes that are gone."""
        # They are accepted one after the other: when this one is over, so is the waiting of all that came before.
        with socket.create_connection(("127.0.0.1", self.port), timeout=SOON) as last:
            last.shutdown(socket.SHUT_WR)
            assert last.recv(1) == b""
        with self._changed:
            assert self._changed.wait_for(lambda: self._connections == 0, SOON), "a connection was left open"

    def answer(self, arrival: Arrival) -> int:
        self.arrivals.append(arrival)
        self.arrived.set()
        time.sleep(TAKES)
        fails = arrival.path == "/flaky" or (arrival.path == "/queued" and arrival.body.endswith("5"))
        return 503 if fails and arrival.retried == 0 else 200


class Publisher(threading.Thread):
    """Publishes ``<name> 0``, ``<name> 1``, ... one after the other until it is stopped.

    Where no answer came, it sends the same message again with the same deduplication id, until one comes.
    """

    def __init__(self, name: str, url: str, **headers: str) -> None:
        super().__init__(name=name, daemon=True)
        self.accepted: dict[str, str] = {}  # id by body, in the order of publication
        self.sent_at: dict[str, float] = {}  # wall time by body
        self._url = url
        self._headers = {"Authorization": f"Bearer {DEV_TOKEN}", **headers}
        self._stopping = threading.Event()

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as http:
            while not self._stopping.wait(PAUSE):
                body = f"{self.name} {len(self.accepted)}"
                self.sent_at[body] = time.time()
                self.accepted[body] = self._insist(http, body)

    def stop(self) -> None:
        """To be called while a server is there to answer."""
        self._stopping.set()
        self.join(SOON)

    def _insist(self, http: httpx.Client, body: str) -> str:
        while True:
            try:
                answer = http.post(self._url, content=body, headers={**self._headers, "Upstash-Deduplication-Id": body})
            except httpx.TransportError:
                time.sleep(PAUSE)
                continue
            assert answer.is_success, answer.text
            return str(answer.json()["messageId"])


@contextmanager
def publishing(*publishers: Publisher) -> Generator[None]:
    for publisher in publishers:
        publisher.start()
    try:
        yield
    finally:
        for publisher in publishers:
            publisher.stop()


@contextmanager
def endpoint() -> Generator[Endpoint]:
    it = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # Whoever was sending it was killed.
                self.close_connection = True
                return
            status = it.answer(_arrival(self.path, self.headers, body))
            self.send_response_only(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128  # what finds no place in it is sent again, and would be accepted at any later time

        def process_request(self, request: Any, client_address: Any) -> None:
            it.connected(1)
            super().process_request(request, client_address)

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            it.connected(-1)

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever asked was killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        it.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield it
        finally:
            server.shutdown()
            thread.join()


def _arrival(path: str, headers: Message, body: bytes) -> Arrival:
    return Arrival(
        at=time.time(),
        path=path,
        body=body.decode(),
        message_id=headers["Upstash-Message-Id"],
        retried=int(headers["Upstash-Retried"]),
        schedule_id=headers.get("Upstash-Schedule-Id"),
        signature=headers["Upstash-Signature"],
    )
