"""Both clients behind one call, and a QStash that answers from a table."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from qstash_integrations._core.publishing.client import APIRequest, APIResponse
from qstash_integrations.compat import AsyncClient, Client
from tests.publish.loopback import TOKEN

Ask = Callable[[Callable[[Any], Any]], Any]
API = "https://qstash.upstash.io/v2"


def ask_client(call: Callable[[Any], Any]) -> Any:
    return call(Client(TOKEN))


def ask_async_client(call: Callable[[Any], Any]) -> Any:
    async def awaited() -> Any:
        return await call(AsyncClient(TOKEN))

    return asyncio.run(awaited())


ASKS: dict[str, Ask] = {"Client": ask_client, "AsyncClient": ask_async_client}
MESSAGE = {
    "messageId": "msg_1",
    "url": "https://my-api.example",
    "method": "POST",
    "maxRetries": 3,
    "notBefore": 1,
    "createdAt": 1,
}
TOPIC = {"name": "my-topic", "createdAt": 1, "updatedAt": 2, "endpoints": [{"url": "https://one.example"}]}
QUEUE = {"name": "mail", "parallelism": 2, "createdAt": 1, "updatedAt": 2, "lag": 0, "paused": False}
SCHEDULE = {
    "scheduleId": "scd_1",
    "destination": "https://my-api.example",
    "cron": "*/5 * * * *",
    "createdAt": 1,
    "method": "POST",
    "retries": 3,
    "isPaused": False,
}
LETTER = {**MESSAGE, "dlqId": "1-1", "responseStatus": 404}
EVENT = {"time": 5, "messageId": "msg_1", "state": "DELIVERED", "url": "https://my-api.example"}
KEYS = {"current": "sig_TESTONLYcurrent000000000000A", "next": "sig_TESTONLYnext00000000000000BB"}
RECEIPT = {"messageId": "msg_1", "deduplicated": True}
ANSWERS: dict[str, Any] = {
    "POST /publish/my-topic": [{"messageId": "msg_1", "url": "https://one.example"}],
    "POST /publish": RECEIPT,
    "POST /enqueue": RECEIPT,
    "POST /batch": [RECEIPT, [{"messageId": "msg_2", "url": "https://one.example"}]],
    "GET /messages/": MESSAGE,
    "GET /topics/": TOPIC,
    "GET /topics": [TOPIC],
    "GET /queues/": QUEUE,
    "GET /queues": [QUEUE],
    "POST /schedules/": {"scheduleId": "scd_1"},
    "GET /schedules/": SCHEDULE,
    "GET /schedules": [SCHEDULE],
    "GET /dlq/": LETTER,
    "GET /dlq": {"messages": [LETTER], "cursor": "2-2"},
    "GET /events": {"events": [EVENT]},
    "GET /keys": KEYS,
    "POST /keys/rotate": KEYS,
}


class QStashStub(list[APIRequest]):
    """Keeps what it is asked, and answers with the first that fits."""

    def __call__(self, request: APIRequest) -> APIResponse:
        self.append(request)
        asked = f"{request.method} {request.url.partition('/v2')[2]}"
        answer = next((answer for start, answer in ANSWERS.items() if asked.startswith(start)), None)
        # Some of QStash's answers are plain text, or nothing.
        return APIResponse(200, b"OK" if answer is None else json.dumps(answer).encode())
