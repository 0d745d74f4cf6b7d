"""An app in another one: which publisher its endpoints get, and that the URLs it builds are those that it verifies."""

import gc
import json
from collections.abc import Callable
from typing import Any
from weakref import ref

import anyio
import fastapi.routing
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, NoMatchFound, Route

from qstash_integrations import ConfigurationError, Receiver
from qstash_integrations.fastapi import (
    Publisher,
    QStash,
    QStashDep,
    QStashMiddleware,
    SyncQStashDep,
    VerifiedRoute,
    verify_qstash,
)
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed
from tests.starlette.test_publisher import live

pytestmark = pytest.mark.anyio

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
ROUTE = VerifiedRoute.using(receiver=RECEIVER)


@pytest.fixture(autouse=True)
def public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)


def sub_app() -> FastAPI:
    """Tells the URL of its own hook, and which app's publisher it is that tells."""
    app = FastAPI(title="sub")
    hooks = APIRouter(route_class=ROUTE)

    @hooks.post("/hook")
    def hook() -> str:
        return "verified"

    @app.post("/tell")
    async def tell(qstash: QStashDep) -> list[str]:
        return [qstash.url_for("hook"), qstash.app.title]

    @app.post("/tell/plain")
    def tell_plain(qstash: SyncQStashDep) -> list[str]:
        return [qstash.url_for("hook"), qstash.app.title]

    app.include_router(hooks)
    return app


