"""Signatures, mocks, decorators and rate limiters of other people, on what ``verify_qstash`` made."""

import functools
import inspect
import pydoc
import typing
from collections.abc import Callable
from typing import Any
from unittest import mock

import anyio
import pytest
from fastapi import FastAPI
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser, requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qstash_integrations import Receiver
from qstash_integrations.starlette import verify_qstash
from tests.hosts import Request as Sent
from tests.hosts import asgi_exchange
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
UNSIGNED = Sent("/hooks/ship", body=b"hi")
SIGNED = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")


class Everybody(AuthenticationBackend):
    async def authenticate(self, conn: Any) -> tuple[AuthCredentials, SimpleUser]:
        return AuthCredentials(["authenticated"]), SimpleUser("ada")


def shop(endpoint: Any) -> Starlette:
    return Starlette(
        routes=[Route("/hooks/ship", endpoint, methods=["POST"])],
        middleware=[Middleware(AuthenticationMiddleware, backend=Everybody())],
    )


async def ship(request: Request, carrier: str = "post") -> Response:
    """Ships an order."""
    return PlainTextResponse(request.state.qstash_delivery.body)


def plain(request: Request) -> Response:
    return PlainTextResponse(request.state.qstash_delivery.body)


async def anything(*args: Any, **kwargs: Any) -> Response:
    return await ship(*args, **kwargs)


class Ship:
    def __init__(self) -> None:
        self.carrier = "post"

    async def __call__(self, request: Request) -> Response:
        return await ship(request)

    async def method(self, request: Request) -> Response:
        return await ship(request)


def logged(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """As found in every app."""

    @functools.wraps(endpoint)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await endpoint(*args, **kwargs)

    return wrapper


def by_name(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def wrapper(request: Request) -> Any:
        return await endpoint(request=request)

    return wrapper


class Hooks:
    @classmethod
    @verify_qstash(**OPTIONS)
    async def of_the_class(cls, request: Request) -> Response:
        return await ship(request)

    @staticmethod
    @verify_qstash(**OPTIONS)
    def of_nobody(request: Request) -> Response:
        return plain(request)


limited: Callable[[Any], Any] = Limiter(key_func=get_remote_address).limit("1000/minute")
protected = verify_qstash(**OPTIONS)
ENDPOINTS: dict[str, Any] = {
    "a function with a default": protected(ship),
    "a plain function": protected(plain),
    "a lambda": protected(lambda request: plain(request)),
    "a partial": protected(functools.partial(ship, carrier="rail")),
    "a partial of a plain function": protected(functools.partial(plain)),
    "a callable object": protected(Ship()),
    "a bound method": protected(Ship().method),
    "a method of a class": Hooks.of_the_class,
    "a static method": Hooks.of_nobody,
    "whatever it is given": protected(anything),
    "requires outside": requires("authenticated")(protected(ship)),
    "requires inside": protected(requires("authenticated")(ship)),
    "slowapi outside": limited(protected(ship)),
    "slowapi inside": protected(limited(ship)),
    "a decorator outside": logged(protected(ship)),
    "a decorator inside": protected(logged(ship)),
    "called by name": by_name(protected(ship)),
    "twice": protected(protected(ship)),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
async def test_an_endpoint_of_any_kind_takes_only_what_is_signed(endpoint: Any) -> None:
    app = shop(endpoint)
    assert (await asgi_exchange(app, UNSIGNED)).status == 401
    assert (await asgi_exchange(app, SIGNED)).body == b"hi"


def test_what_looks_at_an_endpoint_sees_what_was_written() -> None:
    verified = protected(ship)
    assert inspect.signature(verified) == inspect.signature(ship)
    assert inspect.signature(protected(Ship().method)) == inspect.signature(Ship().method)
    assert inspect.signature(functools.partial(verified, carrier="rail")).parameters["carrier"].default == "rail"
    assert typing.get_type_hints(verified) == typing.get_type_hints(ship)
    assert inspect.iscoroutinefunction(verified)
    assert "carrier: str = 'post'" in pydoc.render_doc(verified)
    assert "Ships an order." in pydoc.render_doc(verified)


def test_a_verified_endpoint_can_be_mocked() -> None:
    double = mock.create_autospec(protected(plain))

    async def called() -> None:
        await double()  # since Python 3.13 it is only now that the arguments are compared

    with pytest.raises(TypeError, match="missing a required argument: 'request'"):
        anyio.run(called)


def test_an_object_keeps_its_attributes_to_itself() -> None:
    verified: Any = protected(Ship())
    assert not hasattr(verified, "carrier")
    assert Route("/", verified).name == "Ship"


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_fastapi_is_told_at_once_where_to_verify(endpoint: Any) -> None:
    with pytest.raises(TypeError, match=r"route_class=qstash_integrations\.fastapi\.VerifiedRoute"):
        FastAPI().post("/hooks/ship")(endpoint)


async def test_what_hides_it_from_fastapi_does_not_open_it() -> None:
    app = FastAPI()

    @app.post("/hooks/ship", response_model=None)
    async def hidden(request: Request) -> Response:
        return await protected(ship)(request=request)

    assert (await asgi_exchange(app, UNSIGNED)).status == 401
    assert (await asgi_exchange(app, SIGNED)).body == b"hi"
