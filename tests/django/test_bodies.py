"""Django's traps around the body: what was verified is what the view sees, and never an empty body instead."""

import io
import json
import os
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import path

from qstash_integrations.django import verify_qstash
from tests.django.project import wsgi_app
from tests.django.shop import FORM, HOSTS, MULTIPART, MULTIPART_BODY, OPTIONS, REJECTED, Host, Shop, delivery_of, ship
from tests.hosts import Answer, Request, environ_of
from tests.signing import signed
from tests.wsgi_server import call, chunked, exchange, request_bytes, running

TOO_LARGE = (413, b'{"error":"body too large"}')
INCOMPLETE = (400, b'{"error":"incomplete body"}')


def outcome(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


def seen(request: HttpRequest) -> JsonResponse:
    """Everything that Django's request shows of the body."""
    files: Any = request.FILES
    return JsonResponse(
        {
            "body": request.body.decode(),
            "form": request.POST.dict(),
            "files": {name: file.read().decode() for name, file in files.items()},
            "read": request.read().decode(),
        }
    )


VISIBLE: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "json": ("application/json", b'{"id":3}', {"form": {}, "files": {}}),
    "urlencoded": (FORM, b"id=3", {"form": {"id": "3"}, "files": {}}),
    "multipart": (MULTIPART, MULTIPART_BODY, {"form": {}, "files": {"order": "three"}}),
}


@pytest.mark.parametrize(("content_type", "body", "expected"), VISIBLE.values(), ids=VISIBLE)
def test_H40_H42_H43_the_view_reads_the_verified_body_in_every_way(
    host: Host, content_type: str, body: bytes, expected: dict[str, Any]
) -> None:
    shop = Shop(host, seen)
    answer = shop.send(body, content_type=content_type)
    assert json.loads(answer.body) == {"body": body.decode(), "read": body.decode(), **expected}
    assert [delivery.body for delivery in shop.ran] == [body]


@pytest.mark.parametrize("content_type", [FORM, MULTIPART])
def test_a_token_for_the_empty_body_does_not_pass_a_form(host: Host, content_type: str) -> None:
    shop = Shop(host)
    assert shop.send(MULTIPART_BODY, token=signed(b""), content_type=content_type) == REJECTED
    assert shop.ran == []


def touch_post(get_response: Any) -> Any:
    """A middleware of the project's own that looks at every form."""

    def middleware(request: HttpRequest) -> Any:
        request.POST.get("id")
        return get_response(request)

    return middleware


def touch_stream(get_response: Any) -> Any:
    """A middleware of the project's own that takes the body and leaves nothing."""

    def middleware(request: HttpRequest) -> Any:
        request.read()
        return get_response(request)

    return middleware


@override_settings(MIDDLEWARE=[f"{__name__}.touch_post"])
def test_D11_a_urlencoded_body_that_a_middleware_has_parsed_is_verified(host: Host) -> None:
    shop = Shop(host, seen)
    assert json.loads(shop.send(b"id=3", content_type=FORM).body)["form"] == {"id": "3"}
    assert shop.send(b"id=3", content_type=FORM, token=signed(b"")) == REJECTED


@pytest.mark.parametrize("token", [signed(b""), signed(MULTIPART_BODY)], ids=["for the empty body", "genuine"])
@override_settings(MIDDLEWARE=[f"{__name__}.touch_post"])
def test_D12_a_multipart_body_that_a_middleware_has_parsed_is_rejected(host: Host, token: str) -> None:
    shop = Shop(host)
    assert shop.send(MULTIPART_BODY, content_type=MULTIPART, token=token) == REJECTED
    assert shop.ran == []


