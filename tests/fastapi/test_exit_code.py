"""Exit code of ``yield`` dependencies, which FastAPI runs after the response: nothing is answered before it has run."""

from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import Any

import anyio
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from starlette.responses import StreamingResponse

from qstash_integrations import RetryAfter
from qstash_integrations._core.receiving.asgi_host import LARGEST_HELD
from qstash_integrations.fastapi import QStashMiddleware, VerifiedRoute
from qstash_integrations.once import MemoryStore
from tests.hosts import asgi_exchange, scope_of
from tests.once.attempts import DUPLICATE, OPTIONS, attempt

pytestmark = pytest.mark.anyio
ran: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


def exit_code(error: Exception | None) -> Callable[[], Generator[None]]:
    def session() -> Generator[None]:
        yield
        ran.append("commit")
        if error is not None:
            raise error

    return session


def aexit_code(error: Exception | None) -> Callable[[], AsyncGenerator[None]]:
    async def session() -> AsyncGenerator[None]:
        yield
        ran.append("commit")
        if error is not None:
            raise error

    return session


def routed(endpoint: Any, *dependencies: Any) -> FastAPI:
    """Verified by the route class."""
    router = APIRouter(route_class=VerifiedRoute.using(**OPTIONS, once=MemoryStore()))
    return included(router, endpoint, dependencies)


def wrapped(endpoint: Any, *dependencies: Any) -> Any:
    """Verified by the middleware, around the app."""
    return QStashMiddleware(included(APIRouter(), endpoint, dependencies), **OPTIONS, once=MemoryStore())


def included(router: APIRouter, endpoint: Any, dependencies: Any) -> FastAPI:
    router.add_api_route(
        "/hooks/ship", endpoint, methods=["POST"], dependencies=[Depends(dependency) for dependency in dependencies]
    )
    app = FastAPI()
    app.include_router(router)
    return app


async def outcome(app: Any) -> tuple[int, bytes]:
    """What QStash is answered; 500 where an exception reaches the server before anything was sent."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app(scope_of(attempt()), receiving(), send)
    except LookupError:
        if not sent:
            return 500, b""
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def receiving() -> Any:
    """The end of a client that sends its body and stays."""
    incoming: list[Any] = [{"type": "http.request", "body": b"hi"}]

    async def receive() -> Any:
        return incoming.pop() if incoming else await anyio.sleep_forever()

    return receive


either_way = pytest.mark.parametrize("verified", [routed, wrapped])
either_kind = pytest.mark.parametrize("kind", [exit_code, aexit_code])


def ship() -> str:
    ran.append("ship")
    return "shipped"


@either_way
@either_kind
async def test_S16_a_commit_that_fails_after_the_response_is_a_500_and_runs_again(verified: Any, kind: Any) -> None:
    app = verified(ship, kind(LookupError("could not commit")))
    assert [(await outcome(app))[0] for _ in range(2)] == [500, 500]
    assert ran == ["ship", "commit"] * 2


@either_way
@either_kind
async def test_S16_where_it_commits_the_answer_is_the_endpoints_and_done(verified: Any, kind: Any) -> None:
    app = verified(ship, kind(None), kind(None))
    assert [await outcome(app) for _ in range(2)] == [(200, b'"shipped"'), (200, DUPLICATE)]
    assert ran == ["ship", "commit", "commit"]


async def test_S16_exit_code_may_steer() -> None:
    status, body = await outcome(routed(ship, exit_code(RetryAfter(60, "no connection"))))
    assert (status, body) == (503, b'{"error":"no connection"}')


@either_way
async def test_S16_a_large_stream_passes_through_and_is_done_when_it_is_committed(verified: Any) -> None:
    sent_before: list[int] = []

    def parts() -> Iterator[bytes]:
        for _ in range(4):
            yield b"x" * LARGEST_HELD

    def stream() -> StreamingResponse:
        ran.append("stream")
        return StreamingResponse(parts())

    def session() -> Generator[None]:
        yield
        sent_before.append(len(sent))
        raise LookupError("could not commit")

    app = verified(stream, session)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for _ in range(2):
        with pytest.raises(LookupError, match="could not commit"):
            await app(scope_of(attempt()), receiving(), send)
    assert sent_before[0] >= 4
    assert ran == ["stream", "stream"]


@either_way
async def test_S16_without_exit_code_a_background_task_does_not_hold_up_the_answer(verified: Any) -> None:
    def endpoint(background: BackgroundTasks) -> str:
        background.add_task(later)
        return "shipped"

    async def later() -> None:
        ran.append("later")
        assert sent[-1]["type"] == "http.response.body"

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app = verified(endpoint)
    await app(scope_of(attempt()), receiving(), send)
    assert ran == ["later"]
    assert (await asgi_exchange(app, attempt())).body == DUPLICATE


async def test_S16_the_middleware_cannot_see_through_a_copied_scope() -> None:
    def copying(app: Any) -> Any:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope}, receive, send)

        return middleware

    shop = included(APIRouter(), ship, [exit_code(LookupError("could not commit"))])
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message.get("status"))

    async def statuses(app: Any) -> list[int]:
        sent.clear()
        with pytest.raises(LookupError, match="could not commit"):
            await app(scope_of(attempt()), receiving(), send)
        return [status for status in sent if status]

    assert await statuses(QStashMiddleware(copying(shop), **OPTIONS)) == [200]
    # Where an app fails and has sent nothing, the server says 500.
    assert await statuses(QStashMiddleware(shop, **OPTIONS)) == []
    assert await statuses(copying(routed(ship, exit_code(LookupError("could not commit"))))) == [500]
