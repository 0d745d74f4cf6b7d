"""A QStash that notes what is published, and makes the calls that it would make, when a test wants them."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from qstash_integrations import APIError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse
from qstash_integrations.testing import sign
from tests.signing import CURRENT, NEXT

ORIGIN = "https://shop.example.com"
SETTINGS = {
    "TOKEN": "only_for_tests",
    "CURRENT_SIGNING_KEY": CURRENT,
    "NEXT_SIGNING_KEY": NEXT,
    "PUBLIC_URL": ORIGIN,
    "RETRY": False,
}


class Message(NamedTuple):
    id: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    queue: str | None = None


class FakeQStash:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.cancelled: list[str] = []
        self.gone: set[str] = set()
        self.refusal: APIResponse | APIError | None = None

    def __call__(self, request: APIRequest) -> APIResponse:
        if self.refusal is not None:
            if isinstance(self.refusal, Exception):
                raise self.refusal
            return self.refusal
        kind, _, rest = request.url.partition("/v2/")[2].partition("/")
        if kind == "messages":
            message_id = rest.partition("?")[0]
            if request.method == "DELETE":
                self.cancelled.append(message_id)
                return APIResponse(202, b"{}")
            known = message_id not in self.gone and any(message.id == message_id for message in self.messages)
            found = {
                "messageId": message_id,
                "url": ORIGIN,
                "method": "POST",
                "createdAt": 0,
                "notBefore": 0,
                "maxRetries": 3,
            }
            return APIResponse(200, json.dumps(found).encode()) if known else APIResponse(404, b'{"error":"not found"}')
        queue, url = rest.partition("/")[::2] if kind == "enqueue" else (None, rest)
        made = Message(f"msg_{len(self.messages) + 1}", url, dict(request.headers), request.body or b"", queue)
        self.messages.append(made)
        return APIResponse(201, json.dumps({"messageId": made.id}).encode())

    @property
    def last(self) -> Message:
        return self.messages[-1]

    def deliver(self, message: Message | None = None, **changes: Any) -> HttpResponse:
        """One attempt at a message, the last one if none is given; ``changes`` are those of ``send``."""
        message = message or self.last
        return send(message.url, message.body, **{"message_id": message.id, **changes})

    def give_up(self, message: Message | None = None, *, status: int = 500, **changes: Any) -> HttpResponse:
        """The failure callback of a message."""
        message = message or self.last
        callback = {
            "status": status,
            "header": {},
            "body": "",
            "retried": 0,
            "maxRetries": 0,
            "dlqId": "dlq_1",
            "sourceMessageId": message.id,
            "url": message.url,
            "method": "POST",
            "sourceHeader": {},
            "sourceBody": b64encode(message.body).decode(),
            "createdAt": 0,
        }
        url = message.headers["Upstash-Failure-Callback"]
        return send(url, json.dumps(callback).encode(), **{"message_id": "msg_callback", **changes})


def send(url: str, body: bytes = b"{}", *, path: str | None = None, headers: Any = None, **claims: Any) -> HttpResponse:
    """POST what QStash would sign for ``url``, unless ``claims`` say otherwise; ``path`` sends it elsewhere."""
    parts = urlsplit(url)
    signed = sign(url=url, body=body, **{"key": CURRENT, **claims}) if headers is None else headers
    target = path or f"{parts.path}?{parts.query}"
    answer: Any = Client(raise_request_exception=False).post(target, body, "application/json", headers=signed)
    return answer  # type: ignore[no-any-return]