@pytest.mark.parametrize("token", [signed(b""), signed(b"hi")], ids=["for the empty body", "genuine"])
@override_settings(MIDDLEWARE=[f"{__name__}.touch_stream"])
def test_D12_a_body_that_a_middleware_has_taken_is_rejected(host: Host, token: str) -> None:
    shop = Shop(host)
    assert shop.send(b"hi", token=token) == REJECTED
    assert shop.ran == []


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_D13_a_lower_limit_of_djangos_own_is_413_and_named_in_the_log(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop(host)
    assert shop.send(b"x" * 1000).status == 200
    assert outcome(shop.send(b"x" * 2000)) == TOO_LARGE
    assert "DATA_UPLOAD_MAX_MEMORY_SIZE (1000 bytes)" in caplog.text
    assert len(shop.ran) == 1


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
def test_D14_H32_our_own_limit_holds_where_django_has_none_and_is_exact(host: Host) -> None:
    shop = Shop(host, max_body_size=100)
    assert shop.send(b"x" * 100).status == 200
    assert outcome(shop.send(b"x" * 101)) == TOO_LARGE


@pytest.mark.parametrize("body", [b"hi", b""], ids=["signed for it", "signed for nothing"])
def test_D15_H26_H27_a_chunked_body_is_411_under_wsgi(body: bytes) -> None:
    shop = Shop(HOSTS["wsgi"])
    answer = shop.send(b"hi", token=signed(body), chunked=True)
    assert outcome(answer) == (411, b'{"error":"length required"}')
    assert shop.ran == []


def test_D15_a_chunked_body_is_411_on_a_real_server() -> None:
    app = wsgi_app(path("hooks/ship", verify_qstash(**OPTIONS)(ship)))
    headers = {"Upstash-Signature": signed(b""), "Transfer-Encoding": "chunked"}
    with running(app) as port:
        assert exchange(port, request_bytes("/hooks/ship", headers, chunked(b"hi"))).status == 411


def test_H26_H28_H31_a_chunked_body_is_verified_and_bounded_under_asgi() -> None:
    shop = Shop(HOSTS["asgi"], max_body_size=5000)
    body = os.urandom(5000)
    chunks = [body[i : i + 1] for i in range(5000)]
    send = HOSTS["asgi"](path("hooks/ship", verify_qstash(**OPTIONS, max_body_size=5000)(ship)))
    assert send(Request("/hooks/ship", [("Upstash-Signature", signed(body))], chunks, chunked=True)).status == 200
    assert shop.send(b"hi", token=signed(b""), chunked=True) == REJECTED
    assert outcome(shop.send(b"x" * 5001, chunked=True)) == TOO_LARGE
    assert shop.ran == []


@pytest.mark.parametrize("limit", [5000, 100], ids=["within the limit", "over the limit"])
def test_D16_an_understated_length_under_asgi_hides_nothing(limit: int) -> None:
    shop = Shop(HOSTS["asgi"], max_body_size=limit)
    answer = shop.send(b"x" * 5000, token=signed(b"x" * 3), headers=(("Content-Length", "3"),))
    assert outcome(answer) == (TOO_LARGE if limit == 100 else (401, REJECTED.body))
    assert shop.ran == []


LENGTHS = ["9" * 30, "+5", "five", "\u0665"]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_length_that_is_none_to_http_is_no_way_around_the_limit(length: str) -> None:
    environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b"hello"))], b"hello"))
    app = wsgi_app(path("hooks/ship", verify_qstash(**OPTIONS, max_body_size=1)(ship)))
    assert call(app, {**environ, "CONTENT_LENGTH": length})[0] == 411


def test_H34_a_body_that_was_cut_short_is_400(host: Host) -> None:
    shop = Shop(host)
    assert outcome(shop.send(b"hello", headers=(("Content-Length", "50"),))) == INCOMPLETE
    assert shop.ran == []


class Untouchable(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read  # type: ignore[assignment]


def test_H03_H29_an_unsigned_body_is_not_touched_under_wsgi() -> None:
    environ = environ_of(Request("/hooks/ship", [("Content-Length", "999999999")]))
    app = wsgi_app(path("hooks/ship", verify_qstash(**OPTIONS)(ship)))
    assert call(app, {**environ, "wsgi.input": Untouchable()})[0] == 401


def test_H30_a_length_over_the_limit_is_413_before_anything_is_read_under_wsgi() -> None:
    signature = ("Upstash-Signature", signed(b"x"))
    environ = environ_of(Request("/hooks/ship", [signature, ("Content-Length", "101")]))
    app = wsgi_app(path("hooks/ship", verify_qstash(**OPTIONS, max_body_size=100)(ship)))
    assert call(app, {**environ, "wsgi.input": Untouchable()})[0] == 413


def test_H38_H39_bytes_are_hashed_as_bytes(host: Host) -> None:
    shop = Shop(host, lambda request: HttpResponse(delivery_of(request).body))
    for body in (os.urandom(2**20), b"\xef\xbb\xbf\x00\xff", b"\x1f\x8b\x08gzip?"):
        assert shop.send(body, headers=(("Content-Encoding", "gzip"),)).body == body
    assert shop.send(b"\xff", token=signed("\ufffd".encode())) == REJECTED
