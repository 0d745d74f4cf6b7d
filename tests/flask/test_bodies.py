"""Flask's traps around the body: what was verified is what the view sees, and never an empty body instead."""

import io
import json
import os
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from flask import request
from werkzeug.wrappers import Request as WerkzeugRequest

from tests.flask.apps import FORM, MULTIPART, MULTIPART_BODY, REJECTED, Shop, seen
from tests.hosts import Request, environ_of
from tests.signing import signed
from tests.wsgi_server import call, chunked, exchange, request_bytes, running

VISIBLE = {
    "json": ("application/json", b'{"id":3}', {"data": '{"id":3}', "form": {}, "files": {}, "json": {"id": 3}}),
    "urlencoded": (FORM, b"id=3", {"data": "id=3", "form": {"id": "3"}, "files": {}, "json": None}),
    "multipart": (
        MULTIPART,
        MULTIPART_BODY,
        {"data": MULTIPART_BODY.decode(), "form": {}, "files": {"order": "three"}, "json": None},
    ),
}
READERS: dict[str, Callable[[], Any]] = {
    "form": lambda: request.form,
    "files": lambda: request.files,
    "stream": lambda: request.stream.read(),
    "get_data(cache=False)": lambda: request.get_data(cache=False),
    "form, then get_data": lambda: (request.form, request.get_data()),
}


def read_before(shop: Shop, read: Callable[[], Any]) -> None:
    """A hook of the app's own that reads before the view is verified."""

    @shop.app.before_request
    def hook() -> None:
        read()


@pytest.mark.parametrize(("content_type", "body", "expected"), VISIBLE.values(), ids=VISIBLE)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_H40_H42_H43_the_view_reads_the_verified_body_in_every_way(
    content_type: str, body: bytes, expected: dict[str, Any], is_chunked: bool
) -> None:
    shop = Shop(seen)
    answer = shop.send(body, content_type=content_type, chunked=is_chunked)
    assert json.loads(answer.body) == expected
    assert [delivery.body for delivery in shop.ran] == [body]


def test_H40_the_view_reads_the_verified_body_as_a_stream() -> None:
    assert Shop(lambda: request.stream.read() + request.get_data()).send(b"hi").body == b"hihi"


RAW: dict[str, Callable[[], bytes]] = {
    "input_stream": lambda: request.input_stream.read(4),
    "another request": lambda: WerkzeugRequest(request.environ).get_data(),
}


@pytest.mark.parametrize("read", RAW.values(), ids=RAW)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_H40_the_view_reads_the_verified_body_in_the_environ(read: Callable[[], bytes], is_chunked: bool) -> None:
    assert Shop(read).send(b"id=3", content_type=FORM, chunked=is_chunked).body == b"id=3"


@pytest.mark.parametrize("read", RAW.values(), ids=RAW)
def test_H33_what_comes_behind_the_verified_body_is_not_in_the_environ(read: Callable[[], bytes]) -> None:
    headers = {"Upstash-Signature": signed(b"id=3"), "Content-Length": "4"}
    with running(Shop(read).app) as port:
        assert exchange(port, request_bytes("/hooks/ship", headers, b"id=3id=9")).body == b"id=3"


@pytest.mark.parametrize("content_type", [FORM, MULTIPART])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_F05_F06_a_token_for_the_empty_body_does_not_pass_a_form(content_type: str, is_chunked: bool) -> None:
    shop = Shop()
    assert shop.send(MULTIPART_BODY, token=signed(b""), content_type=content_type, chunked=is_chunked) == REJECTED
    assert shop.ran == []


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("token", [signed(b""), signed(b"id=3")], ids=["for the empty body", "genuine"])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_F07_F08_F09_a_body_that_a_hook_has_taken_is_not_taken_for_an_empty_one(
    read: Callable[[], Any], token: str, is_chunked: bool
) -> None:
    shop = Shop()
    read_before(shop, read)
    assert shop.send(b"id=3", token=token, content_type=FORM, chunked=is_chunked) == REJECTED
    assert shop.ran == []


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_F09_a_body_that_a_hook_has_left_in_the_cache_is_verified(is_chunked: bool) -> None:
    shop = Shop(seen)
    read_before(shop, lambda: (request.get_data(), request.form))
    answer = shop.send(b"id=3", content_type=FORM, chunked=is_chunked)
    assert json.loads(answer.body)["form"] == {"id": "3"}


def test_a_hook_that_looks_for_a_form_in_json_does_no_harm() -> None:
    shop = Shop(seen)
    read_before(shop, lambda: request.form)
    assert json.loads(shop.send(b'{"id":3}', content_type="application/json").body)["json"] == {"id": 3}


def test_F10_bytes_are_hashed_as_bytes() -> None:
    shop = Shop()
    assert shop.send(b"\xff", token=signed("\ufffd".encode())) == REJECTED
    assert shop.send(b"\xff").status == 200


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413), (2000, 413)])
def test_F11_a_lower_limit_of_flasks_own_answers_as_flask_does(size: int, status: int, is_chunked: bool) -> None:
    shop = Shop()
    shop.app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = shop.send(b"x" * size, chunked=is_chunked)
    assert (answer.status, answer.body.startswith(b"<!doctype")) == (status, status == 413)
    assert len(shop.ran) == (status == 200)


