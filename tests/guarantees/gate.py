"""Stands between whoever sends and QStash, and does something with a request, or instead of it."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Answer = tuple[int, bytes]
PassOn = Callable[[], Answer]


def pass_on(to_qstash: PassOn) -> Answer:
    return to_qstash()


class Gate:
    """``steps`` are for the next requests, one each; whatever comes after them is passed on."""

    def __init__(self) -> None:
        self.url = ""
        self.steps: list[Callable[[PassOn], Answer]] = []
        self.sent: Counter[int] = Counter()
        """How often each number has come to QStash."""
        self.messages: Counter[int] = Counter()
        """How often it has become a message, and was not merged."""

    def note(self, body: bytes, answer: bytes) -> None:
        asked, receipts = json.loads(body), json.loads(answer)
        bodies = [json.loads(message["body"]) for message in asked] if isinstance(asked, list) else [asked]
        receipts = receipts if isinstance(receipts, list) else [receipts]
        for order, receipt in zip(bodies, receipts, strict=True):
            self.sent[order["number"]] += 1
            self.messages[order["number"]] += not receipt.get("deduplicated")


@contextmanager
def gate(before: str) -> Generator[Gate]:
    """In front of the QStash at this URL."""
    made = Gate()
    qstash = urlsplit(before).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            step = made.steps.pop(0) if made.steps else pass_on

            def to_qstash() -> Answer:
                with closing(http.client.HTTPConnection(qstash, timeout=30)) as connection:
                    connection.request("POST", self.path, body, dict(self.headers.items()))
                    answer = connection.getresponse()
                    status, content = answer.status, answer.read()
                if status < 300:
                    made.note(body, content)
                return status, content

            # Whoever asked may have been killed.
            with suppress(OSError):
                status, answer = step(to_qstash)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
