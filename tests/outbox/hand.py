"""A clock that is moved by hand, and a QStash that answers as it is told."""

import json
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost, override_transport
from qstash_integrations.outbox.clock import Clock

NOW = 1_700_000_000_000
Outcome = APIResponse | Lost


class Hand:
    """Both clocks stand still until they are moved, and need not go together."""

    def __init__(self) -> None:
        self.now_at = NOW
        self.monotonic_at = 1000.0
        self.clock = Clock(lambda: self.now_at, lambda: self.monotonic_at, self.move, self.amove)

    def move(self, seconds: float) -> None:
        self.now_at += int(seconds * 1000)
        self.monotonic_at += seconds

    async def amove(self, seconds: float) -> None:
        self.move(seconds)

    def set_back(self, seconds: float) -> None:
        self.now_at -= int(seconds * 1000)


class Sent(NamedTuple):
    """One message as it has reached QStash, alone or in a batch."""

    destination: str
    queue: str | None
    headers: dict[str, str]
    body: bytes | None

    @property
    def row_id(self) -> str:
        return self.headers["Upstash-Forward-Qstash-Outbox"]


class FakeQStash:
    """Accepts what it is sent unless ``answers`` says otherwise; ``calls`` are the paths, ``accepted`` the messages."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.accepted: list[Sent] = []
        self.answers: deque[Outcome] = deque()
        """For the next calls."""
        self.refuses: Callable[[Sent], APIResponse | None] = lambda _: None
        """Of each message. A batch with one that is refused is refused as a whole."""
        self.before: Callable[[], object] = lambda: None

    def __call__(self, request: APIRequest) -> Outcome:
        path = request.url.partition("/v2/")[2]
        self.calls.append(path.partition("/")[0])
        self.before()
        if self.answers:
            return self.answers.popleft()
        messages = _messages(path, request)
        for message in messages:
            refusal = self.refuses(message)
            if refusal is not None:
                return refusal
        self.accepted += messages
        receipts = [{"messageId": f"msg_{message.headers['Upstash-Deduplication-Id']}"} for message in messages]
        return APIResponse(201, json.dumps(receipts if path == "batch" else receipts[0]).encode())

    @property
    def ids(self) -> list[str]:
        return [message.row_id for message in self.accepted]


@contextmanager
def fake_qstash() -> Generator[FakeQStash]:
    fake = FakeQStash()
    with override_transport(fake):
        yield fake


def refusal(status: int, text: str = "no", **headers: str) -> APIResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return APIResponse(status, json.dumps({"error": text}).encode(), named)


def _messages(path: str, request: APIRequest) -> list[Sent]:
    if path == "batch":
        items: list[dict[str, Any]] = json.loads(request.body or b"")
        return [
            Sent(item["destination"], item.get("queue"), item["headers"], _encoded(item.get("body"))) for item in items
        ]
    verb, _, rest = path.partition("/")
    queue, _, destination = rest.partition("/") if verb == "enqueue" else (None, "", rest)
    return [Sent(destination, queue, dict(request.headers), request.body)]


def _encoded(body: str | None) -> bytes | None:
    return None if body is None else body.encode()
