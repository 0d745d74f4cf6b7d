"""``LocalQStash`` in front of every kind of app: what is published comes back through the real verifier."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer as AiohttpServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from qstash_integrations import QStash
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.testing import LocalQStash, NotServed
from tests.django.project import configure
from tests.testing.shop import FRAMEWORKS, HOOK, Shop

ASGI = [name for name, harness in FRAMEWORKS.items() if harness.asgi]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_message_reaches_the_app(framework: str) -> None:
    shop = Shop(framework)
    with LocalQStash(shop.app) as local:
        message_id = shop.publish({"id": 3}, f"{HOOK}/a%2Fb?c=%20d", headers={"X-Tenant": "acme"})
        (attempt,) = local.deliver_due()
    assert shop.orders == [{"id": 3}]
    assert (attempt.message_id, attempt.status, attempt.answer, attempt.delivered) == (message_id, 200, b"done", True)
    assert (attempt.url, attempt.json(), attempt.retried) == (f"{HOOK}/a%2Fb?c=%20d", {"id": 3}, 0)
    assert (shop.deliveries[0].message_id, shop.deliveries[0].claims.sub) == (message_id, f"{HOOK}/a%2Fb?c=%20d")
    assert ("X-Tenant", "acme") in attempt.headers


@pytest.mark.parametrize("framework", ["starlette", "flask"])
def test_a_message_reaches_each_host_of_a_wildcard(framework: str) -> None:
    shop = Shop(framework)
    with LocalQStash(shop.app, public_url="https://*.shop.example") as local:
        for host in ("a.shop.example", "b.shop.example"):
            shop.publish({"host": host}, f"https://{host}/hooks/ship")
        assert [attempt.status for attempt in local.deliver_due()] == [200, 200]
    assert shop.orders == [{"host": "a.shop.example"}, {"host": "b.shop.example"}]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_does_so_in_async_tests(framework: str) -> None:
    shop = Shop(framework)

    async def test() -> None:
        with LocalQStash(shop.app) as local:
            await shop_publishes(shop)
            assert [attempt.status for attempt in await local.adeliver_due()] == [200]
            await shop_publishes(shop, delay="1h")
            assert [attempt.status for attempt in await local.aadvance(hours=1)] == [200]
            await shop_publishes(shop, delay="1h")
            assert [attempt.status for attempt in await local.arun_until_idle()] == [200]

    anyio.run(test)
    assert len(shop.orders) == 3


async def shop_publishes(shop: Shop, **options: Any) -> None:
    await anyio.to_thread.run_sync(lambda: shop.publish({"id": 3}, **options))


@pytest.mark.parametrize("framework", ["asgi", "starlette", "fastapi", "flask"])
def test_it_does_so_on_trio(framework: str) -> None:
    shop = Shop(framework)

    async def test() -> None:
        with LocalQStash(shop.app) as local:
            shop.publish({"id": 3})
            await local.arun_until_idle()

    anyio.run(test, backend="trio")
    assert shop.orders == [{"id": 3}]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_a_handler_publishes_comes_back_too(framework: str) -> None:
    shop = Shop(framework)

    def pass_on(order: Any) -> None:
        if order["id"] < 3:
            shop.publish({"id": order["id"] + 1}, delay="1d")

    shop.handler = pass_on
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 1})
        attempts = local.run_until_idle()
    assert shop.orders == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert (attempts[2].at - attempts[0].at).days == 2


def test_a_bare_wsgi_app_will_do() -> None:
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append((environ["RAW_URI"], environ["PATH_INFO"], environ["HTTP_HOST"], environ["wsgi.url_scheme"]))
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"re")
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])), b"ceived"]

    with LocalQStash(app) as local:
        Shop().publish(7, "https://testserver/a%20b?c=d")
        (attempt,) = local.deliver_due()
    assert seen == [("/a%20b?c=d", "/a b", "testserver", "https")]
    assert attempt.answer == b"re7ceived"


def test_a_bare_asgi_app_will_do() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["raw_path"], scope["path"], scope["query_string"], scope["scheme"], scope["server"]))
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 202, "headers": [(b"x-a", b"b")]})
        await send({"type": "http.response.body", "body": body})
        assert (await receive())["type"] == "http.disconnect"

    with LocalQStash(app) as local:
        Shop().publish(7, "https://testserver/a%20b?c=d")
        (attempt,) = local.deliver_due()
    assert seen == [(b"/a%20b", "/a b", b"c=d", "https", ("testserver", 443))]
    assert (attempt.status, attempt.answer, attempt.answer_headers) == (202, b"7", (("x-a", "b"),))


def test_an_entered_test_client_brings_its_event_loop_and_lifespan() -> None:
    app, shipped = app_with_a_lifespan()
    client = TestClient(app)
    with LocalQStash(client) as local, client:
        assert client.post("/orders", json={"id": 3}).status_code == 200
        Shop().publish({"id": 4})
        local.run_until_idle()
    assert shipped == [{"id": 4}]


def test_a_test_client_that_was_not_entered_is_its_app() -> None:
    shop = Shop("starlette")
    with LocalQStash(TestClient(shop.app)) as local:
        shop.publish({"id": 3})
        local.deliver_due()
    assert shop.orders == [{"id": 3}]


def app_with_a_lifespan() -> tuple[Starlette, list[Any]]:
    """Its task group belongs to the event loop in which the app was started."""
    shipped: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, Any]]:
        async with anyio.create_task_group() as tasks:
            yield {"tasks": tasks}

    async def order(request: Request) -> Response:
        return await in_the_task_group(request, lambda _: None)

    async def ship(request: Request) -> Response:
        return await in_the_task_group(request, shipped.append)

    async def in_the_task_group(request: Request, work: Callable[[Any], None]) -> Response:
        body, done = await request.json(), anyio.Event()

        async def task() -> None:
            work(body)
            done.set()

        request.state.tasks.start_soon(task)
        await done.wait()
        return Response()

    app = Starlette(routes=[route("/orders", order), route("/hooks/ship", ship)], lifespan=lifespan)
    app.add_middleware(QStashMiddleware, prefix="/hooks")
    return app, shipped


def route(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, endpoint, methods=["POST"])


def test_an_app_of_aiohttp_is_started_by_its_first_delivery_and_cleaned_up_with_its_event_loop() -> None:
    shop, seen = Shop("aiohttp"), list[str]()

    async def life(app: web.Application) -> AsyncGenerator[None]:
        seen.append("started")
        yield
        seen.append("cleaned up")

    shop.app.cleanup_ctx.append(life)
    shop.handler = lambda order: seen.append("delivered")
    with LocalQStash(shop.app) as local:
        shop.publish(1)
        shop.publish(2)
        local.deliver_due()
    assert seen == ["started", "delivered", "delivered", "cleaned up"]


def test_an_app_of_aiohttp_that_does_not_start_says_why() -> None:
    shop = Shop("aiohttp")

    async def fail(app: web.Application) -> None:
        raise LookupError("no database")

    shop.app.on_startup.append(fail)
    with LocalQStash(shop.app) as local:
        shop.publish(1)
        with pytest.raises(LookupError, match="no database"):
            local.deliver_due()


def test_a_test_client_of_aiohttp_brings_its_app_as_it_was_started() -> None:
    shop, started = Shop("aiohttp"), list[object]()

    async def start(app: web.Application) -> None:
        started.append(asyncio.get_running_loop())

    shop.app.on_startup.append(start)

    async def test(given: Any) -> None:
        async with given:
            with LocalQStash(given) as local:
                await shop_publishes(shop)
                assert [attempt.status for attempt in await local.adeliver_due()] == [200]
            assert started == [asyncio.get_running_loop()]

    async def with_client() -> None:
        await test(AiohttpClient(AiohttpServer(shop.app)))

    anyio.run(with_client)
    assert len(shop.orders) == 1


def test_a_test_client_of_flask_is_its_app() -> None:
    shop = Shop("flask")
    with LocalQStash(shop.app.test_client()) as local:
        shop.publish(1)
        assert [attempt.status for attempt in local.deliver_due()] == [200]


@pytest.mark.parametrize("framework", ASGI)
def test_what_an_app_keeps_in_its_event_loop_lasts(framework: str) -> None:
    loops: list[object] = []
    shop = Shop(framework)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await shop.app(scope, receive, send)

    with LocalQStash(app) as local:
        shop.publish(1)
        local.deliver_due()
        shop.publish(2)
        local.deliver_due()
    assert len(loops) == 2
    assert loops[0] is loops[1]


def test_a_plain_endpoint_publishes_from_its_own_thread() -> None:
    shop, threads = Shop(), set[int]()

    def order(request: Request) -> Response:
        threads.add(threading.get_ident())
        shop.publish({"id": 4}, "https://testserver/other/")
        return Response()

    app = Starlette(routes=[Route("/hooks/ship", order, methods=["POST"]), Mount("/other", shop.app)])
    with LocalQStash(app) as local:
        shop.publish({"id": 3})
        assert len(local.deliver_due()) == 2
    assert shop.orders == [{"id": 4}]
    assert threading.get_ident() not in threads


def one_argument(scope: Any) -> None:
    return None


def any_arguments(*arguments: Any) -> None:
    return None


NO_APPS: dict[str, Any] = {
    "nothing": None,
    "the name of an app": "shop:app",
    "a class": Starlette,
    "one argument": one_argument,
    "any arguments": any_arguments,
}


@pytest.mark.parametrize("app", NO_APPS.values(), ids=NO_APPS)
def test_what_is_no_app_is_refused_at_once(app: Any) -> None:
    with pytest.raises(TypeError, match=r"ASGI, WSGI or aiohttp app|\(environ, start_response\)"):
        LocalQStash(app)


def test_a_django_project_is_found_by_itself() -> None:
    configure()
    with LocalQStash() as local:
        QStash().publish(url="https://testserver/nothing")
        with pytest.raises(NotServed, match="the app answered POST with 404"):
            local.deliver_due()


@pytest.mark.system
def test_without_one_the_app_is_asked_for() -> None:
    program = "from qstash_integrations.testing import LocalQStash; LocalQStash()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "TypeError: LocalQStash takes your app, as in LocalQStash(app); only a Django project" in ended.stderr
