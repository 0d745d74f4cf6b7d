"""Tasks in Starlette: where their routes stand, where calls are published from, and what is said before any comes."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from qstash_integrations import ConfigurationError
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.fastapi import QStash as FastAPIQStash
from qstash_integrations.starlette import QStash, QStashMiddleware
from qstash_integrations.tasks import Callback, Injected, TasksApp, chain, task
from tests.contract.test_signatures import REJECTED
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import ORIGIN
from tests.starlette.test_publisher import live
from tests.tasks.asgi.apps import OPTIONS
from tests.tasks.asgi.calls import RECEIVER, TASKS, call_url, delivered, request, url_of

pytestmark = pytest.mark.anyio

ran: list[Any] = []


@task(name="shop.ship", also_known_as="shop.send")
def ship(order_id: int) -> str:
    ran.append(order_id)
    return "shipped"


@task(name="shop.mail")
async def mail(order_id: int) -> None:
    ran.append(f"mail {order_id}")


@task(name="shop.stored")
def stored(order_id: int, db: Annotated[str, Depends(str)] = Injected) -> None:
    """Has a dependency."""


SHIP = call_url("shop.ship")
BODY = b'{"order_id":3}'


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


async def open_to_all(request: Request) -> Response:
    return PlainTextResponse("open")


async def order(request: Request) -> Response:
    """Publishes what it is asked for."""
    task = {"ship": ship, "mail": mail}[request.query_params.get("task", "ship")]
    await task.apublish(order_id=3)
    return PlainTextResponse("ordered")


def plain_order(request: Request) -> Response:
    ship.publish(order_id=3)
    return PlainTextResponse("ordered")


CATCH_ALLS: dict[str, Callable[[], BaseRoute]] = {
    "a path": lambda: Route("/{path:path}", open_to_all, methods=["GET", "POST", "PUT"]),
    "the same path": lambda: Route(f"{TASKS}/shop.ship", open_to_all, methods=["POST"]),
    "a path parameter": lambda: Route("/qstash/tasks/{name}", open_to_all, methods=["POST"]),
    "a mount": lambda: Mount("/", routes=[Route("/{path:path}", open_to_all, methods=["POST"])]),
    "a nearer mount": lambda: Mount("/qstash", routes=[Route("/{path:path}", open_to_all, methods=["POST"])]),
    "a host": lambda: Host("api.example.com", Starlette(routes=[Route("/{path:path}", open_to_all, methods=["POST"])])),
}


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("kind", [Starlette, FastAPI])
@pytest.mark.parametrize("when", ["before", "after", "at the front"])
@pytest.mark.parametrize("catch_all", CATCH_ALLS.values(), ids=CATCH_ALLS)
async def test_their_routes_stand_before_all_others(kind: Any, when: str, catch_all: Callable[[], BaseRoute]) -> None:
    app = kind()
    if when == "before":
        app.router.routes.append(catch_all())
    QStash(app, tasks=[ship], **OPTIONS)
    if when != "before":
        app.router.routes.insert(len(app.router.routes) if when == "after" else 0, catch_all())
    if when == "at the front":
        await live(app)
    for target in (f"{TASKS}/shop.ship", f"{TASKS}/shop.other", f"{TASKS}/%0A", TASKS):
        assert await asgi_exchange(app, Sent(target, body=BODY)) == REJECTED
    assert (await asgi_exchange(app, request(SHIP, BODY))).body == b'"shipped"'
    assert ran == [3]


async def test_what_only_begins_alike_stays_open() -> None:
    app = Starlette(routes=[Route("/{path:path}", open_to_all, methods=["POST"])])
    QStash(app, tasks=[ship], tasks_path="/jobs", **OPTIONS)
    answers = [
        (await asgi_exchange(app, Sent(target))).status for target in ("/", "/job", "/jobs2", "/a/jobs/shop.ship")
    ]
    assert answers == [200] * 4
    assert (await asgi_exchange(app, Sent("/jobs/shop.ship"))) == REJECTED


async def test_a_websocket_below_their_path_is_closed() -> None:
    async def accepts(websocket: Any) -> None:
        await websocket.accept()

    for app in (Starlette(routes=[WebSocketRoute("/{path:path}", accepts)]), TasksApp([ship], **OPTIONS)):
        if isinstance(app, Starlette):
            QStash(app, tasks=[ship], **OPTIONS)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        for path in (f"{TASKS}/shop.ship", f"{TASKS}/x"):
            scope = {"type": "websocket", "path": path, "headers": [], "query_string": b"", "root_path": ""}
            await app(scope, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}] * 2


async def test_each_name_that_it_had_is_served() -> None:
    app = Starlette()
    QStash(app, tasks=[ship], **OPTIONS)
    assert (await asgi_exchange(app, request(call_url("shop.send"), BODY))).status == 200
    assert ran == [3]


@pytest.mark.parametrize("endpoint", [order, plain_order])
async def test_an_endpoint_publishes_with_the_publisher_of_its_app_to_where_that_serves_the_task(
    endpoint: Any, published: list[APIRequest]
) -> None:
    app = Starlette(routes=[Route("/order", endpoint, methods=["POST"])])
    QStash(app, tasks=[ship], tasks_path="/jobs", token="TESTONLY-token-of-the-app", **OPTIONS)
    assert (await asgi_exchange(app, Sent("/order"))).body == b"ordered"
    (call,) = published
    assert url_of(call).startswith(f"{ORIGIN}/jobs/shop.ship?id=")
    assert ("Authorization", "Bearer TESTONLY-token-of-the-app") in call.headers
    assert (await asgi_exchange(app, delivered(call))).body == b'"shipped"'


async def test_a_task_publishes_too_and_what_follows_on_it(published: list[APIRequest]) -> None:
    @task(name="shop.both")
    async def both(order_id: int) -> None:
        await mail.apublish(order_id)

    app = Starlette()
    QStash(app, tasks=[both, mail], tasks_path="/jobs", **OPTIONS)
    with override_settings(QSTASH_TASKS_URL=f"{ORIGIN}/jobs"):
        await chain(both.bind(order_id=3), mail.bind(order_id=4)).apublish()
    assert (await asgi_exchange(app, delivered(published[0]))).status == 200
    assert [url_of(call).partition("?")[0] for call in published[1:]] == [f"{ORIGIN}/jobs/shop.mail"] * 2
    for number, call in enumerate(published[1:]):
        await asgi_exchange(app, delivered(call, jti=f"jwt_{number}"))
    assert ran == ["mail 3", "mail 4"]


def mounted(inner: Starlette, **outer: Any) -> Starlette:
    app = Starlette(routes=[Mount("/shop", inner)])
    QStash(app, **{**OPTIONS, **outer})
    return app


async def test_an_app_in_an_app_publishes_below_its_mount(published: list[APIRequest]) -> None:
    inner = Starlette(routes=[Route("/order", order, methods=["POST"])])
    QStash(inner, tasks=[ship], **OPTIONS)
    app = mounted(inner)
    await asgi_exchange(app, Sent("/shop/order"))
    assert url_of(published[0]).startswith(f"{ORIGIN}/shop{TASKS}/shop.ship?")
    assert (await asgi_exchange(app, delivered(published[0]))).body == b'"shipped"'
    assert await asgi_exchange(app, Sent(f"/shop{TASKS}/shop.other")) == REJECTED


async def test_an_app_in_an_app_publishes_to_what_that_one_serves(published: list[APIRequest]) -> None:
    inner = Starlette(routes=[Route("/order", order, methods=["POST"])])
    QStash(inner, tasks=[mail], **OPTIONS)
    app = mounted(inner, tasks=[ship])
    for target in ("/shop/order", "/shop/order?task=mail"):
        await asgi_exchange(app, Sent(target))
    assert [url_of(call).partition("?")[0] for call in published] == [
        f"{ORIGIN}{TASKS}/shop.ship",
        f"{ORIGIN}/shop{TASKS}/shop.mail",
    ]


async def test_an_app_on_a_host_of_its_own_publishes_to_that(published: list[APIRequest]) -> None:
    inner = Starlette(routes=[Route("/order", order, methods=["POST"])])
    options: dict[str, Any] = {**OPTIONS, "public_url": f"{ORIGIN},https://shop.example"}
    QStash(inner, tasks=[ship], **options)
    app = Starlette(routes=[Host("shop.example", inner)])
    QStash(app, **options)
    await asgi_exchange(app, Sent("/order", [("Host", "shop.example")]))
    assert url_of(published[0]).startswith(f"https://shop.example{TASKS}/shop.ship?")


async def test_a_public_url_with_a_path_stands_for_the_root_path(published: list[APIRequest]) -> None:
    app = FastAPI()
    app.router.routes.append(Route("/order", order, methods=["POST"]))
    FastAPIQStash(app, tasks=[ship], receiver=RECEIVER, public_url=f"{ORIGIN}/api/v1")
    await asgi_exchange(app, Sent("/api/v1/order", root_path="/api/v1"))
    assert url_of(published[0]).startswith(f"{ORIGIN}/api/v1{TASKS}/shop.ship?")
    call = delivered(published[0])._replace(root_path="/api/v1")
    assert (await asgi_exchange(app, call)).body == b'"shipped"'


async def test_an_app_without_tasks_publishes_to_where_the_settings_say(published: list[APIRequest]) -> None:
    app = Starlette(routes=[Route("/order", order, methods=["POST"])])
    QStash(app, token="TESTONLY-token-of-the-app", public_url="https://shop.example")
    await asgi_exchange(app, Sent("/order"))
    with override_settings(QSTASH_TASKS_URL="https://worker.example/jobs"):
        await asgi_exchange(app, Sent("/order"))
    assert [url_of(call).partition("?")[0] for call in published] == [
        "https://shop.example/qstash/tasks/shop.ship",
        "https://worker.example/jobs/shop.ship",
    ]
    assert ("Authorization", "Bearer TESTONLY-token-of-the-app") in published[0].headers


async def test_a_task_that_an_app_does_not_serve_beside_others_is_said_where_it_is_published(
    published: list[APIRequest],
) -> None:
    app = Starlette(routes=[Route("/order", order, methods=["POST"])])
    QStash(app, tasks=[mail], **OPTIONS)
    with pytest.raises(ConfigurationError, match=r"shop\.ship is none of the tasks .* tasks=.* QSTASH_TASKS_URL"):
        await asgi_exchange(app, Sent("/order"))
    assert published == []
    with override_settings(QSTASH_TASKS_URL="https://worker.example/jobs"):
        await asgi_exchange(app, Sent("/order"))
    assert url_of(published[0]).startswith("https://worker.example/jobs/shop.ship?")


async def test_a_lifespan_publishes_as_its_app_does(published: list[APIRequest]) -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        await ship.apublish(order_id=3)
        yield

    app = Starlette(lifespan=lifespan)
    QStash(app, tasks=[ship], tasks_path="/jobs", **OPTIONS)
    await live(app)
    assert url_of(published[0]).startswith(f"{ORIGIN}/jobs/shop.ship?")


async def test_without_an_app_the_environment_says_where(published: list[APIRequest]) -> None:
    QStash(Starlette(), tasks=[ship], tasks_path="/jobs", **OPTIONS)
    await ship.apublish(order_id=3)
    assert url_of(published[0]).startswith(f"{ORIGIN}{TASKS}/shop.ship?")


@pytest.mark.parametrize("make", [Starlette, FastAPI, None])
async def test_a_missing_public_url_is_said_at_the_start(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_PUBLIC_URL")
    app = TasksApp([ship], receiver=RECEIVER)
    if make is not None:
        app = make()
        (FastAPIQStash if make is FastAPI else QStash)(app, tasks=[ship], receiver=RECEIVER)
    with pytest.raises(ConfigurationError, match="QSTASH_PUBLIC_URL is not set"):
        await live(app)


async def test_tasks_by_themselves_start_and_end() -> None:
    app = TasksApp([ship], **OPTIONS)

    async def during() -> None:
        assert (await asgi_exchange(app, request(SHIP, BODY))).body == b'"shipped"'

    await live(app, during)


async def test_tasks_by_themselves_are_mounted_by_any_router() -> None:
    app = Starlette(routes=[Mount("/deep/jobs", TasksApp([ship], **OPTIONS))])
    call = request(call_url("shop.ship", path="/deep/jobs"), BODY)
    assert (await asgi_exchange(app, call)).body == b'"shipped"'
    assert await asgi_exchange(app, Sent("/deep/jobs/shop.ship", body=BODY)) == REJECTED


async def test_the_tasks_of_an_app_that_is_verified_as_a_whole_are_so_too() -> None:
    app = Starlette(middleware=[Middleware(QStashMiddleware, **OPTIONS)])
    QStash(app, tasks=[ship], **OPTIONS)
    assert (await asgi_exchange(app, request(SHIP, BODY))).body == b'"shipped"'
    assert await asgi_exchange(app, Sent(f"{TASKS}/shop.ship", body=BODY)) == REJECTED


@task(name="shop.told")
def told(callback: Callback) -> None:
    """Is told of another."""


@pytest.mark.parametrize("option", ["callback", "failure_callback"])
async def test_a_callback_that_is_not_served_is_said_at_the_start(option: str) -> None:
    @task(name="shop.tells", **{option: told})
    def tells() -> None: ...

    app = Starlette()
    QStash(app, tasks=[tells], **OPTIONS)
    with pytest.raises(
        ConfigurationError, match=rf"{option} of the task shop\.tells is shop\.told, .*QSTASH_TASKS_URL"
    ):
        await live(app)
    with override_settings(QSTASH_TASKS_URL="https://worker.example/jobs"):
        await live(app)
    whole = Starlette()
    QStash(whole, tasks=[tells, told], **OPTIONS)
    await live(whole)


def nested() -> Any:
    @task(name="shop.ship")
    def other(order_id: int) -> None: ...

    return other


def request_taker() -> Any:
    @task(name="shop.asks")
    def asks(request: Request) -> None: ...

    return asks


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a dependency": ({"tasks": [stored]}, r"db of the task shop\.stored .*qstash_integrations\.fastapi\.QStash"),
    "two of one name": ({"tasks": [ship, nested()]}, r"two tasks are called shop\.ship"),
    "no module": ({"tasks": "no.such.module"}, "there is no module no"),
    "no tasks": ({"tasks": "tests.signing"}, "has no tasks"),
    "nothing like it": ({"tasks": 3}, "tasks must be"),
    "a request": ({"tasks": request_taker()}, r"request is a Request.*current_delivery\(\)"),
    "no path": ({"tasks": [ship], "tasks_path": "jobs"}, "tasks_path must be"),
    "everything": ({"tasks": [ship], "tasks_path": "/"}, "tasks_path must be"),
    "a path without tasks": ({"tasks_path": "/jobs"}, "tasks_path is about tasks.*tasks="),
    "around without tasks": ({"around": print}, "around is about tasks.*tasks="),
    "around nothing": ({"tasks": [ship], "around": 3}, "around must be"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_said_where_the_app_is_made(options: dict[str, Any], message: str) -> None:
    app = Starlette()
    routes = list(app.routes)
    with pytest.raises((ConfigurationError, TypeError), match=message):
        QStash(app, **OPTIONS, **options)
    assert app.routes == routes
    assert not hasattr(app.state, "qstash")


@pytest.mark.parametrize("wrong", ["a dependency", "two of one name", "a request"])
def test_an_app_of_tasks_alone_says_it_too(wrong: str) -> None:
    options, message = WRONG[wrong]
    with pytest.raises((ConfigurationError, TypeError), match=message):
        TasksApp(**options, **OPTIONS)


async def test_nothing_runs_for_what_is_known_to_one_app_alone() -> None:
    """Each app serves what it was given: there is no registry."""
    first, second = Starlette(), Starlette()
    QStash(first, tasks=[ship], **OPTIONS)
    QStash(second, tasks=[mail], **OPTIONS)
    assert (await asgi_exchange(second, request(SHIP, BODY))).status == 404
    assert ran == []
