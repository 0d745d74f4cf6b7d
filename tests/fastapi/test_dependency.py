"""``Depends(verify_qstash)``: the light road for one endpoint, on which FastAPI parses first."""

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request, UploadFile, WebSocket
from pydantic import BaseModel
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import qstash_integrations.starlette
from qstash_integrations import ConfigurationError, Delivery, NonRetryable, Receiver, RetryAfter, current_delivery
from qstash_integrations.fastapi import DeliveryDep, QStash, VerifiedDelivery, VerifiedRoute, verify_qstash
from qstash_integrations.once import MemoryStore
from tests.fastapi.test_verified_route import FILE, FORM, JSON, MULTIPART, REJECTED, request
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
verified = verify_qstash(**OPTIONS)
BODY = b'{"id":3}'
ran: list[Any] = []


class Order(BaseModel):
    id: int


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


async def parameter(order: Order, delivery: Annotated[Delivery, Depends(verified)]) -> dict[str, Any]:
    ran.append((order.id, delivery.body))
    return {"id": order.id}


def plain(order: Order, delivery: Delivery = Depends(verified)) -> dict[str, Any]:  # noqa: B008
    ran.append((order.id, delivery.body))
    return {"id": order.id}


async def reads_itself(request: Request, delivery: Annotated[Delivery, Depends(verified)]) -> dict[str, Any]:
    ran.append(((await request.json())["id"], await request.body()))
    return {"id": request.state.qstash_delivery.json()["id"]}


def of_another(delivery: Annotated[Delivery, Depends(verified)]) -> int:
    return int(delivery.json()["id"])


async def through_another(order_id: Annotated[int, Depends(of_another)]) -> dict[str, Any]:
    ran.append((order_id, current_delivery().body))
    return {"id": order_id}


async def listed(order: Order, delivery: DeliveryDep) -> dict[str, Any]:
    return await parameter(order, delivery)


def on_app(endpoint: Any, **route: Any) -> FastAPI:
    app = FastAPI()
    app.post("/hooks/ship", **route)(endpoint)
    return app


def on_router(endpoint: Any) -> FastAPI:
    app, router = FastAPI(), APIRouter(prefix="/hooks", dependencies=[Depends(verified)])
    router.post("/ship")(endpoint)
    app.include_router(router)
    return app


def on_include(endpoint: Any) -> FastAPI:
    app, router = FastAPI(), APIRouter()
    router.post("/ship")(endpoint)
    app.include_router(router, prefix="/hooks", dependencies=[Depends(verified)])
    return app


def on_whole_app(endpoint: Any) -> FastAPI:
    app = FastAPI(dependencies=[Depends(verified)])
    app.post("/hooks/ship")(endpoint)
    return app


APPS: dict[str, Callable[[], FastAPI]] = {
    "a parameter": lambda: on_app(parameter),
    "a parameter of a plain function": lambda: on_app(plain),
    "a request and a parameter": lambda: on_app(reads_itself),
    "through another dependency": lambda: on_app(through_another),
    "of an endpoint": lambda: on_app(listed, dependencies=[Depends(verified)]),
    "of an endpoint, asked twice": lambda: on_app(listed, dependencies=[Depends(verified, use_cache=False)]),
    "of a router": lambda: on_router(listed),
    "of an inclusion": lambda: on_include(listed),
    "of an app": lambda: on_whole_app(listed),
}


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
async def test_an_endpoint_runs_only_for_what_is_signed(app: Callable[[], FastAPI]) -> None:
    made = app()
    sent = request("/hooks/ship", BODY)
    answer = await asgi_exchange(made, sent)
    assert (answer.status, answer.body, ran) == (200, b'{"id":3}', [(3, BODY)])
    forged = {
        "unsigned": request("/hooks/ship", BODY, unsigned=True),
        "another body": sent._replace(body=b'{"id":4}'),
        "another key": Sent(
            "/hooks/ship", [("Upstash-Signature", signed(BODY, key=ATTACKER)), ("Content-Type", JSON)], BODY
        ),
        "another URL": Sent(
            "/hooks/ship", [("Upstash-Signature", signed(BODY, ORIGIN + "/x")), ("Content-Type", JSON)], BODY
        ),
    }
    for forgery in forged.values():
        assert await asgi_exchange(made, forgery) == REJECTED
    assert len(ran) == 1


async def test_it_works_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endpoint(order: Order, delivery: VerifiedDelivery) -> dict[str, Any]:
        return await parameter(order, delivery)

    app = on_app(endpoint, dependencies=[Depends(verify_qstash)])
    with pytest.raises(ConfigurationError, match=r"^QSTASH_CURRENT_SIGNING_KEY is not set"):
        await asgi_exchange(app, request("/hooks/ship", BODY))
    for name, value in {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT, "PUBLIC_URL": ORIGIN}.items():
        monkeypatch.setenv(f"QSTASH_{name}", value)
    lasting = Sent("/hooks/ship", [("Upstash-Signature", signed(BODY, exp=10**11)), ("Content-Type", JSON)], BODY)
    assert (await asgi_exchange(app, lasting)).status == 200
    assert await asgi_exchange(app, request("/hooks/ship", BODY, unsigned=True)) == REJECTED


