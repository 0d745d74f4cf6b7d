"""``QStash(app)``: a publisher on ``app.state.qstash`` that lives as long as the app."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, NoMatchFound, Route

import qstash_integrations
from qstash_integrations import AsyncQStash, ConfigurationError
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations.starlette import Publisher, QStash, SyncPublisher
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange, on_both_loops
from tests.outbox import outbox

pytestmark = pytest.mark.anyio

TOKEN = "TESTONLY-token-0000000000000000"
DESTINATION = "https://api.example.com/hooks/ship"
ACCEPTED = b'{"messageId":"msg_1"}'


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Generator[list[APIRequest]]:
    """What would have been sent to QStash, by whom it is configured."""
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)
    with outbox() as sent:
        yield sent


async def order(request: Request) -> Response:
    response = await request.app.state.qstash.publish_json(url=DESTINATION, body={"id": 3})
    return PlainTextResponse(response.message_id)


def plain_order(request: Request) -> Response:
    response = request.app.state.qstash.sync.publish_json(url=DESTINATION, body={"id": 3})
    return PlainTextResponse(response.message_id)


@on_both_loops
@pytest.mark.parametrize("endpoint", [order, plain_order], ids=["async", "plain"])
async def test_an_endpoint_publishes(calls: list[APIRequest], endpoint: Any) -> None:
    app = Starlette(routes=[Route("/order", endpoint, methods=["POST"])])
    QStash(app)
    assert (await asgi_exchange(app, Sent("/order"))).body == b"msg_1"
    assert [(call.method, call.url, call.body) for call in calls] == [
        ("POST", f"https://qstash.upstash.io/v2/publish/{DESTINATION}", b'{"id":3}')
    ]
    assert ("Authorization", f"Bearer {TOKEN}") in calls[0].headers


async def test_the_publisher_is_an_async_client() -> None:
    app = Starlette()
    QStash(app)
    assert isinstance(app.state.qstash, AsyncQStash)
    assert isinstance(app.state.qstash.sync, qstash_integrations.QStash)
    assert app.state.qstash.sync is app.state.qstash.sync


async def test_an_app_that_only_receives_needs_no_token() -> None:
    app = Starlette()
    QStash(app)
    await live(app)
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set; copy it from the QStash console$"):
        await app.state.qstash.publish(url=DESTINATION)


def test_it_takes_the_app_and_no_token() -> None:
    with pytest.raises(TypeError, match=r"takes the app; the client that takes a token is qstash_integrations\.QStash"):
        QStash(TOKEN)  # type: ignore[arg-type]
    with pytest.raises(
        TypeError, match=r"^QStash takes a token; for an app use qstash_integrations\.starlette\.QStash"
    ):
        qstash_integrations.QStash(Starlette())  # type: ignore[arg-type]


def test_one_app_has_one_publisher() -> None:
    app = Starlette()
    QStash(app)
    with pytest.raises(RuntimeError, match=r"^this app has a publisher already: QStash\(app\) was called twice$"):
        QStash(app)


async def test_a_setting_of_a_wrong_form_is_said_when_the_app_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", f'"{TOKEN}"')
    app = Starlette()
    QStash(app)
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN has quotes around its value"):
        await live(app)


async def test_the_apps_own_lifespan_still_runs_around_it() -> None:
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, str]]:
        log.append(f"start: {hasattr(app.state, 'qstash')}")
        yield {"pool": "the pool"}
        log.append("stop")

    app = Starlette(lifespan=lifespan)
    QStash(app)
    state = await live(app)
    assert (log, state) == (["start: True", "stop"], {"pool": "the pool"})


@on_both_loops
async def test_it_closes_its_connections_with_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = anyio.Event()

    async def qstash(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            await stream.send(head % len(ACCEPTED) + ACCEPTED)
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
            closed.set()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)
    monkeypatch.setenv("QSTASH_URL", f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}")
    app = Starlette()
    QStash(app)

    async def publish() -> None:
        await app.state.qstash.publish(url=DESTINATION)
        assert not closed.is_set()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, qstash)
        await live(app, publish)
        with anyio.fail_after(5):
            await closed.wait()
        tasks.cancel_scope.cancel()


async def test_it_may_start_again_after_it_has_stopped(calls: list[APIRequest]) -> None:
    app = Starlette()
    QStash(app)
    for _ in range(2):
        await live(app, lambda: app.state.qstash.publish(url=DESTINATION))
    assert len(calls) == 2


ROUTES = [
    Route("/orders/{order}", order, name="order"),
    Route("/files/{path:path}", order, name="file"),
    Mount("/shop", routes=[Route("/ship", order, name="ship")], name="shop"),
]
URLS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a route": ("https://api.example.com", "order", {"order": 3}, "https://api.example.com/orders/3"),
    "a mounted route": ("https://api.example.com", "shop:ship", {}, "https://api.example.com/shop/ship"),
    "the first of two origins": ("https://a.example,https://b.example", "shop:ship", {}, "https://a.example/shop/ship"),
    "below a path prefix": ("https://h.example/api", "shop:ship", {}, "https://h.example/api/shop/ship"),
    "what must be encoded": (
        "https://api.example.com",
        "order",
        {"order": "50 % é?#"},
        "https://api.example.com/orders/50%20%25%20%C3%A9%3F%23",
    ),
    "what need not be": (
        "https://api.example.com",
        "file",
        {"path": "a/b;v=1@2"},
        "https://api.example.com/files/a/b;v=1@2",
    ),
}


@pytest.mark.parametrize(("public_url", "name", "values", "url"), URLS.values(), ids=URLS)
def test_the_url_of_an_own_route(
    monkeypatch: pytest.MonkeyPatch, public_url: str, name: str, values: dict[str, Any], url: str
) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", public_url)
    app = Starlette(routes=ROUTES)
    QStash(app)
    assert app.state.qstash.url_for(name, **values) == url


def test_the_url_of_an_own_route_is_never_taken_from_the_request() -> None:
    app = Starlette(routes=ROUTES)
    QStash(app)
    with pytest.raises(ConfigurationError, match=r"^QSTASH_PUBLIC_URL is not set; set it to the origin"):
        app.state.qstash.url_for("shop:ship")


def test_an_unknown_route_has_no_url() -> None:
    app = Starlette(routes=ROUTES)
    QStash(app)
    with pytest.raises(NoMatchFound):
        app.state.qstash.url_for("order")


async def test_what_it_builds_is_what_it_verifies(calls: list[APIRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://api.example.com")
    app = Starlette(routes=ROUTES)
    QStash(app)
    await app.state.qstash.publish(url=app.state.qstash.url_for("order", order="50 % é"))
    assert calls[0].url == "https://qstash.upstash.io/v2/publish/https://api.example.com/orders/50%20%25%20%C3%A9"


async def live(app: Any, during: Any = anyio.lowlevel.checkpoint) -> dict[str, Any]:
    """One life of the app; ``during`` runs between start-up and shutdown. The lifespan's state."""
    scope: dict[str, Any] = {"type": "lifespan", "state": {}}
    sent: list[str] = []

    async def receive() -> Any:
        if sent:
            await during()
            return {"type": "lifespan.shutdown"}
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app(scope, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"], json.dumps(sent)
    state: dict[str, Any] = scope["state"]
    return state


def test_the_publisher_for_plain_functions_builds_the_same_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://api.example.com")
    app = Starlette(routes=[Route("/orders/{order}", plain_order, name="order")])
    QStash(app)
    publisher: Publisher = app.state.qstash
    plain: SyncPublisher = publisher.sync
    assert plain.url_for("order", order="3") == "https://api.example.com/orders/3"
    assert isinstance(plain, SyncPublisher)
