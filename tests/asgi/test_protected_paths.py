"""Which connections ``QStashMiddleware`` checks, and what it does with the others."""

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest
from django.http import HttpResponse
from django.test import override_settings as django_settings
from django.urls import path
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.routing import Mount, Route

from qstash_integrations import ConfigurationError, Receiver
from qstash_integrations.asgi import QStashMiddleware
from tests.django.project import asgi_app, configure
from tests.hosts import Request, asgi_exchange, asgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}


class App:
    """Answers 204 to everything, and remembers what it was called with."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})


PREFIXED: dict[str, tuple[str, str, int]] = {
    "the prefix itself": ("/hooks", "", 401),
    "below it": ("/hooks/ship", "", 401),
    "with a query": ("/hooks?a=1", "", 401),
    "a slash at its end": ("/hooks/", "", 401),
    "a doubled slash": ("//hooks//ship", "", 401),
    "dot segments": ("/./x/../hooks/ship", "", 401),
    "dot segments, encoded": ("/%2e/x/%2e%2e/hooks", "", 401),
    "another case": ("/HOOKS/ship", "", 401),
    "encoded letters": ("/%68ooks/ship", "", 401),
    "a line end, which Starlette's routes overlook": ("/hooks%0A", "", 401),
    "below the mount": ("/api/hooks/ship", "/api", 401),
    "a stripped mount": ("/hooks/ship", "/api", 401),
    "the mount itself": ("/hooks/ship", "/hooks", 401),
    "S01 a root path taken off as text": ("/mhooks/ship", "/m", 401),
    "S02 the prefix as the root path": ("/ship", "/hooks", 401),
    "a longer word": ("/hooksmith", "", 204),
    "elsewhere": ("/", "", 204),
    "below another path, where an app may be mounted": ("/open/hooks", "", 401),
    "below a path that is not the prefix": ("/open/ship", "", 204),
}


@pytest.mark.parametrize(("target", "root_path", "status"), PREFIXED.values(), ids=PREFIXED)
async def test_a_prefix_protects_itself_and_all_below(target: str, root_path: str, status: int) -> None:
    app = QStashMiddleware(App(), prefix="/hooks", **OPTIONS)
    assert (await asgi_exchange(app, Request(target, root_path=root_path))).status == status


ROUTED: dict[str, Callable[[], Any]] = {
    "starlette": lambda: Starlette(routes=[Route("/hooks", opened), Mount("/hooks", routes=[Route("/ship", opened)])]),
    "fastapi": lambda: fastapi_app(FastAPI()),
    "fastapi with a root path": lambda: fastapi_app(FastAPI(), "/api"),
    "mounted with a root path": lambda: Starlette(routes=[Mount("/", app=fastapi_app(FastAPI(), "/api"))]),
}
TARGETS = ["/hooks", "/hooks%0A", "/hooks/ship", "/hooks/ship%0A", "/api/hooks", "/api/hooks/ship", "/api/hooks%0A"]


async def opened(request: StarletteRequest) -> Response:
    return Response("the handler ran")


def fastapi_app(app: FastAPI, root_path: str = "") -> FastAPI:
    app.root_path = root_path
    app.add_route("/hooks", opened, methods=["POST"])
    app.add_route("/hooks/ship", opened, methods=["POST"])
    return app


@pytest.mark.parametrize("new_app", ROUTED.values(), ids=ROUTED)
@pytest.mark.parametrize("way", ["around", "within"])
async def test_no_spelling_reaches_a_route_below_the_prefix(new_app: Any, way: str) -> None:
    app = new_app()
    if way == "within":
        app.add_middleware(QStashMiddleware, prefix="/hooks", **OPTIONS)
        protected = app
    else:
        protected = QStashMiddleware(app, prefix="/hooks", **OPTIONS)
    answers = {target: (await asgi_exchange(protected, Request(target))).body for target in TARGETS}
    assert [target for target, body in answers.items() if b"the handler ran" in body] == []


def test_djangos_forced_script_name_is_no_way_around() -> None:
    configure()
    app = asgi_app(path("hooks/ship", lambda request: HttpResponse("the handler ran")))
    with django_settings(FORCE_SCRIPT_NAME="/api", ALLOWED_HOSTS=["*"]):
        send = asgi_send(QStashMiddleware(app, prefix="/hooks", **OPTIONS))
        assert [send(Request(target)).status for target in ("/hooks/ship", "/api/hooks/ship")] == [401, 401]


OPEN = ["/", "/orders", "/hooksmith", "/health", "/static/app.css", "/a%20b", "/100%25", "/%E2%82%AC?next=/hooks"]


@pytest.mark.sampled("root_path")
@pytest.mark.parametrize("root_path", ["", "/m", "/api/v1"])
@pytest.mark.parametrize("target", OPEN)
async def test_what_lies_outside_the_prefix_stays_open(target: str, root_path: str) -> None:
    app = QStashMiddleware(App(), prefix="/hooks", **OPTIONS)
    assert (await asgi_exchange(app, Request(target, root_path=root_path))).status == 204
    assert (await asgi_exchange(app, Request(root_path + target, root_path=root_path))).status == 204


async def test_a_signed_request_below_the_prefix_passes() -> None:
    app = App()
    request = Request("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")
    answer = await asgi_exchange(QStashMiddleware(app, prefix="/hooks", **OPTIONS), request)
    assert answer.status == 204
    assert app.scopes[0]["state"]["qstash_delivery"].body == b"hi"


async def test_outside_the_prefix_nothing_is_added_or_replaced() -> None:
    app = App()
    scope, receive, send = {"type": "http", "path": "/open", "root_path": ""}, None, None

    async def exact(*arguments: Any) -> None:
        app.scopes.extend(arguments)

    await QStashMiddleware(exact, prefix="/hooks", **OPTIONS)(scope, receive, send)  # type: ignore[arg-type]
    assert app.scopes[0] is scope


EXCLUDED: dict[str, tuple[str, str, int]] = {
    "exactly": ("/health", "", 204),
    "with a query": ("/health?deep=1", "", 204),
    "below the mount": ("/api/health", "/api", 401),
    "a doubled slash": ("//health", "", 401),
    "a slash at its end": ("/health/", "", 401),
    "over dot segments": ("/health/../hook", "", 401),
    "in another case": ("/Health", "", 401),
    "below it": ("/health/deep", "", 401),
}


@pytest.mark.parametrize(("target", "root_path", "status"), EXCLUDED.values(), ids=EXCLUDED)
async def test_A17_an_excluded_path_is_open_exactly_as_written(target: str, root_path: str, status: int) -> None:
    app = QStashMiddleware(App(), exclude=["/health"], **OPTIONS)
    assert (await asgi_exchange(app, Request(target, root_path=root_path))).status == status


BAD_PATHS: dict[str, dict[str, Any]] = {
    "a prefix without its slash": {"prefix": "hooks"},
    "an empty prefix": {"prefix": ""},
    "no prefix": {"prefix": None},
    "S03 a pattern": {"prefix": "/tenants/{tenant}/hooks"},
    "one text for a list": {"exclude": "/health"},
    "an excluded path without its slash": {"exclude": ["health"]},
}


@pytest.mark.parametrize("options", BAD_PATHS.values(), ids=BAD_PATHS)
async def test_a_path_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^(prefix|exclude) "):
        QStashMiddleware(App(), **OPTIONS, **options)


WEBSOCKETS: dict[str, tuple[dict[str, Any], Sequence[Any]]] = {
    "A02 protected": ({}, [{"type": "websocket.close", "code": 1008}]),
    "A02 below the prefix": ({"prefix": "/live"}, [{"type": "websocket.close", "code": 1008}]),
    "outside the prefix": ({"prefix": "/hooks"}, []),
    "excluded": ({"exclude": ["/live"]}, []),
}


@pytest.mark.parametrize(("options", "expected"), WEBSOCKETS.values(), ids=WEBSOCKETS)
async def test_a_websocket_is_closed_before_it_is_accepted(options: Any, expected: Sequence[Any]) -> None:
    app = App()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await QStashMiddleware(app, **OPTIONS, **options)({"type": "websocket", "path": "/live"}, receive, send)
    assert sent == expected
    assert len(app.scopes) == (0 if expected else 1)


async def test_A03_a_connection_of_an_unknown_type_is_refused() -> None:
    app = App()
    with pytest.raises(RuntimeError, match=r"^QStashMiddleware cannot check a connection of type 'webtransport'"):
        await QStashMiddleware(app, prefix="/hooks", **OPTIONS)({"type": "webtransport"}, None, None)  # type: ignore[arg-type]
    assert app.scopes == []


async def test_A01_the_lifespan_is_the_apps_own() -> None:
    app = App()
    scope: dict[str, Any] = {"type": "lifespan", "state": {}}
    await QStashMiddleware(app, **OPTIONS)(scope, None, None)  # type: ignore[arg-type]
    assert app.scopes == [scope]
    assert app.scopes[0] is scope


async def test_H63_with_wrong_settings_the_app_does_not_start() -> None:
    app = App()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ConfigurationError):
        await QStashMiddleware(app, public_url=ORIGIN)({"type": "lifespan", "state": {}}, receive, send)
    assert sent == [
        {
            "type": "lifespan.startup.failed",
            "message": "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
        }
    ]
    assert app.scopes == []


async def test_H63_where_there_is_no_lifespan_every_request_fails() -> None:
    app = App()
    protected = QStashMiddleware(app, prefix="/hooks", public_url=ORIGIN)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"^QSTASH_CURRENT_SIGNING_KEY is not set"):
            await asgi_exchange(protected, Request("/hooks/ship"))
    assert (await asgi_exchange(protected, Request("/open"))).status == 204


@pytest.mark.parametrize("headers", [[], [("Upstash-Signature", signed(b"hi"))]], ids=["unsigned", "signed"])
def test_A24_trio_gives_the_same_answers_as_asyncio(headers: Sequence[tuple[str, str]]) -> None:
    request = Request("/hooks/ship", headers, b"hi")
    on_asyncio, on_trio = (
        anyio.run(asgi_exchange, QStashMiddleware(App(), **OPTIONS), request, backend=backend)
        for backend in ("asyncio", "trio")
    )
    assert on_asyncio == on_trio
    assert on_trio.status == (204 if headers else 401)
