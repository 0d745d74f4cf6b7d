"""The four example apps tell the same story: an order is published, and what QStash delivers is shipped."""

import json
from typing import Any

import pytest

from tests.hosts import Answer, Request, Send
from tests.outbox import outbox
from tests.signing import ATTACKER, signed

JSON = ("Content-Type", "application/json")
FOR_YEARS = 2**40


def deliver(send: Send, order: dict[str, int], *, retried: int = 0, **token: Any) -> Answer:
    """What QStash sends for ``order``."""
    body = json.dumps(order).encode()
    signature = ("Upstash-Signature", signed(body, exp=FOR_YEARS, **token))
    return send(Request("/hooks/ship", [JSON, signature, ("Upstash-Retried", str(retried))], body))


def shipped(send: Send) -> list[int]:
    answer = send(Request("/shipped", method="GET"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    orders: list[int] = json.loads(answer.body)
    return orders


def test_an_order_is_published_to_the_apps_own_hook(send: Send) -> None:
    before = shipped(send)
    with outbox() as sent:
        answer = send(Request("/orders", [JSON], b'{"id": 3}'))
    assert (answer.status, json.loads(answer.body)) == (202, {"message_id": "msg_1"})
    assert [(request.method, request.url) for request in sent] == [
        ("POST", "https://qstash.example/v2/publish/https://api.example.com/hooks/ship")
    ]
    assert ("Authorization", "Bearer qstash_TESTONLYtoken") in sent[0].headers
    assert ("Content-Type", "application/json") in sent[0].headers
    assert json.loads(sent[0].body or b"")["id"] == 3
    assert shipped(send) == before


def test_what_was_published_ships_when_it_is_delivered(send: Send) -> None:
    with outbox() as sent:
        send(Request("/orders", [JSON], b'{"id": 5}'))
    body = sent[0].body or b""
    url = sent[0].url.partition("/v2/publish/")[2]
    answer = send(Request("/hooks/ship", [JSON, ("Upstash-Signature", signed(body, url, exp=FOR_YEARS))], body))
    assert (answer.status, json.loads(answer.body)) == (200, {"shipped": 5})


def test_a_delivery_ships(send: Send) -> None:
    before = shipped(send)
    answer = deliver(send, {"id": 3})
    assert (answer.status, json.loads(answer.body)) == (200, {"shipped": 3})
    assert shipped(send) == [*before, 3]


def test_what_qstash_did_not_sign_ships_nothing(send: Send) -> None:
    before = shipped(send)
    unsigned = send(Request("/hooks/ship", [JSON], b'{"id": 3}'))
    assert (unsigned.status, unsigned.body) == (401, b'{"error":"invalid signature"}')
    assert deliver(send, {"id": 3}, key=ATTACKER).status == 401
    assert deliver(send, {"id": 3}, sub="https://evil.example/hooks/ship").status == 401
    assert send(Request("/hooks/ship", [JSON], b"no JSON")).status == 401
    assert shipped(send) == before


def test_an_order_that_is_none_is_never_tried_again(send: Send) -> None:
    before = shipped(send)
    answer = deliver(send, {"id": 0})
    assert (answer.status, answer.body) == (489, b'{"error":"no such order"}')
    assert answer.headers["upstash-nonretryable-error"] == "true"
    assert shipped(send) == before


@pytest.mark.sampled("retried", "status")
@pytest.mark.parametrize(("retried", "status"), [(0, 503), (1, 503), (2, 200), (3, 200)])
def test_an_order_that_fails_is_tried_again_until_it_ships(send: Send, retried: int, status: int) -> None:
    before = shipped(send)
    answer = deliver(send, {"id": 4, "fails": 2}, retried=retried)
    assert (answer.status, answer.headers.get("retry-after")) == (status, "1" if status == 503 else None)
    assert shipped(send) == (before if status == 503 else [*before, 4])
