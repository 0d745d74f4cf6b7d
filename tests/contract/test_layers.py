"""What stands around a verified handler: another verification, or code that reads its body or drops its answer."""

from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations.once import MemoryStore
from tests.contract.calls import Around
from tests.contract.harnesses import BODY, HARNESSES, RECEIVER, URL, Shop, on_each_interface
from tests.contract.test_once import DUPLICATE, attempt
from tests.contract.test_signatures import REJECTED
from tests.signing import ATTACKER, ORIGIN, signed

OpenShop = Callable[..., Shop]
OPTIONS: dict[str, Any] = {"receiver": RECEIVER, "public_url": ORIGIN}
with_code_ahead = pytest.mark.parametrize(
    "harness", [name for name, harness in HARNESSES.items() if harness.has_ahead], indirect=True
)


def test_two_verifications_with_one_store_claim_once(open_shop: OpenShop) -> None:
    store = MemoryStore()
    shop = open_shop(around=Around(outer={**OPTIONS, "once": store}), once=store)
    assert attempt(shop).body == b"done"
    assert attempt(shop) == DUPLICATE
    assert len(shop.calls) == 1


@on_each_interface
def test_a_second_store_claims_for_itself(open_shop: OpenShop) -> None:
    outer, inner = MemoryStore(), MemoryStore()
    shop = open_shop(around=Around(outer={**OPTIONS, "once": outer}), once=inner)
    assert attempt(shop).body == b"done"
    assert [attempt(open_shop(once=store)) for store in (outer, inner)] == [DUPLICATE, DUPLICATE]


@pytest.mark.parametrize("once_outside", [True, False], ids=["outside", "inside"])
def test_either_verification_may_be_the_one_that_claims(open_shop: OpenShop, once_outside: bool) -> None:
    once = {"once": MemoryStore()}
    shop = open_shop(
        around=Around(outer={**OPTIONS, **(once if once_outside else {})}), **({} if once_outside else once)
    )
    assert attempt(shop).body == b"done"
    assert attempt(shop) == DUPLICATE


def test_the_inner_verification_decides_too(open_shop: OpenShop) -> None:
    shop = open_shop(around=Around(outer=OPTIONS), max_body_size=3)
    assert shop.send().status == 413
    assert shop.send(b"abc").status == 200
    assert len(shop.calls) == 1


@with_code_ahead
def test_a_body_that_was_read_ahead_is_verified(open_shop: OpenShop) -> None:
    shop = open_shop(around=Around(ahead="reads"))
    assert shop.send().status == 200
    assert shop.calls[0].shown == {"body": BODY}
    assert shop.send(token=signed(b"another body", URL)) == REJECTED
    assert shop.send(token=signed(BODY, URL, key=ATTACKER)) == REJECTED
    assert len(shop.calls) == 1


@with_code_ahead
@pytest.mark.parametrize("token", [signed(BODY, URL), signed(b"", URL)], ids=["genuine", "for no body"])
def test_a_body_that_was_taken_ahead_is_refused_at_once(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    shop = open_shop(around=Around(ahead="takes"), body_timeout=30)
    assert shop.send(token=token) == REJECTED
    assert shop.calls == []
    assert "reason=body_taken" in caplog.text


@pytest.mark.parametrize(
    "harness",
    [name for name, harness in HARNESSES.items() if harness.has_ahead and harness.reads_chunks],
    indirect=True,
)
def test_a_body_without_a_length_that_was_taken_ahead_is_not_an_empty_one(open_shop: OpenShop) -> None:
    shop = open_shop(around=Around(ahead="takes"))
    assert shop.send(token=signed(b"", URL), chunked=True) == REJECTED
    assert shop.calls == []


@pytest.mark.parametrize(
    "harness",
    [name for name, harness in HARNESSES.items() if harness.has_ahead and not harness.done_when_returned],
    indirect=True,
)
def test_an_answer_that_is_dropped_is_not_done(open_shop: OpenShop) -> None:
    shop = open_shop(around=Around(ahead="drops"), once=MemoryStore())
    for _ in range(2):
        assert attempt(shop).status == 500
    assert len(shop.calls) == 2