def test_F12_limits_that_the_view_sets_later_change_nothing() -> None:
    def view() -> str:
        request.max_content_length = 1
        request.max_form_memory_size = 1
        return request.get_data(as_text=True)

    assert Shop(view).send(b"id=3", content_type=FORM).body == b"id=3"


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
def test_H32_the_limit_is_exact(size: int, status: int, is_chunked: bool) -> None:
    answer = Shop(max_body_size=100).send(b"x" * size, chunked=is_chunked)
    assert (answer.status, answer.body) == (
        (200, b"shipped") if status == 200 else (413, b'{"error":"body too large"}')
    )


class Counting(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


LIES = {"no length": {}, "not a number": {"CONTENT_LENGTH": "9" * 30}, "over the limit": {"CONTENT_LENGTH": "5000"}}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_H30_H31_no_more_than_one_byte_over_the_limit_is_read(lie: dict[str, str]) -> None:
    shop, body = Shop(max_body_size=100), Counting(b"x" * 5000)
    environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b"x" * 5000))], chunked=True))
    assert call(shop.app, {**environ, **lie, "wsgi.input": body})[0] == 413
    assert body.taken <= 101


def test_H03_an_unsigned_body_is_not_touched() -> None:
    shop, body = Shop(), Counting(b"hi")
    environ = environ_of(Request("/hooks/ship", [("Content-Length", "2")]))
    assert call(shop.app, {**environ, "wsgi.input": body})[0] == 401
    assert body.taken == 0


def test_H26_a_chunked_body_is_411_where_the_server_does_not_end_it() -> None:
    shop = Shop()
    for length in ({}, {"CONTENT_LENGTH": "2"}):
        environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b""))], b"hi", chunked=True))
        del environ["wsgi.input_terminated"]
        assert call(shop.app, {**environ, **length}) == (411, b'{"error":"length required"}')
    assert shop.ran == []


def test_H26_whatever_the_server_raises_at_a_malformed_chunk_is_a_body_that_is_not_complete() -> None:
    class InvalidChunkSize(Exception):
        """As gunicorn's, which is no OSError."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> NoReturn:
            raise InvalidChunkSize

    shop = Shop()
    environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi", chunked=True))
    assert call(shop.app, {**environ, "wsgi.input": Broken()}) == (400, b'{"error":"incomplete body"}')
    assert shop.ran == []


def test_H26_H28_chunks_arrive_through_a_real_server() -> None:
    shop, body = Shop(), os.urandom(5000)
    headers = {"Upstash-Signature": signed(body), "Transfer-Encoding": "chunked"}
    with running(shop.app) as port:
        assert (
            exchange(
                port, request_bytes("/hooks/ship", headers, chunked(*(body[i : i + 1] for i in range(5000))))
            ).status
            == 200
        )
        headers["Upstash-Signature"] = signed(b"")
        assert exchange(port, request_bytes("/hooks/ship", headers, chunked(b"hi"))).status == 401
    assert [delivery.body for delivery in shop.ran] == [body]


def test_H33_H34_a_length_that_lies_never_reaches_the_view() -> None:
    shop = Shop()
    with running(shop.app) as port:
        headers = {"Upstash-Signature": signed(b"hello"), "Content-Length": "3"}
        assert exchange(port, request_bytes("/hooks/ship", headers, b"hello")).status == 401
        headers["Content-Length"] = "50"
        answer = exchange(port, request_bytes("/hooks/ship", headers, b"hello"), hang_up=True)
    assert (answer.status, answer.body) == (400, b'{"error":"incomplete body"}')
    assert shop.ran == []


def test_H34_gunicorn_passes_a_cut_body_without_a_word() -> None:
    shop = Shop()
    answer = shop.send(b"hello", headers=[("Content-Length", "50")])
    assert (answer.status, answer.body) == (400, b'{"error":"incomplete body"}')
    assert shop.ran == []


@pytest.mark.parametrize("length", ["0", "+14", "-0", "00"])
def test_F07_a_length_of_nothing_does_not_make_a_form_an_empty_body(length: str) -> None:
    shop = Shop(lambda: dict(request.form))
    shop.app.before_request(lambda: request.form and None)
    body = b"amount=1000000"
    environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b"")), ("Content-Type", FORM)], body))
    statuses: list[str] = []
    answer = b"".join(shop.app({**environ, "CONTENT_LENGTH": length}, lambda status, *_: statuses.append(status)))
    assert b"1000000" not in answer
    assert statuses == ["401 UNAUTHORIZED"]
    assert shop.ran == []


def test_the_view_sees_the_form_of_the_verified_body_only() -> None:
    def view() -> dict[str, str]:
        return request.form.to_dict()

    shop = Shop(view)
    # A hook that caches the body and then replaces what was parsed of it.
    shop.app.before_request(lambda: request.get_data() and request.__dict__.update(form={"id": "9"}))
    assert json.loads(shop.send(b"id=3", content_type=FORM).body) == {"id": "3"}
