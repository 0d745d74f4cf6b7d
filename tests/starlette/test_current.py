"""``current_delivery`` and ``qstash`` in ASGI apps: in threads, streams and background tasks, and in whose app."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import anyio
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

import qstash_integrations.fastapi
from qstash_integrations import Receiver, current_delivery
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations.fastapi import VerifiedRoute
from qstash_integrations.once import MemoryStore
from qstash_integrations.starlette import QStash, QStashMiddleware, qstash, verify_qstash
from tests.contract.harnesses import current
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed
from tests.starlette.test_publisher import live

pytestmark = pytest.mark.anyio
OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
SHIP = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")
FOUND = b"hi"
noted: list[bytes] = []


def note() -> None:
    noted.append(current_delivery().body)


def found() -> PlainTextResponse:
    return PlainTextResponse(current_delivery().body)


async def in_background(request: Request) -> Response:
    return Response(background=BackgroundTask(note))


async def streamed(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield current_delivery().body

    return StreamingResponse(parts())


async def streamed_by_a_thread(request: Request) -> Response:
    def parts() -> Iterator[bytes]:
        yield current_delivery().body

    return StreamingResponse(parts())


def plain(request: Request) -> Response:
    return found()


class OfClass(HTTPEndpoint):
    def post(self, request: Request) -> Response:
        return found()


async def an_app_of_its_own(request: Request) -> Any:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("hi")(scope, receive, send)

    return answer


ENDPOINTS = {
    "a thread": plain,
    "a class": OfClass,
    "a background task": in_background,
    "a stream": streamed,
    "a stream of a thread": streamed_by_a_thread,
    "another app": an_app_of_its_own,
}


@pytest.mark.parametrize("once", [False, True], ids=["", "once"])
@pytest.mark.parametrize("name", [name for name in ENDPOINTS if name != "another app"])
async def test_all_that_runs_for_an_endpoint_finds_it(name: str, once: bool) -> None:
    noted.clear()
    endpoint: Any = verify_qstash(**OPTIONS, **({"once": MemoryStore()} if once else {}))(ENDPOINTS[name])
    app = Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"])])
    assert FOUND in [(await asgi_exchange(app, SHIP)).body, *noted]
    assert current() is None


async def test_an_endpoint_may_answer_with_any_app() -> None:
    app = Starlette(routes=[Route("/hooks/ship", verify_qstash(**OPTIONS)(an_app_of_its_own), methods=["POST"])])
    assert (await asgi_exchange(app, SHIP)).body == b"hi"


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
async def test_dependencies_endpoints_and_background_tasks_of_fastapi_find_it(plain: bool) -> None:
    noted.clear()
    router = APIRouter(route_class=VerifiedRoute.using(**OPTIONS))

    def dependency() -> Iterator[None]:
        note()
        yield
        note()

    async def ship(tasks: BackgroundTasks) -> None:
        tasks.add_task(note)
        note()

    def ship_plainly(tasks: BackgroundTasks) -> None:
        tasks.add_task(note)
        note()

    router.add_api_route(
        "/hooks/ship", ship_plainly if plain else ship, methods=["POST"], dependencies=[Depends(dependency)]
    )
    app = FastAPI()
    app.include_router(router)
    assert (await asgi_exchange(app, SHIP)).status == 200
    assert noted == [FOUND] * 4


async def open_endpoint(request: Request) -> Response:
    return PlainTextResponse("open" if current() is None else "lent")


def with_publisher(app: Starlette) -> Any:
    QStash(app)
    return app


OPEN = [Route("/open", open_endpoint)]
NESTED: dict[str, Callable[[], Any]] = {
    "an app with a publisher": lambda: with_publisher(Starlette(routes=OPEN)),
    "an excluded path": lambda: QStashMiddleware(Starlette(routes=OPEN), exclude=["/open"], **OPTIONS),
}


@pytest.mark.parametrize("inner", NESTED.values(), ids=NESTED)
async def test_an_open_endpoint_that_a_handler_calls_in_process_is_lent_nothing(inner: Callable[[], Any]) -> None:
    async def ship(request: Request) -> Response:
        answer = await asgi_exchange(inner(), Sent("/open", method="GET"))
        return PlainTextResponse(answer.body + current_delivery().body)

    app = Starlette(routes=[Route("/hooks/ship", verify_qstash(**OPTIONS)(ship), methods=["POST"])])
    assert (await asgi_exchange(app, SHIP)).body == b"openhi"


async def test_what_is_open_further_in_and_verified_further_out_finds_it() -> None:
    async def ship(request: Request) -> Response:
        return found()

    inner = QStashMiddleware(
        with_publisher(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])])),
        exclude=["/hooks/ship"],
        **OPTIONS,
    )
    assert (await asgi_exchange(QStashMiddleware(inner, **OPTIONS), SHIP)).body == FOUND


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Generator[list[APIRequest]]:
    """What would have been sent to QStash."""
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-token-0000000000000000")
    with outbox() as sent:
        yield sent


async def order(request: Request) -> Response:
    assert qstash.sync is request.app.state.qstash.sync
    return PlainTextResponse((await qstash.publish_json(url=qstash.url_for("ship"), body={"id": 3})).message_id)


def plain_order(request: Request) -> Response:
    return PlainTextResponse(qstash.sync.publish_json(url=qstash.url_for("ship"), body={"id": 3}).message_id)


@pytest.mark.parametrize("endpoint", [order, plain_order], ids=["async", "plain"])
async def test_qstash_is_the_publisher_of_the_app_that_runs(calls: list[APIRequest], endpoint: Any) -> None:
    def app_at(path: str) -> Starlette:
        routes = [Route("/order", endpoint, methods=["POST"]), Route(path, plain, name="ship")]
        return with_publisher(Starlette(routes=routes))

    apps = [app_at("/one"), app_at("/two")]
    async with anyio.create_task_group() as tasks:
        for app in apps:
            tasks.start_soon(asgi_exchange, app, Sent("/order"))
    assert sorted(call.url.rpartition("/")[2] for call in calls) == ["one", "two"]


async def test_an_app_that_is_mounted_finds_the_publisher_of_the_whole(calls: list[APIRequest]) -> None:
    mounted = Starlette(routes=[Route("/order", plain_order, methods=["POST"])])
    app = with_publisher(Starlette(routes=[Mount("/v1", mounted), Route("/ship", plain, name="ship")]))
    assert (await asgi_exchange(app, Sent("/v1/order"))).body == b"msg_1"


async def test_middleware_and_the_lifespan_find_it_too(calls: list[APIRequest]) -> None:
    seen: list[str] = []

    class Ahead:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(f"{scope['type']} {qstash.url_for('ship')}")
            await self.app(scope, receive, send)

    app = with_publisher(Starlette(routes=[Route("/hooks/ship", plain, name="ship")], middleware=[Middleware(Ahead)]))
    await live(app)
    assert seen == [f"lifespan {ORIGIN}/hooks/ship"]


def test_outside_of_an_app_it_says_where_the_publisher_is() -> None:
    with pytest.raises(RuntimeError, match=r"outside of its requests and its lifespan the publisher is app\.state\.qs"):
        _ = qstash.publish_json
    assert not hasattr(qstash, "__wrapped__")
    assert repr(qstash) == "<the publisher of the current app: None>"


def test_that_of_fastapi_is_the_same() -> None:
    assert qstash_integrations.fastapi.qstash is qstash
