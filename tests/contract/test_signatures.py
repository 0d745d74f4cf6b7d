"""Which requests reach the handler, by the header that signs them."""

from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations import Receiver
from tests.contract.harnesses import BODY, UNSIGNED, URL, Harness, Shop, each, on_each_interface
from tests.hosts import Answer
from tests.signing import ATTACKER, CURRENT, NEXT, NOW, signed

GENUINE = signed(BODY, URL)
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

ACCEPTED: dict[str, dict[str, Any]] = {
    "H01 genuine": {},
    "H01 genuine JSON": {"headers": [("Content-Type", "application/json")]},
    "H02 next key": {"token": signed(BODY, URL, key=NEXT)},
    "H05 upper case": {"token": UNSIGNED, "headers": [("UPSTASH-SIGNATURE", GENUINE)]},
    "H05 mixed case": {"token": UNSIGNED, "headers": [("uPsTaSh-SiGnAtUrE", GENUINE)]},
    "H09 a look-alike beside it": {"headers": [("Upstash_Signature", "evil")]},
    "H16 expired within the tolerance": {"token": signed(BODY, URL, exp=NOW - 4)},
    "H16 valid within the tolerance": {"token": signed(BODY, URL, nbf=NOW + 5)},
    "H20 GET": {"body": b"", "method": "GET"},
    "H21 GET with a body": {"method": "GET"},
    "H22 HEAD": {"body": b"", "method": "HEAD"},
    "H23 OPTIONS": {"method": "OPTIONS"},
    "H24 PUT": {"method": "PUT"},
    "H24 PATCH": {"method": "PATCH"},
    "H24 DELETE": {"method": "DELETE"},
    "H25 an overridden method": {"headers": [("X-HTTP-Method-Override", "GET"), ("X-HTTP-Method", "DELETE")]},
    "H58 no host": {"headers": [("Host", "")]},
    "H59 the default port": {"headers": [("Host", "api.example.com:443")]},
    "H59 an upper-case host": {"headers": [("Host", "API.EXAMPLE.COM.")]},
    "H61 forwarded": {
        "headers": [
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "ftp"),
            ("X-Forwarded-Prefix", "/evil"),
            ("Forwarded", "host=evil.example;proto=http"),
        ]
    },
}


@each(
    "request_of",
    ACCEPTED,
    on_all=(
        "H01 genuine",
        "H02 next key",
        "H05 mixed case",
        "H09 a look-alike beside it",
        "H20 GET",
        "H21 GET with a body",
        "H22 HEAD",
        "H24 DELETE",
        "H61 forwarded",
    ),
)
def test_it_reaches_the_handler_once(shop: Shop, request_of: dict[str, Any]) -> None:
    answer = shop.send(**request_of)
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert shop.delivery.body == request_of.get("body", BODY)
    assert shop.calls[0].method == request_of.get("method", "POST")


REFUSED: dict[str, dict[str, Any]] = {
    "H03 unsigned": {"token": UNSIGNED},
    "H03 unsigned, no body": {"token": UNSIGNED, "body": b""},
    "H04 empty": {"token": ""},
    "H04 blanks": {"token": "   "},
    "H06 twice": {"headers": [("Upstash-Signature", GENUINE)]},
    "H07 garbage second": {"headers": [("Upstash-Signature", "garbage")]},
    "H07 garbage first": {"token": "garbage", "headers": [("Upstash-Signature", GENUINE)]},
    "H07 empty second": {"headers": [("Upstash-Signature", "")]},
    "H08 underscore": {"token": UNSIGNED, "headers": [("Upstash_Signature", GENUINE)]},
    "H10 folded": {"token": GENUINE[:60] + " " + GENUINE[60:]},
    "H12 not ASCII": {"token": b"\xe9\xff"},
    "H12 not ASCII at its end": {"token": GENUINE.encode() + b"\xe9"},
    "H13 a bearer": {"token": "Bearer " + GENUINE},
    "H14 20 KB": {"token": "x" * 20_000},
    "H14 100 KB": {"token": GENUINE + "." * 100_000},
    "H14 1 MB": {"token": "a." * 500_000},
    "H14 10 MB": {"token": "x" * 10_000_000},
    "H16 expired": {"token": signed(BODY, URL, exp=NOW - 5)},
    "H16 not yet valid": {"token": signed(BODY, URL, nbf=NOW + 6)},
    "H17 another body": {"token": signed(b"another body", URL)},
    "H17 a longer body": {"token": signed(BODY[:-1], URL)},
    "H18 signed for no body": {"token": signed(b"", URL)},
    "H18 signed for no body, a form": {
        "token": signed(b"", URL),
        "body": b"amount=1000000",
        "headers": [("Content-Type", "application/x-www-form-urlencoded")],
    },
    "H23 OPTIONS": {"token": UNSIGNED, "method": "OPTIONS"},
    "H24 GET": {"token": UNSIGNED, "method": "GET", "body": b""},
    "H24 PUT": {"token": UNSIGNED, "method": "PUT"},
    "H24 PATCH": {"token": UNSIGNED, "method": "PATCH"},
    "H24 DELETE": {"token": UNSIGNED, "method": "DELETE"},
    "H29 unsigned and over the limit": {"token": UNSIGNED, "headers": [("Content-Length", "99999999")]},
    "H76 control characters in the URL": {"token": signed(BODY, "https://evil.example/\r\n\x1b[31mfake")},
    "forged": {"token": signed(BODY, URL, key=ATTACKER)},
    "issued by another": {"token": signed(BODY, URL, iss="Upstart")},
}


@each(
    "request_of",
    REFUSED,
    on_all=(
        "H03 unsigned",
        "H06 twice",
        "H07 garbage first",
        "H08 underscore",
        "H12 not ASCII",
        "H17 another body",
        "H23 OPTIONS",
        "H24 GET",
        "H29 unsigned and over the limit",
        "forged",
    ),
)
def test_it_is_turned_away_with_the_same_bytes(shop: Shop, request_of: dict[str, Any]) -> None:
    assert shop.send(**request_of) == REJECTED
    assert shop.calls == []


def test_H22_an_unsigned_HEAD_gets_the_same_headers_and_no_body(shop: Shop) -> None:
    assert shop.send(b"", token=UNSIGNED, method="HEAD") == Answer(401, REJECTED.headers, b"")
    assert shop.calls == []


def test_H03_an_unsigned_body_is_not_read(shop: Shop, harness: Harness) -> None:
    if harness.streams:  # else the server has it in its hands before the app is called
        assert shop.send(token=UNSIGNED, readable=False) == REJECTED
    assert shop.send(token=UNSIGNED, headers=[("Content-Length", "99999999")], hang_up=False) == REJECTED
    assert shop.calls == []


@on_each_interface
def test_H16_the_tolerance_is_the_receivers(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(receiver=Receiver(CURRENT, NEXT, clock_tolerance=60, now=lambda: NOW))
    assert shop.send(token=signed(BODY, URL, exp=NOW - 59)).status == 200
    assert shop.send(token=signed(BODY, URL, exp=NOW - 60)) == REJECTED


@on_each_interface
def test_H69_a_failure_of_our_own_turns_away(open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture) -> None:
    def broken_clock() -> float:
        raise OSError(f"no time for {CURRENT}")

    shop = open_shop(receiver=Receiver(CURRENT, NEXT, now=broken_clock))
    assert shop.send() == REJECTED
    assert shop.calls == []
    assert "qstash verification failed with OSError; the request was rejected" in caplog.messages
