"""``verify_qstash`` on Starlette's endpoints: functions, methods and classes."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from qstash_integrations import ConfigurationError, NonRetryable, Receiver, RetryAfter
from qstash_integrations.starlette import verify_qstash
from tests.hosts import NOTHING_SENT, Answer, asgi_exchange, on_both_loops, scope_of
from tests.hosts import Request as Sent
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
METHODS = ["GET", "POST", "DELETE"]
UNSIGNED = Sent("/hooks/ship", body=b"hi")
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")


def shop(endpoint: Any, path: str = "/hooks/ship", **route: Any) -> Starlette:
    return Starlette(routes=[Route(path, endpoint, **route)])


async def status(app: Any, request: Sent) -> int:
    return (await asgi_exchange(app, request)).status


@verify_qstash(**OPTIONS)
async def plain_async(request: Request) -> Response:
    return PlainTextResponse(await request.body() + request.state.qstash_delivery.body)


@verify_qstash(**OPTIONS)
def plain(request: Request) -> Response:
    return PlainTextResponse(request.state.qstash_delivery.body * 2)


class Hooks:
    @verify_qstash(**OPTIONS)
    async def method(self, request: Request) -> Response:
        return PlainTextResponse(await request.body() * 2)

    @verify_qstash(**OPTIONS)
    def plain_method(self, request: Request) -> Response:
        return PlainTextResponse(request.state.qstash_delivery.body * 2)


@verify_qstash(**OPTIONS)
class Ship(HTTPEndpoint):
    async def post(self, request: Request) -> Response:
        return PlainTextResponse(await request.body() * 2)

    def get(self, request: Request) -> Response:
        return PlainTextResponse("got")


class Express(Ship):
    async def post(self, request: Request) -> Response:
        return PlainTextResponse(b"express" + await request.body())

    async def delete(self, request: Request) -> Response:
        return PlainTextResponse("gone")


ENDPOINTS: dict[str, tuple[Any, bytes]] = {
    "an async function": (plain_async, b"hihi"),
    "a function": (plain, b"hihi"),
    "an async method": (Hooks().method, b"hihi"),
    "a method": (Hooks().plain_method, b"hihi"),
    "a class": (Ship, b"hihi"),
    "a class below a verified one": (Express, b"expresshi"),
}


@pytest.mark.parametrize(("endpoint", "body"), ENDPOINTS.values(), ids=ENDPOINTS)
async def test_an_endpoint_takes_only_what_is_signed(endpoint: Any, body: bytes) -> None:
    app = shop(endpoint, methods=["POST"])
    assert (await asgi_exchange(app, SIGNED)).body == body
    assert await status(app, UNSIGNED) == 401


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_of_a_class_is_verified(method: str) -> None:
    request = SIGNED._replace(method=method)
    assert await status(shop(Express), request) == 200
    assert await status(shop(Express), request._replace(headers=[])) == 401


async def test_a_method_that_a_class_has_not_is_verified_first() -> None:
    assert await status(shop(Ship), UNSIGNED._replace(method="PATCH")) == 401
    assert await status(shop(Ship), SIGNED._replace(method="PATCH")) == 405


def test_what_is_decorated_keeps_its_name() -> None:
    assert (plain_async.__name__, plain.__name__, Ship.__name__) == ("plain_async", "plain", "Ship")
    assert Route("/", Ship).name == "Ship"


async def test_verify_qstash_works_without_parentheses(monkeypatch: pytest.MonkeyPatch) -> None:
    @verify_qstash
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("shipped")

    app = shop(endpoint, methods=["POST"])
    with pytest.raises(ConfigurationError, match=r"^QSTASH_CURRENT_SIGNING_KEY is not set"):
        await asgi_exchange(app, SIGNED)
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    request = SIGNED._replace(headers=[("Upstash-Signature", signed(b"hi", exp=10**11))])
    assert (await asgi_exchange(app, request)).body == b"shipped"


async def test_the_endpoint_may_steer_qstash() -> None:
    @verify_qstash(**OPTIONS)
    class Busy(HTTPEndpoint):
        async def post(self, request: Request) -> Response:
            raise RetryAfter(60)

        def get(self, request: Request) -> Response:
            raise NonRetryable("no such order")

    app = shop(Busy)
    later = await asgi_exchange(app, SIGNED)
    never = await asgi_exchange(app, SIGNED._replace(method="GET"))
    assert (later.status, later.headers["retry-after"]) == (503, "60")
    assert (never.status, never.body) == (489, b'{"error":"no such order"}')


@on_both_loops
@pytest.mark.parametrize("endpoint", [plain_async, Ship], ids=["function", "class"])
async def test_H37_nobody_is_answered_who_left_before_the_end(endpoint: Any) -> None:
    app = shop(endpoint, methods=["POST"])
    announced = [*SIGNED.headers, ("Content-Length", "2")]
    assert await asgi_exchange(app, SIGNED._replace(body=b"h", headers=announced, hang_up=True)) == NOTHING_SENT


async def test_A04_a_mounted_endpoint_is_known_by_its_whole_path() -> None:
    app = Starlette(routes=[Mount("/hooks", routes=[Mount("/v1", routes=[Route("/ship", plain, methods=["POST"])])])])
    token = signed(b"hi", ORIGIN + "/hooks/v1/ship")
    assert await status(app, SIGNED._replace(target="/hooks/v1/ship", headers=[("Upstash-Signature", token)])) == 200


async def test_A06_a_path_prefix_in_the_public_url_replaces_the_servers_root_path_and_no_mount() -> None:
    @verify_qstash(receiver=OPTIONS["receiver"], public_url="https://h.example/v2")
    def ship(request: Request) -> Response:
        return PlainTextResponse("shipped")

    app = Starlette(routes=[Mount("/hooks", routes=[Route("/ship", ship, methods=["POST"])])])
    token = signed(b"hi", "https://h.example/v2/hooks/ship")
    for target, root_path in (("/hooks/ship", ""), ("/api/hooks/ship", "/api")):
        request = Sent(target, [("Upstash-Signature", token)], b"hi", root_path=root_path)
        assert await status(app, request) == 200


async def test_A05_below_a_root_path_too() -> None:
    app = Starlette(routes=[Mount("/hooks", routes=[Route("/ship", plain, methods=["POST"])])])
    token = signed(b"hi", ORIGIN + "/api/hooks/ship")
    request = Sent("/api/hooks/ship", [("Upstash-Signature", token)], b"hi", root_path="/api")
    assert await status(app, request) == 200


async def test_A12_a_background_task_runs_only_for_the_genuine() -> None:
    ran: list[str] = []

    @verify_qstash(**OPTIONS)
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("shipped", background=BackgroundTask(ran.append, "task"))

    app = shop(endpoint, methods=["POST"])
    await asgi_exchange(app, UNSIGNED)
    assert ran == []
    await asgi_exchange(app, SIGNED)
    assert ran == ["task"]


READINGS: dict[str, tuple[Callable[[Request], Any], ...]] = {
    "body, json": (Request.body, Request.json),
    "json, body": (Request.json, Request.body),
    "body, stream": (Request.body, lambda request: joined(request)),
    "body, form": (Request.body, Request.form),
    "stream": (lambda request: joined(request),),
}


@pytest.mark.parametrize("readings", READINGS.values(), ids=READINGS)
async def test_A14_the_request_reads_as_it_would_without_us(readings: tuple[Callable[[Request], Any], ...]) -> None:
    async def read(request: Request) -> Response:
        return JSONResponse([repr(await reading(request)) for reading in readings])

    request = SIGNED._replace(headers=[("Upstash-Signature", signed(b"[3]"))], body=b"[3]")
    verified = await asgi_exchange(shop(verify_qstash(**OPTIONS)(read), methods=["POST"]), request)
    assert verified == await asgi_exchange(shop(read, methods=["POST"]), request)
    assert verified.status == 200


async def joined(request: Request) -> bytes:
    return b"".join([chunk async for chunk in request.stream()])


async def test_A22_the_endpoint_may_push() -> None:
    @verify_qstash(**OPTIONS)
    async def endpoint(request: Request) -> Response:
        await request.send_push_promise("/style.css")
        return PlainTextResponse("shipped")

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"hi"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {**scope_of(SIGNED), "extensions": {"http.response.push": {}}}
    await shop(endpoint, methods=["POST"])(scope, receive, send)
    assert [message["type"] for message in sent][:1] == ["http.response.push"]


async def test_a_decorator_around_it_may_add_headers() -> None:
    def stamped(endpoint: Any) -> Any:
        async def wrapper(request: Request) -> Response:
            response: Response = await endpoint(request)
            response.headers["x-stamp"] = "1"
            return response

        return wrapper

    app = shop(stamped(plain), methods=["POST"])
    assert [(await asgi_exchange(app, request)).headers["x-stamp"] for request in (SIGNED, UNSIGNED)] == ["1", "1"]


async def test_the_rejection_is_the_middlewares() -> None:
    for endpoint in (plain_async, plain, Ship):
        answer = await asgi_exchange(shop(endpoint, methods=["POST"]), UNSIGNED)
        assert answer == Answer(
            401,
            {
                "content-type": "application/json",
                "cache-control": "no-store",
                "www-authenticate": "Upstash-Signature",
                "content-length": "29",
            },
            b'{"error":"invalid signature"}',
        )
