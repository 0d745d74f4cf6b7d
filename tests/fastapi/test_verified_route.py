"""``VerifiedRoute``: nothing of FastAPI's own work is done for a request that is not from QStash."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from qstash_integrations import ConfigurationError, NonRetryable, Receiver, RetryAfter
from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute
from tests.hosts import Answer, asgi_exchange, on_both_loops
from tests.hosts import Request as Sent
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
ROUTE = VerifiedRoute.using(**OPTIONS)
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
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
FILE = (
    b'--x\r\nContent-Disposition: form-data; name="order"; filename="o.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nthree\r\n--x--\r\n"
)


class Order(BaseModel):
    id: int


def request(path: str, body: bytes = b"{}", content_type: str = JSON, *, unsigned: bool = False, **more: Any) -> Sent:
    headers = [] if unsigned else [("Upstash-Signature", signed(body, ORIGIN + path))]
    return Sent(path, [*headers, ("Content-Type", content_type)], body, **more)


@pytest.fixture
def app() -> FastAPI:
    router = APIRouter(prefix="/hooks", route_class=ROUTE)

    @router.post("/model")
    async def model(order: Order, delivery: DeliveryDep) -> dict[str, Any]:
        return {"id": order.id, "body": delivery.body.decode()}

    @router.post("/form")
    def form(order: Annotated[int, Form()], delivery: DeliveryDep) -> dict[str, Any]:
        return {"order": order, "body": delivery.body.decode()}

    @router.post("/file")
    async def file(order: UploadFile) -> dict[str, Any]:
        return {"order": (await order.read()).decode()}

    @router.post("/bytes")
    async def raw(body: Annotated[bytes, Body()]) -> dict[str, Any]:
        return {"body": body.decode()}

    @router.post("/request")
    async def by_hand(request: Request) -> dict[str, Any]:
        return {"body": (await request.body()).decode(), "delivery": repr(request.state.qstash_delivery)}

    app = FastAPI()
    app.include_router(router)
    return app


PARSED: dict[str, tuple[str, bytes, str, bytes]] = {
    "a model": ("/hooks/model", b'{"id":3}', JSON, b'{"id":3,"body":"{\\"id\\":3}"}'),
    "a form": ("/hooks/form", b"order=3", FORM, b'{"order":3,"body":"order=3"}'),
    "a file": ("/hooks/file", FILE, MULTIPART, b'{"order":"three"}'),
    "bytes": ("/hooks/bytes", b"three", "application/octet-stream", b'{"body":"three"}'),
    "the request": (
        "/hooks/request",
        b"three",
        "text/plain",
        b'{"body":"three","delivery":"Delivery(message_id=None, retried=None, body=5 bytes)"}',
    ),
}


@pytest.mark.parametrize(("path", "body", "content_type", "answer"), PARSED.values(), ids=PARSED)
async def test_A15_what_is_signed_is_parsed(
    app: FastAPI, path: str, body: bytes, content_type: str, answer: bytes
) -> None:
    given = await asgi_exchange(app, request(path, body, content_type))
    assert (given.status, given.body) == (200, answer)


GARBAGE: dict[str, tuple[str, str]] = {
    "a model": ("/hooks/model", JSON),
    "a form": ("/hooks/form", FORM),
    "a file": ("/hooks/file", MULTIPART),
    "bytes": ("/hooks/bytes", JSON),
}


@pytest.mark.parametrize(("path", "content_type"), GARBAGE.values(), ids=GARBAGE)
async def test_A15_unsigned_garbage_is_unsigned_before_it_is_garbage(
    app: FastAPI, path: str, content_type: str
) -> None:
    assert await asgi_exchange(app, request(path, b"{garbage", content_type, unsigned=True)) == REJECTED


async def test_A15_signed_garbage_is_garbage(app: FastAPI) -> None:
    assert (await asgi_exchange(app, request("/hooks/model", b"{garbage"))).status == 422


ROUTING: dict[str, tuple[str, str, bool, int]] = {
    "another method, unsigned": ("GET", "/hooks/model", True, 401),
    "another method": ("GET", "/hooks/model", False, 405),
    "no such route": ("POST", "/hooks/none", True, 404),
    "a slash too many": ("POST", "/hooks/model/", True, 307),
}


@pytest.mark.parametrize(("method", "path", "unsigned", "status"), ROUTING.values(), ids=ROUTING)
async def test_routing_runs_no_endpoint(app: FastAPI, method: str, path: str, unsigned: bool, status: int) -> None:
    assert (await asgi_exchange(app, request(path, unsigned=unsigned, method=method))).status == status


class Session:
    """What a ``yield`` dependency does, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def __call__(self) -> AsyncGenerator[None]:
        self.log.append("begin")
        try:
            yield
        except Exception as error:
            self.log.append(f"roll back: {type(error).__name__}")
            raise
        else:
            self.log.append("commit")


def app_around(endpoint: Any, session: Session) -> FastAPI:
    router = APIRouter(route_class=ROUTE)
    router.post("/hooks/ship", dependencies=[Depends(session)])(endpoint)
    app = FastAPI()
    app.include_router(router)
    return app


