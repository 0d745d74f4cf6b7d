"""The body that the handler sees is the body that was hashed, within the limits."""

import gzip
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.contract.harnesses import BODY, HARNESSES, URL, WAYS_IN, Harness, Shop, each
from tests.contract.test_signatures import REJECTED
from tests.hosts import NOTHING_SENT, Answer
from tests.signing import signed

JSON_HEADERS = {"content-type": "application/json", "cache-control": "no-store"}
INCOMPLETE = Answer(400, {**JSON_HEADERS, "content-length": "27"}, b'{"error":"incomplete body"}')
NO_LENGTH = Answer(411, {**JSON_HEADERS, "content-length": "27"}, b'{"error":"length required"}')
TOO_LARGE = Answer(413, {**JSON_HEADERS, "content-length": "26"}, b'{"error":"body too large"}')
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
MULTIPART_BODY = (
    b'--x\r\nContent-Disposition: form-data; name="order"; filename="o.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nthree\r\n--x--\r\n"
)

BODIES = {
    "H19 none": b"",
    "H38 a MiB of noise": random.Random(38).randbytes(1024 * 1024),
    "H39 a byte order mark": b"\xef\xbb\xbf{}",
    "H39 NUL": b"a\x00b",
    "H39 invalid UTF-8": b"\xff\xfe\xfd",
    "H39 U+FFFD": "\ufffd".encode(),
    "H39 looks compressed": gzip.compress(b"looks compressed", mtime=0),
}


@each("body", BODIES, on_all=("H19 none", "H38 a MiB of noise", "H39 looks compressed"))
def test_the_bytes_are_neither_decoded_nor_inflated(shop: Shop, body: bytes) -> None:
    assert shop.send(body, headers=[("Content-Encoding", "gzip")]).status == 200
    assert shop.delivery.body == body
    assert shop.calls[0].shown == {"body": body}


def test_H19_no_body_needs_no_length(shop: Shop) -> None:
    assert shop.send(b"", method="POST").status == 200
    assert shop.delivery.body == b""


TYPES = {
    "text": "text/plain",
    "none": "",
    "garbage": "garbage",
    "JSON in UTF-16": "application/json; charset=utf-16",
    "a form": FORM,
}


@each("content_type", TYPES, on_all=("none", "JSON in UTF-16", "a form"))
def test_H44_the_content_type_is_not_our_business(shop: Shop, content_type: str) -> None:
    assert shop.send(headers=[("Content-Type", content_type)]).status == 200
    assert shop.calls[0].shown == {"body": BODY}


READINGS: dict[str, tuple[tuple[str, ...], str, bytes, dict[str, Any]]] = {
    "H40 JSON, then the body": (("json", "body"), "application/json", b'{"id":3}', {"json": {"id": 3}}),
    "H40 the body, then JSON": (("body", "json"), "application/json", b'{"id":3}', {"json": {"id": 3}}),
    "H40 the body, then the form": (("body", "form"), FORM, b"id=3&to=%C3%A9", {"form": {"id": "3", "to": "é"}}),
    "H42 multipart": (("form",), MULTIPART, MULTIPART_BODY, {"form": {"order": "three"}}),
    "H42 the body, then multipart": (("body", "form"), MULTIPART, MULTIPART_BODY, {"form": {"order": "three"}}),
    "H43 a form": (("form",), FORM, b"id=3&to=%C3%A9", {"form": {"id": "3", "to": "é"}}),
}


@pytest.mark.parametrize("harness", [name for name in WAYS_IN if HARNESSES[name].parses], indirect=True)
@pytest.mark.parametrize(("readings", "content_type", "body", "shown"), READINGS.values(), ids=READINGS)
def test_the_handler_reads_it_as_it_likes(
    open_shop: Callable[..., Shop],
    readings: Sequence[str],
    content_type: str,
    body: bytes,
    shown: dict[str, Any],
) -> None:
    shop = open_shop(readings=readings)
    assert shop.send(body, headers=[("Content-Type", content_type)]).status == 200
    assert shop.calls[0].shown == {**({"body": body} if "body" in readings else {}), **shown}


def test_H41_the_handler_may_ignore_it(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(readings=())
    assert shop.send().body == b"done"
    assert shop.delivery.body == BODY


CHUNKS = {
    "H26 two": [b"hello ", b"world"],
    "H28 five thousand": [b"x"] * 5000,
    "A10 empty ones among them": [b"", b"hello", b"", b" world", b""],
}


@each("chunks", CHUNKS, on_all=("H26 two", "A10 empty ones among them"))
def test_chunks_are_joined(shop: Shop, harness: Harness, chunks: list[bytes]) -> None:
    answer = shop.send(chunks, chunked=True)
    if not harness.reads_chunks:
        assert (answer, shop.calls) == (NO_LENGTH, [])
        return
    assert answer.status == 200
    assert shop.delivery.body == b"".join(chunks)


def test_H27_chunks_do_not_pass_for_no_body(shop: Shop, harness: Harness) -> None:
    answer = shop.send([b"amount=", b"1000000"], token=signed(b"", URL), chunked=True)
    assert answer == (REJECTED if harness.reads_chunks else NO_LENGTH)
    assert shop.calls == []


def test_H30_a_length_over_the_limit_is_refused_unread(open_shop: Callable[..., Shop], harness: Harness) -> None:
    shop = open_shop(max_body_size=1000)
    answer = shop.send(token=signed(BODY, URL), headers=[("Content-Length", "1001")], readable=not harness.streams)
    assert (answer, shop.calls) == (TOO_LARGE, [])


def test_H31_a_body_over_the_limit_is_refused_while_it_arrives(
    open_shop: Callable[..., Shop], harness: Harness
) -> None:
    shop = open_shop(max_body_size=1000)
    answer = shop.send([b"x" * 600] * 2, chunked=True)
    assert (answer, shop.calls) == (TOO_LARGE if harness.reads_chunks else NO_LENGTH, [])


def test_H32_the_limit_itself_passes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(max_body_size=1000)
    assert shop.send(b"x" * 1000).status == 200
    assert shop.send(b"x" * 1001) == TOO_LARGE
    assert len(shop.calls) == 1


def test_the_limit_is_16_MiB_unless_said_otherwise(shop: Shop) -> None:
    assert shop.send(b"x" * (16 * 1024 * 1024)).status == 200
    assert shop.send(token=signed(BODY, URL), headers=[("Content-Length", "16777217")]) == TOO_LARGE
    assert len(shop.calls) == 1


def test_H33_a_body_counts_as_far_as_its_length_says(shop: Shop, harness: Harness) -> None:
    sent = BODY[:3] if harness.exchange else BODY  # there the server counts, and takes the rest for the next request
    assert shop.send(sent, token=signed(BODY, URL), headers=[("Content-Length", "3")]) == REJECTED
    assert shop.calls == []


def test_H34_H37_half_a_body_runs_nothing(shop: Shop, harness: Harness) -> None:
    answer = shop.send(token=signed(BODY, URL), headers=[("Content-Length", "50")], hang_up=True)
    assert answer == (NOTHING_SENT if harness.exchange else INCOMPLETE)
    assert shop.calls == []


def test_H37_a_client_that_left_is_no_news(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.send(token=signed(BODY, URL), headers=[("Content-Length", "50")], hang_up=True)
    assert [record.levelname for record in caplog.records if record.name == "qstash_integrations"] == []
