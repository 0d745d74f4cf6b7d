"""``current_delivery``: the handler's, for as long as anything of it runs, and nobody else's."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, cast

import pytest

from qstash_integrations import Delivery, RetryAfter, current_delivery
from qstash_integrations.once import MemoryStore
from tests.contract.calls import Around, Call, Reply
from tests.contract.harnesses import HARNESSES, RECEIVER, UNSIGNED, Harness, Shop, current, each
from tests.contract.test_ends import SHIPPED, streaming
from tests.contract.test_handlers import raising, replying
from tests.hosts import Request, wsgi_send
from tests.signing import ORIGIN

OpenShop = Callable[..., Shop]


def test_a_handler_finds_its_delivery(shop: Shop) -> None:
    shop.send()
    assert shop.current == [shop.delivery]


def test_behind_two_verifications_too(open_shop: OpenShop) -> None:
    shop = open_shop(around=Around(outer={"receiver": RECEIVER, "public_url": ORIGIN}))
    shop.send()
    assert shop.current == [shop.delivery]


HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "an answer": replying(Reply()),
    "a stream": replying(SHIPPED),
    "an error": raising(LookupError("no such order")),
    "a signal": raising(RetryAfter(60)),
}


@each("handler", HANDLERS, on_all=tuple(HANDLERS), harnesses=HARNESSES)
def test_it_is_gone_with_the_request(open_shop: OpenShop, harness: Harness, handler: Callable[[Call], Reply]) -> None:
    shop = open_shop(handler)
    assert harness.left_over(shop.app, shop.request()) is None
    assert len(shop.calls) == 1


def test_it_is_gone_with_a_stream_whose_client_leaves(open_shop: OpenShop, harness: Harness) -> None:
    shop = open_shop(replying(SHIPPED))
    assert harness.left_over(shop.app, shop.request(leaves_after=1)) is None


@pytest.mark.parametrize("once", [False, True], ids=["", "once"])
def test_a_stream_finds_it_to_its_last_part(open_shop: OpenShop, once: bool) -> None:
    found: list[Delivery | None] = []
    shop = open_shop(streaming(lambda: found.append(current())), **({"once": MemoryStore()} if once else {}))
    assert shop.send().body == b"one two three"
    assert found == [shop.delivery]


def test_a_request_that_a_handler_makes_has_its_own(open_shop: OpenShop, harness: Harness) -> None:
    found: list[Any] = []

    def make(request: Request) -> None:
        if harness.exchange is None:
            wsgi_send(inner.app)(request)
        else:
            asyncio.run(cast("Any", harness.exchange(inner.app, request)))

    def outer(call: Call) -> Reply:
        # In the handler's context, as in process, but in a thread, which has no event loop yet.
        with ThreadPoolExecutor(1) as elsewhere:
            for token in (None, UNSIGNED):
                elsewhere.submit(copy_context().run, make, inner.request(b"inside", token=token)).result()
        found.append(current_delivery())
        return Reply()

    inner = open_shop()
    shop = open_shop(outer)
    shop.send()
    assert inner.current == [inner.delivery]
    assert found == [shop.delivery]


def test_elsewhere_it_says_where_it_works() -> None:
    with pytest.raises(LookupError, match="no verified handler is running here") as caught:
        current_delivery()
    assert type(caught.value) is LookupError