async def test_fastapi_parses_first() -> None:
    assert (await asgi_exchange(on_app(parameter), request("/hooks/ship", b"{", unsigned=True))).status == 422
    # What is JSON is validated after the dependencies.
    assert await asgi_exchange(on_app(parameter), request("/hooks/ship", b"{}", unsigned=True)) == REJECTED


async def in_a_form(order: Annotated[int, Form()]) -> None:
    ran.append(order)


async def in_a_file(order: UploadFile) -> None:
    ran.append(await order.read())


@pytest.mark.parametrize(
    ("endpoint", "content_type", "body"),
    [(in_a_form, FORM, b"order=3"), (in_a_file, MULTIPART, FILE)],
    ids=["urlencoded", "multipart"],
)
@pytest.mark.parametrize("is_empty", [False, True], ids=["genuine", "for no body"])
async def test_a_form_is_refused_and_the_log_says_what_takes_one(
    endpoint: Any, content_type: str, body: bytes, is_empty: bool, caplog: pytest.LogCaptureFixture
) -> None:
    token = signed(b"" if is_empty else body)
    sent = Sent("/hooks/ship", [("Upstash-Signature", token), ("Content-Type", content_type)], body)
    for is_chunked in (False, True):
        answer = await asgi_exchange(
            on_app(endpoint, dependencies=[Depends(verified)]), sent._replace(chunked=is_chunked)
        )
        assert answer == REJECTED
    assert ran == []
    assert "reason=body_taken" in caplog.text
    assert "which takes APIRouter(route_class=VerifiedRoute)" in caplog.text


@pytest.mark.parametrize(
    ("signal", "status", "body"),
    [
        (NonRetryable("no such order"), 489, b'{"error":"no such order"}'),
        (RetryAfter(60, "later"), 503, b'{"error":"later"}'),
    ],
    ids=["NonRetryable", "RetryAfter"],
)
async def test_the_endpoint_may_steer_qstash(signal: Exception, status: int, body: bytes) -> None:
    rolled_back: list[BaseException] = []

    async def session() -> AsyncGenerator[None]:
        try:
            yield
        except Exception as error:
            rolled_back.append(error)
            raise

    async def endpoint(db: Annotated[None, Depends(session)]) -> None:
        raise signal

    app = on_app(endpoint, dependencies=[Depends(verified)])
    app.exception_handler(HTTPException)(lambda request, error: None)
    answer = await asgi_exchange(app, request("/hooks/ship", BODY))
    assert (answer.status, answer.body, rolled_back) == (status, body, [signal])
    assert answer.headers.get("retry-after") == ("60" if status == 503 else None)


async def test_the_apps_own_handlers_change_nothing() -> None:
    app = on_app(parameter)
    for key in (401, 500, HTTPException, Exception):
        app.add_exception_handler(key, lambda request, error: None)
    assert await asgi_exchange(app, request("/hooks/ship", BODY, unsigned=True)) == REJECTED


async def test_its_options_count() -> None:
    small = verify_qstash(**OPTIONS, max_body_size=3)
    app = on_app(reads_itself, dependencies=[Depends(small)])
    assert (await asgi_exchange(app, request("/hooks/ship", BODY))).status == 413
    assert ran == []


async def test_a_verified_route_may_name_it_as_well() -> None:
    app, router = FastAPI(), APIRouter(route_class=VerifiedRoute.using(**OPTIONS, once=MemoryStore()))
    router.post("/hooks/ship")(parameter)
    app.include_router(router)
    answers = [await asgi_exchange(app, request("/hooks/ship", BODY)) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401]
    assert ran == [(3, BODY)]


def test_a_websocket_is_closed() -> None:
    app = FastAPI(dependencies=[Depends(verified)])

    @app.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        ran.append("live")

    with pytest.raises(WebSocketDisconnect) as closed, TestClient(app).websocket_connect("/live"):
        pass
    assert (closed.value.code, ran) == (1008, [])


def test_what_a_dependency_cannot_do_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"^once= is not for Depends\(verify_qstash\).*VerifiedRoute\.using"):
        verify_qstash(once=MemoryStore())
    for wrong in (verify_qstash, verified):
        decorate: Any = wrong
        with pytest.raises(TypeError, match=r"^in FastAPI verify_qstash is a dependency: .*VerifiedRoute"):
            decorate(parameter)
    with pytest.raises(TypeError, match="max_bodysize"):
        verify_qstash(max_bodysize=3)  # type: ignore[call-overload]


def test_the_decorator_of_starlette_is_no_dependency() -> None:
    with pytest.raises(TypeError, match=r"Depends\(qstash_integrations\.fastapi\.verify_qstash\)"):
        on_app(parameter, dependencies=[Depends(qstash_integrations.starlette.verify_qstash)])


@pytest.mark.parametrize(
    "app", [on_router, on_whole_app, lambda endpoint: on_app(endpoint)], ids=["router", "app", "one"]
)
async def test_an_app_that_cannot_verify_does_not_start(
    app: Callable[[Any], FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endpoint(delivery: VerifiedDelivery) -> None: ...

    made = app(endpoint)
    QStash(made)
    with pytest.raises(ConfigurationError, match="is not set"), TestClient(made):
        pass


def test_the_schema_of_an_app_does_not_show_it() -> None:
    operation = on_app(parameter).openapi()["paths"]["/hooks/ship"]["post"]
    assert "parameters" not in operation
