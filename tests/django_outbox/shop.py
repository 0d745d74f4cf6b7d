"""A QStash behind an HTTP client of the app's own: senders reach it from their threads, as they reach the real one."""

import json
from queue import Queue
from typing import NamedTuple

import httpx

from qstash_integrations.django.outbox.sending import sender_of

URL = "https://shop.example.com/hooks/ship"
SETTINGS = {"TOKEN": "only_for_tests", "PUBLIC_URL": "https://shop.example.com"}


class Sent(NamedTuple):
    destination: str
    headers: dict[str, str]
    body: bytes
    queue: str | None = None


class FakeQStash:
    def __init__(self) -> None:
        self.sent: Queue[Sent] = Queue()
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.refusal: int | None = None
        self._count = 0

    def next(self) -> Sent:
        """The next message that comes, within ten seconds."""
        return self.sent.get(timeout=10)

    def refuse(self, status: int | None) -> None:
        self.refusal = status

    def wait(self) -> None:
        """Until the senders have nothing to do."""
        assert all(sender_of(alias).wait(10) for alias in ("default", "other"))

    @property
    def is_idle(self) -> bool:
        return self.sent.empty()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.refusal is not None:
            return httpx.Response(self.refusal, json={"error": "no"})
        path = str(request.url).partition("/v2/")[2]
        kind, _, rest = path.partition("/")
        if kind == "batch":
            return httpx.Response(200, json=[self._take_of_batch(one) for one in json.loads(request.content)])
        queue, destination = rest.partition("/")[::2] if kind == "enqueue" else (None, rest)
        return httpx.Response(201, json=self._take(Sent(destination, dict(request.headers), request.content, queue)))

    def _take_of_batch(self, message: dict[str, object]) -> dict[str, str]:
        headers = {name.lower(): value for name, value in message.get("headers", {}).items()}  # type: ignore[attr-defined]
        body = str(message.get("body", "")).encode()
        return self._take(Sent(str(message["destination"]), headers, body, message.get("queue")))  # type: ignore[arg-type]

    def _take(self, sent: Sent) -> dict[str, str]:
        self._count += 1
        self.sent.put(sent)
        return {"messageId": f"msg_{self._count}"}
