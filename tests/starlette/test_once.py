"""Duplicate protection in Starlette and FastAPI, as far as it is not that of every adapter (``contract``)."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from qstash_integrations.fastapi import VerifiedRoute
from qstash_integrations.once import MemoryStore, SQLiteStore
from qstash_integrations.starlette import verify_qstash
from tests.hosts import asgi_exchange, on_both_loops, scope_of
from tests.once.attempts import DUPLICATE, OPTIONS, attempt

pytestmark = pytest.mark.anyio

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


async def ship(request: Request) -> Response:
    ran.append("ship")
    return PlainTextResponse("shipped")


def protected(endpoint: Any = ship, *middleware: Any, **options: Any) -> Starlette:
    given: dict[str, Any] = {**OPTIONS, "once": MemoryStore(), **options}
    verified = verify_qstash(**given)(endpoint)
    return Starlette(routes=[Route("/hooks/ship", verified, methods=["POST"])], middleware=list(middleware))


async def bodies(app: Any, times: int = 2) -> list[bytes]:
    return [(await asgi_exchange(app, attempt())).body for _ in range(times)]


async def test_a_class_is_protected() -> None:
    @verify_qstash(**OPTIONS, once=MemoryStore())
    class Ship(HTTPEndpoint):
        async def post(self, request: Request) -> Response:
            return PlainTextResponse("shipped")

    assert await bodies(Starlette(routes=[Route("/hooks/ship", Ship)])) == [b"shipped", DUPLICATE]


@on_both_loops
async def test_a_plain_function_is_protected(tmp_path: Path) -> None:
    def plain(request: Request) -> Response:
        return PlainTextResponse("shipped")

    store = SQLiteStore(tmp_path / "claims.db")
    assert await bodies(protected(plain, once=store)) == [b"shipped", DUPLICATE]
    store.close()


async def test_a_file_counts_as_sent_with_its_last_part(tmp_path: Path) -> None:
    (tmp_path / "order.txt").write_bytes(b"order" * 100_000)

    async def download(request: Request) -> Response:
        return FileResponse(tmp_path / "order.txt")

    first, second = await bodies(protected(download))
    assert (len(first), second) == (500_000, DUPLICATE)


@on_both_loops
async def test_a_background_task_does_not_hold_the_claim() -> None:
    meanwhile: list[bytes] = []

    async def later() -> None:
        meanwhile.append((await asgi_exchange(app, attempt())).body)
        raise LookupError("the task failed, the message did not")

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("shipped", background=BackgroundTask(later))

    app = protected(endpoint)
    with pytest.raises(LookupError):
        await asgi_exchange(app, attempt())
    assert meanwhile == [DUPLICATE]


async def test_what_a_decorator_changes_on_the_response_is_sent() -> None:
    verified: Any = verify_qstash(**OPTIONS, once=MemoryStore())(ship)

    async def endpoint(request: Request) -> Response:
        response: Response = await verified(request)
        response.headers["x-order"] = "3"
        response.status_code = 202
        return response

    app = Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"])])
    answer = await asgi_exchange(app, attempt())
    assert (answer.status, answer.headers["x-order"], answer.body) == (202, "3", b"shipped")
    assert (await asgi_exchange(app, attempt())).body == DUPLICATE


async def test_a_response_that_middleware_further_out_drops_is_not_done() -> None:
    async def fail(request: Request, call_next: Any) -> NoReturn:
        await call_next(request)
        raise LookupError("could not commit")

    app = protected(ship, Middleware(BaseHTTPMiddleware, dispatch=fail))
    for _ in range(2):
        with pytest.raises(LookupError):
            await asgi_exchange(app, attempt())
    assert ran == ["ship", "ship"]


async def test_a_dependency_that_fails_before_the_answer_is_not_done() -> None:
    async def transaction() -> AsyncGenerator[None]:
        yield
        raise LookupError("could not commit")

    def endpoint() -> str:
        ran.append("endpoint")
        return "shipped"

    router = APIRouter(route_class=VerifiedRoute.using(**OPTIONS, once=MemoryStore()))
    before_the_answer = [Depends(transaction, scope="function")]
    router.add_api_route("/hooks/ship", endpoint, methods=["POST"], dependencies=before_the_answer)
    app = FastAPI()
    app.include_router(router)
    for _ in range(2):
        with pytest.raises(LookupError):
            await asgi_exchange(app, attempt())
    assert ran == ["endpoint", "endpoint"]


async def forever() -> AsyncGenerator[bytes]:
    ran.append("stream")
    while True:
        yield b"part "
        await anyio.lowlevel.checkpoint()


@on_both_loops
async def test_a_stream_whose_client_leaves_is_not_done() -> None:
    async def endpoint(request: Request) -> Response:
        return StreamingResponse(forever())

    app = protected(endpoint)
    await hang_up_after(app, 3)
    await hang_up_after(app, 3)
    assert ran == ["stream", "stream"]


async def hang_up_after(app: Any, parts: int) -> None:
    """One request whose client reads so many parts and leaves."""
    gone = anyio.Event()
    request: list[Any] = [{"type": "http.request", "body": b"hi"}]
    received: list[bytes] = []

    async def receive() -> Any:
        if request:
            return request.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        received.append(message.get("body", b""))
        if len(received) > parts:
            gone.set()

    await app(scope_of(attempt()), receive, send)


@on_both_loops
async def test_a_handler_that_is_cancelled_is_not_done() -> None:
    async def endpoint(request: Request) -> Response:
        ran.append("endpoint")
        await anyio.sleep_forever()
        return PlainTextResponse("never")

    app = protected(endpoint)
    for _ in range(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asgi_exchange, app, attempt())
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert ran == ["endpoint", "endpoint"]
