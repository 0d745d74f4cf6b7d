"""``QStashMiddleware`` in Starlette apps, as its users write it."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from qstash_integrations import ConfigurationError, NonRetryable, Receiver
from qstash_integrations.starlette import QStashMiddleware
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
UNSIGNED = Sent("/hooks/ship", body=b"hi")
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")


async def ship(request: Request) -> Response:
    return PlainTextResponse(await request.body() + request.state.qstash_delivery.body)


async def home(request: Request) -> Response:
    return PlainTextResponse("welcome")


def shop(endpoint: Any = ship) -> Starlette:
    return Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"]), Route("/", home)])


async def status(app: Any, request: Sent) -> int:
    return (await asgi_exchange(app, request)).status


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)


LASTING = SIGNED._replace(headers=[("Upstash-Signature", signed(b"hi", exp=10**11))])


@pytest.mark.usefixtures("settings")
async def test_one_line_protects_everything() -> None:
    app = shop()
    app.add_middleware(QStashMiddleware)
    assert (await asgi_exchange(app, LASTING)).body == b"hihi"
    assert await status(app, UNSIGNED) == 401
    assert await status(app, Sent("/", method="GET")) == 401
    assert await status(app, Sent("/no/such/route")) == 401


@pytest.mark.usefixtures("settings")
async def test_one_line_protects_everything_below_a_path() -> None:
    app = shop()
    app.add_middleware(QStashMiddleware, prefix="/hooks")
    assert (await asgi_exchange(app, LASTING)).body == b"hihi"
    assert await status(app, UNSIGNED) == 401
    assert await status(app, Sent("/", method="GET")) == 200


async def test_H63_with_wrong_settings_the_app_does_not_start() -> None:
    app = shop()
    sent: list[Any] = []
    app.add_middleware(QStashMiddleware)

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ConfigurationError):
        await app({"type": "lifespan", "state": {}}, receive, send)
    assert sent == [
        {
            "type": "lifespan.startup.failed",
            "message": "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
        }
    ]


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-passed"] = "1"
        return response


class Reading(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        await request.body()
        response: Response = await call_next(request)
        return response


OURS = Middleware(QStashMiddleware, **OPTIONS)
STACKS = {
    "BaseHTTPMiddleware outside": [Middleware(Passing), OURS],
    "BaseHTTPMiddleware inside": [OURS, Middleware(Passing)],
    "one that reads the body outside": [Middleware(Reading), OURS],
    "one that reads the body inside": [OURS, Middleware(Reading)],
    "gzip outside": [Middleware(GZipMiddleware, minimum_size=0), OURS],
    "gzip inside": [OURS, Middleware(GZipMiddleware, minimum_size=0)],
    "CORS outside": [Middleware(CORSMiddleware, allow_origins=["*"]), OURS],
    "CORS inside": [OURS, Middleware(CORSMiddleware, allow_origins=["*"])],
}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
async def test_A13_it_stands_anywhere_among_others(stack: list[Middleware]) -> None:
    app = Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])], middleware=stack)
    answer = await asgi_exchange(app, SIGNED)
    assert (answer.status, answer.body) == (200, b"hihi")
    assert await status(app, UNSIGNED) == 401


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
async def test_A13_a_signal_gets_through_them(stack: list[Middleware]) -> None:
    async def never(request: Request) -> Response:
        raise NonRetryable("no such order")

    app = Starlette(routes=[Route("/hooks/ship", never, methods=["POST"])], middleware=stack)
    answer = await asgi_exchange(app, SIGNED)
    assert (answer.status, answer.body) == (489, b'{"error":"no such order"}')


async def test_H23_CORS_outside_answers_the_preflight_itself() -> None:
    preflight = Sent(
        "/hooks/ship",
        [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")],
        method="OPTIONS",
    )
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST"])
    outside, inside = Starlette(middleware=[cors, OURS]), Starlette(middleware=[OURS, cors])
    assert [await status(app, preflight) for app in (outside, inside)] == [200, 401]


async def test_A12_streams_and_files_are_passed_on(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_bytes(b"the report")

    async def parts() -> AsyncGenerator[bytes]:
        for part in (b"1", b"2", b"3", b"4", b"5"):
            yield part

    for response, body in ((StreamingResponse(parts()), b"12345"), (FileResponse(report), b"the report")):

        async def endpoint(request: Request, response: Response = response) -> Response:
            return response

        app = QStashMiddleware(shop(endpoint), **OPTIONS)
        assert (await asgi_exchange(app, SIGNED)).body == body


async def test_A16_on_one_route_its_siblings_stay_open() -> None:
    routes = [
        Route("/hooks/ship", ship, methods=["POST"], middleware=[OURS]),
        Route("/open", home, methods=["POST"]),
        Mount("/jobs", routes=[Route("/ship", ship, methods=["POST"])], middleware=[OURS]),
    ]
    app = Starlette(routes=routes)
    assert await status(app, SIGNED) == 200
    assert [await status(app, Sent(path)) for path in ("/hooks/ship", "/jobs/ship", "/open")] == [401, 401, 200]


async def test_A04_around_a_mounted_app_the_whole_path_counts() -> None:
    jobs = QStashMiddleware(
        Starlette(routes=[Route("/ship", ship, methods=["POST"])]), exclude=["/jobs/health"], **OPTIONS
    )
    app = Starlette(routes=[Mount("/jobs", app=jobs)])
    token = signed(b"hi", ORIGIN + "/jobs/ship")
    assert await status(app, Sent("/jobs/ship", [("Upstash-Signature", token)], b"hi")) == 200
    assert await status(app, Sent("/jobs/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")) == 401
    assert await status(app, Sent("/jobs/health")) == 404


async def test_H65_an_error_of_the_app_is_the_apps() -> None:
    async def broken(request: Request) -> Response:
        raise LookupError("no such order")

    app = shop(broken)
    app.add_middleware(QStashMiddleware, **OPTIONS)
    with pytest.raises(LookupError, match="no such order"):
        await asgi_exchange(app, SIGNED)


async def test_an_error_handler_of_the_app_may_answer_signals_itself() -> None:
    async def never(request: Request) -> Response:
        raise NonRetryable("no such order")

    app = Starlette(
        routes=[Route("/hooks/ship", never, methods=["POST"])],
        middleware=[OURS],
        exception_handlers={NonRetryable: lambda request, signal: PlainTextResponse("mine", 418)},
    )
    assert (await asgi_exchange(app, SIGNED)).status == 418


def test_starlettes_test_client_says_why_the_app_does_not_start() -> None:
    app = shop()
    app.add_middleware(QStashMiddleware)
    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"), TestClient(app):
        pass