OUTCOMES: dict[str, tuple[Exception | None, int, list[str]]] = {
    "no error": (None, 200, ["begin", "commit"]),
    "not retryable": (NonRetryable("no such order"), 489, ["begin", "roll back: NonRetryable"]),
    "later": (RetryAfter(60), 503, ["begin", "roll back: RetryAfter"]),
    "an HTTPException": (HTTPException(418), 418, ["begin", "roll back: HTTPException"]),
}


@on_both_loops
@pytest.mark.parametrize(("error", "status", "log"), OUTCOMES.values(), ids=OUTCOMES)
async def test_a_yield_dependency_sees_what_the_endpoint_raises(
    error: Exception | None, status: int, log: list[str]
) -> None:
    async def ship() -> None:
        if error:
            raise error

    session = Session()
    assert (await asgi_exchange(app_around(ship, session), request("/hooks/ship"))).status == status
    assert session.log == log


async def test_no_dependency_runs_for_an_unsigned_request() -> None:
    session = Session()
    app = app_around(lambda: None, session)
    assert await asgi_exchange(app, request("/hooks/ship", unsigned=True)) == REJECTED
    assert session.log == []


async def test_a_dependency_of_the_include_runs_after_the_verification() -> None:
    session = Session()
    router = APIRouter(route_class=ROUTE)
    router.post("/ship")(lambda: "shipped")
    app = FastAPI()
    app.include_router(router, prefix="/hooks", dependencies=[Depends(session)])
    assert await asgi_exchange(app, request("/hooks/ship", unsigned=True)) == REJECTED
    assert session.log == []
    assert (await asgi_exchange(app, request("/hooks/ship"))).body == b'"shipped"'
    assert session.log == ["begin", "commit"]


async def test_a_dependency_may_raise_a_signal_too() -> None:
    def stock() -> None:
        raise RetryAfter(60, "the stock is being counted")

    router = APIRouter(route_class=ROUTE, dependencies=[Depends(stock)])
    router.post("/hooks/ship")(lambda: "shipped")
    app = FastAPI()
    app.include_router(router)
    answer = await asgi_exchange(app, request("/hooks/ship"))
    assert (answer.status, answer.body) == (503, b'{"error":"the stock is being counted"}')


async def test_H65_an_error_of_the_endpoint_is_the_apps() -> None:
    async def ship() -> None:
        raise LookupError("no such order")

    session = Session()
    with pytest.raises(LookupError, match="no such order"):
        await asgi_exchange(app_around(ship, session), request("/hooks/ship"))
    assert session.log == ["begin", "roll back: LookupError"]


async def test_the_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter(route_class=VerifiedRoute)

    @router.post("/hooks/ship")
    async def ship(delivery: DeliveryDep) -> int:
        return len(delivery.body)

    app = FastAPI()
    app.include_router(router)
    lasting = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi", exp=10**11))], b"hi")
    with pytest.raises(ConfigurationError, match=r"^QSTASH_CURRENT_SIGNING_KEY is not set"):
        await asgi_exchange(app, lasting)
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    assert (await asgi_exchange(app, lasting)).body == b"2"
    assert await asgi_exchange(app, lasting._replace(headers=[])) == REJECTED


async def test_options_are_the_route_classes_own() -> None:
    small = APIRouter(route_class=VerifiedRoute.using(**OPTIONS, max_body_size=3))
    small.post("/hooks/small")(lambda: "shipped")
    large = APIRouter(route_class=ROUTE)
    large.post("/hooks/large")(lambda: "shipped")
    app = FastAPI()
    app.include_router(small)
    app.include_router(large)
    statuses = [(await asgi_exchange(app, request(f"/hooks/{size}", b"four"))).status for size in ("small", "large")]
    assert statuses == [413, 200]


def test_a_misspelled_option_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^unknown option 'max_body'; did you mean 'max_body_size'\?$"):
        VerifiedRoute.using(max_body=3)  # type: ignore[call-arg]


async def test_delivery_is_no_parameter_of_the_documented_api(app: FastAPI) -> None:
    schema = app.openapi()["paths"]["/hooks/model"]["post"]
    assert "parameters" not in schema
    assert schema["requestBody"]["content"][JSON]["schema"] == {"$ref": "#/components/schemas/Order"}


async def test_A12_a_stream_is_passed_on_whether_the_body_was_read_or_not(app: FastAPI) -> None:
    async def parts() -> AsyncGenerator[bytes]:
        for part in (b"1", b"2", b"3", b"4", b"5"):
            yield part

    router = APIRouter(route_class=ROUTE)

    @router.post("/hooks/unread")
    async def unread() -> StreamingResponse:
        return StreamingResponse(parts())

    @router.post("/hooks/read")
    async def read(order: Order) -> StreamingResponse:
        return StreamingResponse(parts())

    app.include_router(router)
    for path in ("/hooks/unread", "/hooks/read"):
        assert (await asgi_exchange(app, request(path, b'{"id":3}'))).body == b"12345"
