"""What is aiohttp's own: views, middleware, answers that are raised, bodies that its server inflates."""

import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
import yarl
from aiohttp import web

from qstash_integrations import ConfigurationError, RetryAfter, current_delivery
from qstash_integrations._core.settings.environment import settings_changed
from qstash_integrations.aiohttp import DELIVERY, check_qstash, qstash_middleware, verify_qstash
from qstash_integrations.once import MemoryStore
from tests.contract.aiohttp_apps import aiohttp_exchange
from tests.hosts import Answer, Request
from tests.once.attempts import DUPLICATE, OPTIONS, attempt
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed


async def ship(request: web.Request) -> web.StreamResponse:
    return web.Response(body=request[DELIVERY].body)


def app_of(handler: Any, *middlewares: Any) -> Callable[[], web.Application]:
    def make() -> web.Application:
        app = web.Application(middlewares=middlewares)
        app.router.add_route("*", "/hooks/ship", handler)
        return app

    return make


def send(make: Callable[[], web.Application], request: Request, **options: Any) -> Answer:
    async def exchange() -> Answer:
        return await aiohttp_exchange(make, request, **options)

    return anyio.run(exchange)


def view_of(verify: Any, on_class: bool) -> Any:
    class Ship(web.View):
        async def post(self) -> web.StreamResponse:
            return await ship(self.request)

    if on_class:
        return verify(Ship)
    Ship.post = verify(Ship.post)  # type: ignore[method-assign]
    return Ship


@pytest.mark.parametrize("on_class", [True, False], ids=["the class", "a method"])
def test_a_view_is_verified(on_class: bool) -> None:
    make = app_of(view_of(verify_qstash(**OPTIONS), on_class))
    assert send(make, attempt()).body == b"hi"
    assert send(make, attempt()._replace(body=b"ho")).status == 401


class Hooks:
    @verify_qstash(**OPTIONS)
    async def ship(self, request: web.Request) -> web.StreamResponse:
        return await ship(request)


def test_a_method_is_verified() -> None:
    make = app_of(Hooks().ship)
    assert send(make, attempt()).body == b"hi"
    assert send(make, attempt()._replace(body=b"ho")).status == 401


def below_hooks(**options: Any) -> web.Application:
    hooks = web.Application(middlewares=[qstash_middleware(**{**OPTIONS, **options})])
    hooks.router.add_post("/ship", ship)
    app = web.Application()
    app.add_subapp("/hooks", hooks)
    app.router.add_get("/health", ship)
    return app


def test_middleware_protects_all_of_its_app_and_nothing_else() -> None:
    assert send(below_hooks, attempt()).body == b"hi"
    assert send(below_hooks, Request("/hooks/ship", body=b"hi")).status == 401
    assert send(below_hooks, Request("/hooks/no-such-hook", body=b"hi")).status == 401
    assert send(below_hooks, Request("/no-such-page", method="GET")).status == 404


RAISED: dict[str, tuple[type[web.HTTPException], bytes]] = {
    "a 204": (web.HTTPNoContent, DUPLICATE),
    "a 404": (web.HTTPNotFound, b"404: Not Found"),
}


@pytest.mark.parametrize(("error", "again"), RAISED.values(), ids=RAISED)
def test_an_answer_that_is_raised_counts_as_one(error: type[web.HTTPException], again: bytes) -> None:
    @verify_qstash(**OPTIONS, once=MemoryStore())
    async def handler(request: web.Request) -> web.StreamResponse:
        raise error

    make = app_of(handler)
    assert send(make, attempt()).status == error.status_code
    assert send(make, attempt()).body == again


def test_a_signal_after_the_first_part_is_no_second_answer() -> None:
    @verify_qstash(**OPTIONS)
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        raise RetryAfter(60)

    with pytest.raises(RetryAfter):
        send(app_of(handler), attempt())


VERIFIED: dict[str, Callable[[], Callable[[], web.Application]]] = {
    "a handler": lambda: app_of(verify_qstash(public_url=ORIGIN)(ship)),
    "middleware": lambda: app_of(ship, qstash_middleware()),
}


@pytest.mark.parametrize("verified", VERIFIED.values(), ids=VERIFIED)
def test_the_settings_are_checked_at_start(
    verified: Callable[[], Callable[[], web.Application]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings_changed()

    def make() -> web.Application:
        app = verified()()
        app.on_startup.append(check_qstash)
        return app

    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"):
        send(make, attempt())


@pytest.mark.parametrize(("inflates", "status"), [(False, 200), (True, 401)])
def test_a_body_that_the_server_inflates_is_not_the_one_that_was_signed(inflates: bool, status: int) -> None:
    body = gzip.compress(b"an order", mtime=0)
    headers = [("Upstash-Signature", signed(body)), ("Content-Encoding", "gzip")]
    make = app_of(verify_qstash(**OPTIONS)(ship))
    assert send(make, Request("/hooks/ship", headers, body), inflates=inflates).status == status


def test_a_large_body_is_given_back_without_a_pause_of_the_connection() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=str(len(await request.content.read())))

    body = b"x" * 3_000_000
    request = Request("/hooks/ship", [("Upstash-Signature", signed(body))], body)
    assert send(app_of(verify_qstash(**OPTIONS)(handler)), request).body == b"3000000"


async def stream(request: web.Request) -> web.StreamResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield current_delivery().body

    return web.Response(body=parts())


@pytest.mark.parametrize("once", [{}, {"once": MemoryStore()}], ids=["", "once"])
def test_a_body_that_is_made_later_finds_the_delivery(once: Any) -> None:
    assert send(app_of(verify_qstash(**OPTIONS, **once)(stream)), attempt()).body == b"hi"


GIVEN: dict[str, dict[str, Any]] = {
    "arguments": {"current_signing_key": CURRENT, "next_signing_key": NEXT, "public_url": ORIGIN},
    "an object": {
        "settings": lambda: {"current_signing_key": CURRENT, "next_signing_key": NEXT, "public_url": yarl.URL(ORIGIN)}
    },
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("on_all", [False, True], ids=["a handler", "middleware"])
def test_settings_may_be_given_instead_of_the_environment(given: dict[str, Any], on_all: bool) -> None:
    make = app_of(ship, qstash_middleware(**given)) if on_all else app_of(verify_qstash(**given)(ship))
    tokens = [signed(b"hi", exp=2**40, key=key) for key in (CURRENT, ATTACKER)]
    answers = [send(make, Request("/hooks/ship", [("Upstash-Signature", token)], b"hi")) for token in tokens]
    assert [answer.status for answer in answers] == [200, 401]
    anyio.run(check_qstash, make())
