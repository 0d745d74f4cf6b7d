"""Django Ninja parses a request before it calls an operation: ``decorate_view`` verifies it before that.

Imported by the tests that run it: only the environment of the system tests has it.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.http import HttpRequest
from django.test import override_settings
from django.urls import path
from pydantic import BaseModel

from qstash_integrations import NonRetryable
from qstash_integrations.django import verify_qstash
from tests.django.shop import OPTIONS, REJECTED, Host, delivery_of, request_to

pytestmark = pytest.mark.system

JSON = "application/json"
verify = verify_qstash(**OPTIONS)
Ran = list[bytes]


class Order(BaseModel):
    id: int


def shipped(ran: Ran, request: HttpRequest, order: Order) -> dict[str, Any]:
    ran.append(delivery_of(request).body)
    if order.id == 0:
        raise NonRetryable("no such order")
    return {"id": order.id}


def decorated(ran: Ran) -> Any:
    """The recommended form."""
    from ninja import NinjaAPI
    from ninja.decorators import decorate_view

    api = NinjaAPI(urls_namespace="decorated")

    @api.post("/ship")
    @decorate_view(verify)
    def ship(request: HttpRequest, order: Order) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return shipped(ran, request, order)

    return api


def decorated_above(ran: Ran) -> Any:
    from ninja import NinjaAPI
    from ninja.decorators import decorate_view

    api = NinjaAPI(urls_namespace="decorated above")

    @decorate_view(verify)
    @api.post("/ship")
    def ship(request: HttpRequest, order: Order) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return shipped(ran, request, order)

    return api


def decorated_async(ran: Ran) -> Any:
    from ninja import NinjaAPI
    from ninja.decorators import decorate_view

    api = NinjaAPI(urls_namespace="decorated async")

    @api.post("/ship")
    @decorate_view(verify)
    async def ship(request: HttpRequest, order: Order) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return shipped(ran, request, order)

    return api


def all_of_a_router(ran: Ran) -> Any:
    """Every operation of a router, or with ``api.add_decorator`` of the API; its documentation stays open."""
    from ninja import NinjaAPI, Router

    api = NinjaAPI(urls_namespace="all of a router")
    # Typed in part only.
    router: Any = Router()
    router.add_decorator(verify, mode="view")

    @router.post("/ship")
    def ship(request: HttpRequest, order: Order) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return shipped(ran, request, order)

    api.add_router("", router)
    return api


FORMS: dict[str, Callable[[Ran], Any]] = {
    "decorate_view": decorated,
    "decorate_view above": decorated_above,
    "decorate_view, async": decorated_async,
    "add_decorator": all_of_a_router,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_signed_message_reaches_the_operation_parsed(host: Host, form: Callable[[Ran], Any]) -> None:
    ran: Ran = []
    answer = host(path("hooks/", form(ran).urls))(request_to(body=b'{"id": 3}', content_type=JSON))
    assert (answer.status, json.loads(answer.body), ran) == (200, {"id": 3}, [b'{"id": 3}'])


@pytest.mark.parametrize("body", [b'{"id": 3}', b'{"id": "three"}', b"{garbage", b""])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_unsigned_one_is_rejected_before_it_is_parsed(host: Host, form: Callable[[Ran], Any], body: bytes) -> None:
    ran: Ran = []
    answer = host(path("hooks/", form(ran).urls))(request_to(body=body, content_type=JSON, token=""))
    assert (answer.status, answer.body, ran) == (401, REJECTED.body, [])
    assert answer.headers["www-authenticate"] == "Upstash-Signature"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_operation_steers_qstash_by_raising(host: Host, form: Callable[[Ran], Any]) -> None:
    answer = host(path("hooks/", form([]).urls))(request_to(body=b'{"id": 0}', content_type=JSON))
    assert (answer.status, answer.body) == (489, b'{"error":"no such order"}')


def test_in_debug_mode_ninja_makes_a_page_of_the_signal_unless_a_handler_lets_it_through(host: Host) -> None:
    api = decorated([])
    send, request = host(path("hooks/", api.urls)), request_to(body=b'{"id": 0}', content_type=JSON)
    with override_settings(DEBUG=True, ALLOWED_HOSTS=["*"]):
        assert send(request).status == 500
        api.add_exception_handler(NonRetryable, let_through)
        assert send(request).status == 489


def let_through(request: HttpRequest, signal: NonRetryable) -> NoReturn:
    raise signal


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_signed_body_of_another_shape_is_ninjas_to_refuse(host: Host, form: Callable[[Ran], Any]) -> None:
    ran: Ran = []
    answer = host(path("hooks/", form(ran).urls))(request_to(body=b'{"id": "three"}', content_type=JSON))
    assert (answer.status, ran) == (422, [])


def bare(ran: Ran) -> Any:
    from ninja import NinjaAPI

    api = NinjaAPI(urls_namespace="bare")

    @api.post("/ship")
    @verify
    def ship(request: HttpRequest, order: Order) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return shipped(ran, request, order)

    return api


BARE = {
    "well-formed": (b'{"id": 3}', 401),
    "of another shape": (b'{"id": "three"}', 422),
    "no JSON": (b"{garbage", 400),
}


@pytest.mark.parametrize(("body", "status"), BARE.values(), ids=BARE)
def test_right_at_the_operation_nothing_unsigned_runs_but_strangers_are_told_its_fields(
    host: Host, body: bytes, status: int
) -> None:
    ran: Ran = []
    answer = host(path("hooks/", bare(ran).urls))(request_to(body=body, content_type=JSON, token=""))
    assert (answer.status, ran) == (status, [])
