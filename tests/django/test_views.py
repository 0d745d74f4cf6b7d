"""What ``verify_qstash`` does to Django's view functions, plain and async."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from qstash_integrations.django import verify_qstash
from qstash_integrations.once import MemoryStore
from tests.django.shop import (
    HOSTS,
    OPTIONS,
    REJECTED,
    URL,
    Host,
    Shop,
    delivery_of,
    is_async,
    request_to,
    ship,
    ship_async,
)
from tests.hosts import Answer
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

verify = verify_qstash(**OPTIONS)
UNSIGNED = request_to(token="")


@pytest.mark.parametrize("view", [ship, ship_async], ids=["sync", "async"])
def test_D01_D02_D03_views_of_both_kinds_are_verified_on_both_hosts(host: Host, view: Callable[..., Any]) -> None:
    send = host(path("hooks/ship", verify(view)))
    assert send(request_to())[::2] == (200, URL.encode())
    assert send(UNSIGNED) == REJECTED


def test_D02_the_decorated_view_is_of_the_kind_that_it_was() -> None:
    assert is_async(verify(ship_async))
    assert not is_async(verify(ship))
    assert verify(ship).__name__ == "ship"


def test_H02_the_next_key_passes_and_a_strangers_does_not(host: Host) -> None:
    shop = Shop(host)
    assert shop.send(token=signed(b"hi", key=NEXT)).status == 200
    assert shop.send(token=signed(b"hi", key=ATTACKER)) == REJECTED
    assert [delivery.claims.key for delivery in shop.ran] == ["next"]


def test_H22_head_is_answered_without_a_body(host: Host) -> None:
    shop = Shop(host)
    assert shop.send(b"", method="HEAD").status == 200
    assert shop.send(b"", token="", method="HEAD") == REJECTED._replace(body=b"")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_H20_H23_H24_every_method_is_verified(host: Host, method: str) -> None:
    shop = Shop(host)
    assert shop.send(b"", method=method).status == 200
    assert shop.send(b"", method=method, token="") == REJECTED
    assert len(shop.ran) == 1


ORDERS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "require_POST above": lambda view: require_POST(verify(view)),
    "require_POST below": lambda view: verify(require_POST(view)),
    "csrf_exempt above": lambda view: csrf_exempt(verify(view)),
    "csrf_exempt below": lambda view: verify(csrf_exempt(view)),
    "verified twice": lambda view: verify(verify(view)),
}


@pytest.mark.parametrize("decorate", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("view", [ship, ship_async], ids=["sync", "async"])
def test_D04_other_decorators_stand_above_and_below(
    host: Host, view: Callable[..., Any], decorate: Callable[[Any], Any]
) -> None:
    send = host(path("hooks/ship", decorate(view)))
    assert send(UNSIGNED) == REJECTED
    assert send(request_to())[::2] == (200, URL.encode())


def test_D04_a_rejection_is_never_cached(host: Host) -> None:
    send = host(path("hooks/ship", cache_page(60)(verify(ship))))
    # cache_page asks Django for the host.
    with override_settings(ALLOWED_HOSTS=["api.example.com"]):
        assert send(request_to(method="GET", token="")) == REJECTED
        assert send(request_to(method="GET"))[::2] == (200, URL.encode())
    caches["default"].clear()


def test_the_answer_to_a_genuine_request_is_never_cached(host: Host) -> None:
    calls: list[bytes] = []

    def view(request: HttpRequest) -> HttpResponse:
        calls.append(delivery_of(request).body)
        return HttpResponse("shipped")

    verified: Any = verify_qstash(**OPTIONS, once=MemoryStore())(view)
    send = host(path("hooks/ship", cache_page(60)(verified)))
    # cache_page asks Django for the host.
    with override_settings(ALLOWED_HOSTS=["api.example.com"]):
        assert send(request_to(method="GET")).body == b"shipped"
        assert send(request_to(method="GET", token="")) == REJECTED
        assert send(request_to(method="GET", token=signed(b"", URL, jti="jwt_TESTONLY2"))).body == b"shipped"
    assert len(calls) == 2


PARTS = [b"0", b"1", b"2", b"3", b"4"]


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        yield from PARTS

    return StreamingHttpResponse(parts())


async def streamed_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        for part in PARTS:
            yield part

    return StreamingHttpResponse(parts())


@pytest.mark.parametrize(
    ("name", "view"), [("wsgi", streamed), ("asgi", streamed_async)], ids=["sync on wsgi", "async on asgi"]
)
def test_D25_H67_a_streaming_answer_arrives_whole(name: str, view: Callable[..., Any]) -> None:
    assert HOSTS[name](path("hooks/ship", verify(view)))(request_to()).body == b"01234"


def test_H68_the_answer_of_the_view_is_passed_on_unchanged(host: Host) -> None:
    shop = Shop(host, lambda request: HttpResponse(b"teapot", status=418, headers={"X-Pot": "tea"}))
    answer = shop.send()
    assert (answer.status, answer.headers["x-pot"], answer.body) == (418, "tea", b"teapot")


def test_H70_threads_see_their_own_delivery_only() -> None:
    shop = Shop(HOSTS["wsgi"], lambda request: HttpResponse(delivery_of(request).body))

    def answer(number: int) -> bytes:
        return shop.send(b"%d" % number, **({"token": "forged"} if number % 2 else {})).body

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(answer, range(200)))
    assert answers == [REJECTED.body if number % 2 else b"%d" % number for number in range(200)]


def test_the_record_of_a_rejection_names_the_reason_and_no_secret(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    token = signed(b"secret body", "https://other.example/hooks/ship")
    with caplog.at_level(logging.DEBUG, "qstash_integrations"):
        assert Shop(host).send(b"secret body", token=token) == REJECTED
    ours = [record for record in caplog.records if record.name == "qstash_integrations"]
    assert [record.levelname for record in ours] == ["WARNING"]
    assert "reason=url_mismatch" in caplog.text
    assert not any(secret in caplog.text for secret in (token, CURRENT, NEXT, "secret body"))


def test_a_view_without_a_delivery_never_sees_one() -> None:
    seen: list[Answer | bool] = []

    def middleware_like(request: HttpRequest) -> HttpResponse:
        seen.append(hasattr(request, "qstash_delivery"))
        response: HttpResponse = verify(ship)(request)
        seen.append(hasattr(request, "qstash_delivery"))
        return response

    send = HOSTS["wsgi"](path("hooks/ship", csrf_exempt(middleware_like)))
    assert send(UNSIGNED) == REJECTED
    assert send(request_to(token=signed(b"other"))) == REJECTED
    assert seen == [False, False, False, False]
    assert send(request_to()).body.decode() == ORIGIN + "/hooks/ship"
