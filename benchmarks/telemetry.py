"""What OpenTelemetry costs: switched off, at hand without an SDK, and at work with spans that go nowhere.

A publish without a network, and a delivery to a bare ASGI app without a server. Each in turn in one run, against the
same with the setting ``off``, which is what there was before. What is looked for is less than what a busy machine does
to a median, so the least of many rounds counts, in time of this process alone.
"""

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from qstash_integrations import QStash
from qstash_integrations._core import otel
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.asgi import QStashMiddleware

from .table import Row, at_most
from .tokens import CURRENT, KIB, NEXT, ORIGIN, token

US = 1e6
ROUNDS = 60
AT_ONCE = 20
Way = Callable[[], object]


def measure() -> list[Row]:
    with override_transport(_accepted), _loop() as loop:
        made = {"published": _publish, "delivered": lambda setting: _deliver(loop, setting)}
        idle = {name: _least({"off": way("off"), "idle": way("on")}) for name, way in made.items()}
        trace.set_tracer_provider(TracerProvider())
        metrics.set_meter_provider(MeterProvider())
        assert otel.telemetry() is not None
        busy = {name: _least({"off": way("off"), "busy": way("on")}) for name, way in made.items()}
    return [_row(name, idle[name], busy[name]) for name in made]


def _least(ways: dict[str, Way]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started_at = time.process_time()
            way()
            times[name].append(time.process_time() - started_at)
    return {name: min(found) for name, found in times.items()}


def _row(name: str, idle: dict[str, float], busy: dict[str, float]) -> Row:
    ratios = [
        at_most(idle["idle"] / idle["off"], 1.05, "of what it takes switched off, without an SDK"),
        at_most(busy["busy"] / busy["off"], 5.0, "with an SDK at work"),
    ]
    each = US / AT_ONCE
    return Row(
        "telemetry", f"a message {name}", "µs", idle["idle"] * each, busy["busy"] * each, idle["off"] * each, ratios
    )


def _accepted(request: APIRequest) -> APIResponse:
    return APIResponse(201, b'{"messageId":"msg_1"}')


def _publish(setting: str) -> Way:
    client = QStash(settings={"qstash_token": "a-token", "qstash_otel": setting})

    def some() -> None:
        for _ in range(AT_ONCE):
            client.publish(url="https://api.example.com/ship", body=KIB)

    return some


def _deliver(loop: asyncio.AbstractEventLoop, setting: str) -> Way:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    keys = {"qstash_current_signing_key": CURRENT, "qstash_next_signing_key": NEXT, "qstash_otel": setting}
    verified = QStashMiddleware(app, settings=keys, public_url=ORIGIN)
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/ship",
        "raw_path": b"/ship",
        "query_string": b"",
        "headers": [(b"upstash-signature", token(url=f"{ORIGIN}/ship").encode())],
    }
    answers: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": KIB}

    async def send(message: Any) -> None:
        answers.append(message.get("status", 200))

    async def some() -> None:
        for _ in range(AT_ONCE):
            await verified(dict(scope), receive, send)

    loop.run_until_complete(some())
    assert set(answers) == {200}, answers
    return lambda: loop.run_until_complete(some())


@contextmanager
def _loop() -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()
