"""What ``verify_qstash`` does to Django's class-based views, and what is said where it was put wrongly."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from qstash_integrations import ConfigurationError, NonRetryable
from qstash_integrations.django import verify_qstash
from tests.django.shop import (
    HOSTS,
    OPTIONS,
    REJECTED,
    Host,
    delivery_of,
    is_async,
    request_to,
)

verify = verify_qstash(**OPTIONS)


@method_decorator(verify, name="dispatch")
class Ship(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("got")

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("posted")


@method_decorator(verify, name="dispatch")
class ShipAsync(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("got")

    async def post(self, request: HttpRequest) -> HttpResponse:
        if delivery_of(request).body:
            raise NonRetryable("no such order")
        return HttpResponse("posted")


@pytest.mark.parametrize("view", [Ship, ShipAsync], ids=["sync", "async"])
def test_D05_D07_all_methods_of_a_decorated_class_are_verified(host: Host, view: type[View]) -> None:
    send = host(path("hooks/ship", view.as_view()))
    assert [send(request_to(method=method)).body for method in ("GET", "POST")] == [b"got", b"posted"]
    for method in ("GET", "POST", "OPTIONS"):
        assert send(request_to(method=method, token="")) == REJECTED


def test_D07_an_async_class_stays_async_and_steers_qstash(host: Host) -> None:
    assert is_async(ShipAsync.as_view())
    answer = host(path("hooks/ship", ShipAsync.as_view()))(request_to(body=b"0"))
    assert (answer.status, answer.body) == (489, b'{"error":"no such order"}')


class HalfOpen(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open")

    @method_decorator(verify)
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("posted")


def test_D06_a_decorated_method_leaves_the_others_open_and_the_csrf_check_on(host: Host) -> None:
    send = host(path("hooks/ship", HalfOpen.as_view()))
    assert send(request_to(method="GET", token="")).body == b"open"
    assert send(request_to()).status == 403


@pytest.mark.parametrize("misuse", [Ship, "ship"], ids=["class", "name"])
def test_what_is_no_view_is_refused_with_the_right_spelling(misuse: Any) -> None:
    with pytest.raises(TypeError, match=r'@method_decorator\(verify_qstash, name="dispatch"\)'):
        verify_qstash(misuse)


def test_a_method_that_is_decorated_as_a_function_says_so() -> None:
    class Wrong(View):
        @verify_qstash
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("open")

    with (
        override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True),
        pytest.raises(TypeError, match=r'@method_decorator\(verify_qstash, name="dispatch"\)'),
    ):
        HOSTS["wsgi"](path("hooks/ship", Wrong.as_view()))(request_to(method="GET"))


def test_a_wrong_option_is_reported_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="unknown option 'max_body'; did you mean 'max_body_size'"):
        verify_qstash(max_body=1)  # type: ignore[call-overload]
    with pytest.raises(ConfigurationError, match="max_body_size must be a number of bytes"):
        verify_qstash(max_body_size=-1)