class Around:
    """Somebody's middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def hidden(app: Any) -> Any:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return call


def mounted(sub: FastAPI) -> FastAPI:
    main = FastAPI(title="main")
    main.mount("/v1", sub)
    return main


def mounted_twice(sub: FastAPI) -> FastAPI:
    main = FastAPI(title="main")
    main.mount("/v1", Starlette(routes=[Mount("/shop", app=sub)]))
    return main


def mounted_behind_middleware(sub: FastAPI) -> FastAPI:
    main = FastAPI(title="main")
    main.mount("/v1", Around(Around(sub)))
    return main


def mounted_in_a_router(sub: FastAPI) -> Starlette:
    return Starlette(routes=[Mount("/v1", routes=[Mount("/shop", app=Around(sub))])])


def mounted_in_an_included_router(sub: FastAPI) -> FastAPI:
    main, router = FastAPI(title="main"), APIRouter()
    router.mount("/v1", Around(sub))
    main.include_router(router, prefix="/api")
    return main


def routed_by_host(sub: FastAPI) -> Starlette:
    return Starlette(
        routes=[Host("api.example.com", app=sub), Host("{name}.shop.example", app=PlainTextResponse("hi"))]
    )


SURROUNDINGS: dict[str, tuple[Callable[[FastAPI], Starlette], str]] = {
    "a mount": (mounted, "/v1"),
    "a mount in a mount": (mounted_twice, "/v1/shop"),
    "middleware": (mounted_behind_middleware, "/v1"),
    "routers and middleware": (mounted_in_a_router, "/v1/shop"),
    "a host": (routed_by_host, ""),
}
# Older versions of FastAPI leave out what is mounted in a router that they include.
if hasattr(fastapi.routing, "_IncludedRouter"):
    SURROUNDINGS["an included router"] = (mounted_in_an_included_router, "/api/v1")
each_surrounding = pytest.mark.parametrize(("surround", "path"), SURROUNDINGS.values(), ids=SURROUNDINGS)


async def told(app: Any, path: str) -> Any:
    answers = [await asgi_exchange(app, Sent(path + tell)) for tell in ("/tell", "/tell/plain")]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    return json.loads(answers[0].body)


async def verified(app: Any, path: str, url: str) -> bool:
    answer = await asgi_exchange(app, Sent(path, [("Upstash-Signature", signed(b"", url))]))
    assert answer.status in (200, 401)
    return answer.status == 200


@each_surrounding
@pytest.mark.parametrize("both", [True, False], ids=["both have a publisher", "the inner app has one"])
async def test_a_mounted_app_builds_the_urls_that_it_verifies(
    surround: Callable[[FastAPI], Starlette], path: str, both: bool
) -> None:
    sub = sub_app()
    main = surround(sub)
    QStash(sub)
    if both:
        QStash(main)
    assert await told(main, path) == [ORIGIN + path + "/hook", "sub"]
    assert await verified(main, path + "/hook", ORIGIN + path + "/hook")
    assert not path or not await verified(main, path + "/hook", ORIGIN + "/hook")


@each_surrounding
async def test_a_mounted_app_without_a_publisher_has_the_one_of_the_app_around_it(
    surround: Callable[[FastAPI], Starlette], path: str
) -> None:
    main = surround(sub_app())
    vars(main).setdefault("title", "main")
    QStash(main)
    assert await told(main, path) == [ORIGIN + path + "/hook", "main"]


async def test_the_nearest_publisher_counts() -> None:
    middle, main = mounted(sub_app()), FastAPI(title="main")
    middle.title = "middle"
    main.mount("/api", middle)
    QStash(main)
    QStash(middle)
    assert await told(main, "/api/v1") == [ORIGIN + "/api/v1/hook", "middle"]


@pytest.mark.parametrize("surround", [mounted, mounted_twice, mounted_behind_middleware, mounted_in_a_router])
async def test_the_values_of_the_app_around_it_count_in_a_mounted_one(surround: Callable[[FastAPI], Starlette]) -> None:
    sub = FastAPI()
    hooks = APIRouter(route_class=VerifiedRoute)

    @hooks.post("/hook")
    def hook() -> str:
        return "verified"

    @hooks.post("/once", dependencies=[Depends(verify_qstash)])
    def once() -> str:
        return "verified"

    sub.include_router(hooks)
    sub.mount("/behind", QStashMiddleware(PlainTextResponse("verified")))
    main = surround(sub)
    QStash(main, receiver=RECEIVER, public_url="https://shop.example")
    path = "/v1" if surround in (mounted, mounted_behind_middleware) else "/v1/shop"
    await live(main)
    for target in (path + "/hook", path + "/once", path + "/behind/x"):
        assert await verified(main, target, "https://shop.example" + target)
        assert not await verified(main, target, ORIGIN + target)


async def test_the_values_of_a_mounted_app_come_before_those_of_the_app_around_it() -> None:
    sub, main = FastAPI(), FastAPI()
    hooks = APIRouter(route_class=VerifiedRoute)
    hooks.post("/hook")(lambda: "verified")
    sub.include_router(hooks)
    main.include_router(hooks)
    main.mount("/v1", sub)
    QStash(main, receiver=RECEIVER, public_url="https://main.example")
    QStash(sub, receiver=RECEIVER, public_url="https://sub.example")
    await live(main)
    for target, origin in (("/v1/hook", "https://sub.example"), ("/hook", "https://main.example")) * 2:
        assert await verified(main, target, origin + target)
        for other in ("https://main.example", "https://sub.example", ORIGIN):
            assert other == origin or not await verified(main, target, other + target)


async def test_once_the_outer_app_has_started_no_request_is_needed() -> None:
    sub = sub_app()
    main = mounted_twice(sub)
    QStash(sub)
    QStash(main)
    await live(main)
    assert sub.state.qstash.url_for("hook") == ORIGIN + "/v1/shop/hook"
    assert sub.state.qstash.sync.url_for("hook") == ORIGIN + "/v1/shop/hook"


async def test_an_app_that_is_mounted_nowhere_has_no_mount() -> None:
    sub = sub_app()
    QStash(sub)
    assert await told(sub, "") == [ORIGIN + "/hook", "sub"]
    assert await verified(sub, "/hook", ORIGIN + "/hook")


async def test_what_a_client_says_of_root_paths_and_hosts_changes_nothing() -> None:
    sub = sub_app()
    main = mounted(sub)
    QStash(sub)
    forged = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil")]
    answer = await asgi_exchange(main, Sent("/evil/v1/tell", forged, root_path="/evil"))
    assert answer.body == b'["https://api.example.com/v1/hook","sub"]'
    assert sub.state.qstash.url_for("hook") == ORIGIN + "/v1/hook"


async def test_a_mount_with_parameters_takes_them_from_the_call() -> None:
    sub = Starlette(routes=[Route("/orders/{order}", PlainTextResponse("hi"), name="order")])
    main = Starlette(routes=[Mount("/{tenant}/{shop:int}", app=sub)])
    QStash(sub)
    await asgi_exchange(main, Sent("/acme/3/orders/7"))
    url_for = sub.state.qstash.url_for
    assert url_for("order", tenant="a c", shop=3, order="x") == ORIGIN + "/a%20c/3/orders/x"
    for missing in ({"tenant": "acme", "order": "x"}, {"tenant": "acme", "shop": 3}):
        with pytest.raises(NoMatchFound):
            url_for("order", **missing)


async def test_a_mount_that_nothing_shows_is_said_when_a_url_is_built() -> None:
    sub = Starlette(routes=[Route("/hook", PlainTextResponse("hi"), name="hook")])
    main = Starlette(routes=[Mount("/v1", app=hidden(sub))])
    QStash(sub)
    await asgi_exchange(main, Sent("/v1/hook"))
    with pytest.raises(ConfigurationError, match=r"^this app is mounted in another one that hides where"):
        sub.state.qstash.url_for("hook")


def test_our_own_middleware_hides_nothing() -> None:
    main = FastAPI()
    main.mount("/v1", QStashMiddleware(sub_app()), name="v1")
    QStash(main)
    assert main.state.qstash.url_for("v1:hook") == ORIGIN + "/v1/hook"
    with pytest.raises(NoMatchFound):
        main.state.qstash.url_for("v2:hook")


def test_a_route_of_one_host_has_its_url_there(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Starlette(routes=[Route("/hook", PlainTextResponse("hi"), name="hook")])
    main = Starlette(routes=[Host("shop.example", app=inner), Host("{tenant}.shop.example", app=inner, name="tenant")])
    QStash(main)
    url_for = main.state.qstash.url_for
    for public_url, url in (
        ("https://shop.example", "https://shop.example/hook"),
        ("https://api.example.com,https://Shop.example:81/v1", "https://Shop.example:81/v1/hook"),
    ):
        monkeypatch.setenv("QSTASH_PUBLIC_URL", public_url)
        assert url_for("hook") == url
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://api.example.com,https://*.shop.example")
    assert url_for("tenant:hook", tenant="a") == "https://a.shop.example/hook"
    with pytest.raises(ConfigurationError, match=r"^QSTASH_PUBLIC_URL has no URL on 'shop\.example', and the route "):
        url_for("hook")


ROOT_PATHS = {"a proxy takes it off": "/hook", "a proxy leaves it": "/api/hook"}


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
@pytest.mark.parametrize("target", ROOT_PATHS.values(), ids=ROOT_PATHS)
async def test_with_a_root_path_the_public_url_has_to_have_it(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    app = sub_app()
    app.root_path = "/api"
    QStash(app)
    with pytest.raises(
        ConfigurationError, match=r"^QSTASH_PUBLIC_URL has no path, and .*; set it to https://api\.example"
    ):
        app.state.qstash.url_for("hook")
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN + "/api")
    assert app.state.qstash.url_for("hook") == ORIGIN + "/api/hook"
    assert await verified(app, target, ORIGIN + "/api/hook")


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
async def test_a_root_path_that_says_where_the_app_is_mounted_is_not_missed() -> None:
    sub = sub_app()
    sub.root_path = "/v1"
    main = mounted(sub)
    QStash(sub)
    QStash(main)
    await live(main)
    assert sub.state.qstash.url_for("hook") == ORIGIN + "/v1/hook"
    assert await told(main, "/v1") == [ORIGIN + "/v1/hook", "sub"]
    assert await verified(main, "/v1/hook", ORIGIN + "/v1/hook")


def test_no_app_is_kept_alive_by_the_one_that_mounts_it() -> None:
    sub = sub_app()
    main = mounted(sub)
    QStash(sub)
    anyio.run(told, main, "/v1")
    kept = ref(main), ref(main.router)
    del main
    gc.collect()
    assert [alive() for alive in kept] == [None, None]
    assert isinstance(sub.state.qstash, Publisher)
