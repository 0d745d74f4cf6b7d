"""What error trackers see when a response cannot be made or sent (the contract asks it of handlers)."""

from collections.abc import AsyncIterator
from typing import Any

import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from qstash_integrations.once import MemoryStore
from qstash_integrations.starlette import QStashMiddleware, verify_qstash
from tests.hosts import scope_of
from tests.once.attempts import OPTIONS, attempt
from tests.sentry import ours, report

pytestmark = pytest.mark.anyio

ANSWER = "the balance is 4000"


async def broken() -> AsyncIterator[str]:
    yield ANSWER
    raise LookupError("no such order")


async def lost() -> None:
    raise LookupError("no such order")


RESPONSES = {
    "a stream breaks off": lambda: StreamingResponse(broken()),
    "a background task fails": lambda: PlainTextResponse(ANSWER, background=BackgroundTask(lost)),
    "it cannot be sent": lambda: PlainTextResponse(ANSWER),
}


@pytest.mark.parametrize("once", [True, False], ids=["once", "always"])
@pytest.mark.parametrize("verify", ["endpoint", "middleware"])
@pytest.mark.parametrize("why", RESPONSES)
async def test_S06_no_frame_of_ours_shows_token_or_answer(why: str, verify: str, once: bool) -> None:
    async def ship(request: Request) -> Response:
        return RESPONSES[why]()

    options: dict[str, Any] = {**OPTIONS, **({"once": MemoryStore()} if once else {})}
    endpoint = verify_qstash(**options)(ship) if verify == "endpoint" else ship
    app: Any = Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"])])
    if verify == "middleware":
        app = QStashMiddleware(app, **options)
    request = attempt()
    parts = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> Any:
        await anyio.lowlevel.checkpoint()
        return parts.pop() if parts else await anyio.sleep_forever()

    async def send(message: Any) -> None:
        await anyio.lowlevel.checkpoint()
        if why == "it cannot be sent" and message["type"] == "http.response.body":
            raise OSError("gone")

    with pytest.raises(BaseException) as caught:  # noqa: PT011 - which one is the framework's choice
        await app(scope_of(request), receive, send)
    shown = ours(report(caught.value))
    # Without a store, of an endpoint's response only what runs the app's code is ours.
    runs_code = why in ("a stream breaks off", "a background task fails")
    assert ('"function"' in shown) == (once or verify == "middleware" or runs_code)
    assert ANSWER not in shown
    assert dict(request.headers)["Upstash-Signature"] not in shown
