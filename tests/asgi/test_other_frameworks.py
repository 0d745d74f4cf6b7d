"""Frameworks that have no adapter of their own, behind ``QStashMiddleware``.

Each is imported by the test that runs it: only the environment of the system tests has them.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import anyio
import anyio.lowlevel
import pytest
from starlette.responses import Response

from qstash_integrations import Delivery, Receiver
from qstash_integrations.asgi import QStashMiddleware
from tests.hosts import Answer, Request, asgi_exchange, scope_of
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.system

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
REJECTED = Answer(
    401,
    {
        "content-type": "application/json",
        "cache-control": "no-store",
        "www-authenticate": "Upstash-Signature",
        "content-length": "29",
    },
    b'{"error":"invalid signature"}',
)
BODY = b'{"order":"o-3c9f"}\xff\x00'
# The body as the handler reads it, and the delivery, None where nothing was verified.
Ran = list[tuple[bytes, Delivery | None]]


def delivery_in(scope: Any) -> Delivery | None:
    delivery: Delivery | None = scope["state"].get("qstash_delivery")
    return delivery


def quart_app(ran: Ran) -> Any:
    from quart import Quart, request

    app = Quart("shop")

    @app.post("/hooks/ship")
    async def ship() -> bytes:  # pyright: ignore[reportUnusedFunction]
        body: Any = await request.get_data()
        ran.append((body, delivery_in(request.scope)))
        return b"shipped"

    return app


def litestar_app(ran: Ran) -> Any:
    from litestar import Litestar, post
    from litestar import Request as LitestarRequest

    @post("/hooks/ship", status_code=200, media_type="text/plain")
    async def ship(request: LitestarRequest[Any, Any, Any]) -> bytes:
        ran.append((await request.body(), delivery_in(request.scope)))
        return b"shipped"

    return Litestar([ship], logging_config=None)


def mounting_litestar_app(ran: Ran, middleware: Sequence[Any] = ()) -> Any:
    """With another app mounted below the prefix, to which Litestar gives what stands behind it."""
    from litestar import Litestar, asgi

    async def hooks(scope: Any, receive: Any, send: Any) -> None:
        ran.append((b"", delivery_in(scope)))
        await Response(b"shipped")(scope, receive, send)

    return Litestar(
        [asgi("/hooks", is_mount=True, copy_scope=True)(hooks)], logging_config=None, middleware=list(middleware)
    )


def sanic_app(ran: Ran) -> Any:
    from sanic import Sanic
    from sanic.response import raw

    # Sanic wants every app of a process to have a name of its own.
    app: Any = Sanic(f"shop-{uuid4()}", configure_logging=False)
    # Its tuning rewrites methods of its own classes at startup, for the whole process, and can do so only once.
    app.config.TOUCHUP = False

    @app.post("/hooks/ship")
    async def ship(request: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        ran.append((request.body, delivery_in(request.scope)))
        return raw(b"shipped")

    return app


APPS: dict[str, Callable[[Ran], Any]] = {"quart": quart_app, "litestar": litestar_app, "sanic": sanic_app}
PROTECTED: dict[str, dict[str, Any]] = {"the whole app": {}, "a prefix": {"prefix": "/hooks"}}


@asynccontextmanager
async def lifespan(app: Any) -> AsyncGenerator[None]:
    """Start the app, and stop it again: Sanic answers nothing before."""
    events, receive = anyio.create_memory_object_stream[Any](2)
    send, answers = anyio.create_memory_object_stream[Any](2)
    with events, receive, send, answers:
        async with anyio.create_task_group() as group:
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
            group.start_soon(app, scope, receive.receive, send.send)
            await events.send({"type": "lifespan.startup"})
            assert (await answers.receive())["type"] == "lifespan.startup.complete"
            yield
            await events.send({"type": "lifespan.shutdown"})
            assert (await answers.receive())["type"] == "lifespan.shutdown.complete"


async def _exchange(app: Any, request: Request) -> Answer:
    async with lifespan(app):
        return await asgi_exchange(app, request)


def exchange(app: Any, request: Request) -> Answer:
    return anyio.run(_exchange, app, request)


@pytest.mark.parametrize("options", PROTECTED.values(), ids=PROTECTED)
@pytest.mark.parametrize("new_app", APPS.values(), ids=APPS)
@pytest.mark.parametrize("chunks", [[BODY], [BODY[:7], b"", BODY[7:]], [b""]], ids=["whole", "chunks", "empty"])
def test_a_signed_request_reaches_the_handler_with_its_body_and_the_delivery(
    new_app: Callable[[Ran], Any], options: dict[str, Any], chunks: Sequence[bytes]
) -> None:
    ran: Ran = []
    body = b"".join(chunks)
    signature = ("Upstash-Signature", signed(body))
    answer = exchange(QStashMiddleware(new_app(ran), **OPTIONS, **options), Request("/hooks/ship", [signature], chunks))
    assert (answer.status, answer.body) == (200, b"shipped")
    ((read, delivery),) = ran
    assert delivery is not None
    assert (read, delivery.body, delivery.claims.sub) == (body, body, "https://api.example.com/hooks/ship")


@pytest.mark.parametrize("options", PROTECTED.values(), ids=PROTECTED)
@pytest.mark.parametrize("new_app", APPS.values(), ids=APPS)
@pytest.mark.parametrize("headers", [(), [("Upstash-Signature", signed(b"another body"))]], ids=["unsigned", "forged"])
def test_any_other_request_gets_our_answer_and_the_handler_does_not_run(
    new_app: Callable[[Ran], Any], options: dict[str, Any], headers: Sequence[tuple[str, str]]
) -> None:
    ran: Ran = []
    answer = exchange(QStashMiddleware(new_app(ran), **OPTIONS, **options), Request("/hooks/ship", headers, BODY))
    assert (answer, ran) == (REJECTED, [])


# Spellings that the framework routes to the handler, some by ways of its own.
SPELLINGS: dict[str, tuple[Callable[[Ran], Any], Request]] = {
    "quart, an absolute form": (quart_app, Request("http://h/hooks/ship")),
    "quart, encoded letters": (quart_app, Request("/%68ooks/ship")),
    "quart, below a root path": (quart_app, Request("/v1/hooks/ship", root_path="/v1")),
    "litestar, a root path within": (litestar_app, Request("/x/v1/hooks/ship", root_path="/v1")),
    "litestar, a doubled slash": (litestar_app, Request("//hooks//ship/")),
    "sanic, an absolute form": (sanic_app, Request("http://h/hooks/ship")),
}


@pytest.mark.parametrize(("new_app", "request_"), SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_that_is_routed_gets_around_the_prefix(new_app: Callable[[Ran], Any], request_: Request) -> None:
    ran: Ran = []
    assert exchange(new_app(ran), request_).body == b"shipped"
    assert ran == [(b"", None)]
    assert exchange(QStashMiddleware(new_app(ran), prefix="/hooks", **OPTIONS), request_) == REJECTED
    assert ran == [(b"", None)]


async def opened(app: Any, target: str, path: str, root_path: str, kind: str) -> list[Any]:
    """What the app sends for an unsigned connection to ``path`` behind ``root_path``."""
    sent: list[Any] = []
    incoming = [{"type": "websocket.connect"}] if kind == "websocket" else [{"type": "http.request", "body": b"hi"}]

    async def receive() -> Any:
        await anyio.lowlevel.checkpoint()
        return incoming.pop(0) if incoming else {"type": f"{kind}.disconnect", "code": 1001}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**scope_of(Request(target)), "type": kind, "path": path, "root_path": root_path, "subprotocols": []}
    if kind == "websocket":
        scope["scheme"] = "ws"
        del scope["method"]
    async with lifespan(app):
        with suppress(Exception):
            await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("options", [{"prefix": "/hooks"}, {"exclude": ["/"]}], ids=["prefix", "exclude"])
def test_S01_within_litestar_a_mount_below_the_prefix_is_protected(options: dict[str, Any]) -> None:
    from litestar.middleware import DefineMiddleware

    ran: Ran = []
    app = mounting_litestar_app(ran, [DefineMiddleware(QStashMiddleware, **OPTIONS, **options)])
    for target in ("/hooks", "/hooks/ship", "/%68ooks/ship"):
        assert exchange(app, Request(target)) == REJECTED
    assert ran == []


@pytest.mark.parametrize("target", ["/hooks/ship#x", "/hooks/ship#", "/hooks/ship#/open"])
def test_S01_what_sanic_takes_for_a_fragment_hides_nothing(target: str) -> None:
    ran: Ran = []
    assert exchange(sanic_app(ran), Request(target)).body == b"shipped"
    assert exchange(QStashMiddleware(sanic_app(ran), prefix="/hooks/ship", **OPTIONS), Request(target)) == REJECTED
    assert ran == [(b"", None)]


def with_a_websocket(app: Any, ran: Ran) -> Any:
    @app.websocket("/hooks/ship")
    async def live() -> None:  # pyright: ignore[reportUnusedFunction]
        ran.append((b"", None))

    return app


ROOT_PATHS: list[tuple[str, str]] = [
    ("/mhooks/ship", "/m"),
    ("/m/hooks/ship", "/m"),
    ("/hooks/ship", "/m"),
    ("hooks/ship", "/m"),
    ("/ship", "/hooks"),
    ("/hooks/ship", "/hooks"),
    ("/x/mhooks/ship", "/m"),
    ("/ahooks/ship", "/a"),
]


@pytest.mark.parametrize(("path", "root_path"), ROOT_PATHS)
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("new_app", [quart_app, litestar_app])
def test_S01_S02_behind_a_root_path_nothing_unsigned_runs(
    new_app: Callable[[Ran], Any], kind: str, path: str, root_path: str
) -> None:
    ran: Ran = []
    app = new_app(ran)
    if new_app is quart_app:
        with_a_websocket(app, ran)
    anyio.run(opened, QStashMiddleware(app, prefix="/hooks", **OPTIONS), path, path, root_path, kind)
    assert ran == []
