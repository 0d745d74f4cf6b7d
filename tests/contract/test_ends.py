"""The end of a run: not before the last part was sent, and with nothing left behind."""

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from qstash_integrations import Delivery, NonRetryable, RetryAfter
from qstash_integrations._core.receiving.head import Head
from qstash_integrations._core.receiving.once import Turn
from qstash_integrations.once import MemoryStore
from tests.contract.calls import Call, Reply
from tests.contract.harnesses import HARNESSES, UNSIGNED, URL, Shop
from tests.contract.test_handlers import replying
from tests.contract.test_once import DUPLICATE, attempt
from tests.hosts import Answer
from tests.signing import signed

OpenShop = Callable[..., Shop]
SHIPPED = Reply(parts=(b"one ", b"two ", b"three"))


class Parts(tuple[bytes, ...]):
    """Parts of a stream between which something happens."""

    __slots__ = ()
    before_the_last: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        *first, last = super().__iter__()
        yield from first
        type(self).before_the_last()
        yield last


def streaming(before_the_last: Callable[[], None]) -> Callable[[Call], Reply]:
    kind: Any = type("Parts", (Parts,), {"before_the_last": staticmethod(before_the_last)})
    return replying(Reply(parts=kind(SHIPPED.parts)))


@pytest.mark.parametrize(
    ("signal", "once"), [(RetryAfter(60), True), (NonRetryable(), False)], ids=["later, once", "not retryable"]
)
def test_a_signal_after_the_first_part_is_no_second_answer(open_shop: OpenShop, signal: Exception, once: bool) -> None:
    def late() -> None:
        raise signal

    shop = open_shop(streaming(late), **({"once": MemoryStore()} if once else {}))
    for _ in range(2):
        with pytest.raises(type(signal)) as caught:
            attempt(shop)
        assert caught.value is signal
    assert len(shop.calls) == 2


def test_a_stream_is_at_work_until_its_last_part_was_sent(open_shop: OpenShop) -> None:
    meanwhile: list[Answer] = []

    def another() -> None:
        with ThreadPoolExecutor(1) as elsewhere:
            meanwhile.append(elsewhere.submit(attempt, open_shop(once=store)).result())

    store = MemoryStore()
    shop = open_shop(streaming(another), once=store)
    assert attempt(shop).body == b"one two three"
    assert [answer.status for answer in meanwhile] == [409]
    assert attempt(shop) == DUPLICATE


def test_a_stream_whose_client_leaves_is_not_done(open_shop: OpenShop) -> None:
    shop = open_shop(replying(SHIPPED), once=MemoryStore())
    for _ in range(2):
        with suppress(OSError):
            attempt(shop, leaves_after=1)
    assert len(shop.calls) == 2


def never(call: Call) -> Reply:
    raise NonRetryable


def later(call: Call) -> Reply:
    raise RetryAfter(60)


@pytest.mark.parametrize(
    "harness",
    [name for name, harness in HARNESSES.items() if harness.exchange and not harness.done_when_returned],
    indirect=True,
)
@pytest.mark.parametrize("handler", [replying(Reply()), never], ids=["200", "not retryable"])
def test_an_answer_that_cannot_be_sent_is_not_done(open_shop: OpenShop, handler: Callable[[Call], Reply]) -> None:
    shop = open_shop(handler, once=MemoryStore())
    for _ in range(2):
        with suppress(OSError):
            attempt(shop, leaves_after=0)
    assert len(shop.calls) == 2


REQUESTS: dict[str, tuple[dict[str, Any], Callable[[Call], Reply], bool]] = {
    "an answer": ({}, replying(Reply()), False),
    "an answer, once": ({}, replying(Reply()), True),
    "a stream, once": ({}, replying(SHIPPED), True),
    "a signal, once": ({}, later, True),
    "a rejection": ({"token": UNSIGNED}, replying(Reply()), False),
    "another body": ({"token": signed(b"another", URL)}, replying(Reply()), False),
}


# FastAPI's own objects refer to each other, and asgiref keeps an exception together with its frames. Django's ASGI
# handler cancels a task of its group, whose frames asyncio has kept since Python 3.12.
KEEP = {
    "fastapi": set(REQUESTS),
    "flask-async": {"a signal, once"},
    "django-asgi": {"a signal, once"}
    | ({"an answer", "an answer, once", "a stream, once"} if sys.version_info >= (3, 12) else set()),
}
FREED = [(name, case) for name in HARNESSES for case in REQUESTS if case not in KEEP.get(name, ())]


@pytest.mark.parametrize(("harness", "case"), FREED, indirect=["harness"])
def test_a_request_leaves_nothing_for_the_garbage_collector(open_shop: OpenShop, case: str) -> None:
    request_, handler, once = REQUESTS[case]
    shop = open_shop(handler, **({"once": MemoryStore()} if once else {}))
    before = {id(item) for item in ours()}
    gc.disable()
    logging.disable()  # records of Django's refer to its requests, and pytest keeps them
    try:
        attempt(shop, **request_)
        shop.calls.clear()
        shop.current.clear()
        left = [item for item in ours() if id(item) not in before]
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
    assert left == []


def ours() -> list[object]:
    # By type: lazy objects of frameworks act upon being asked for their class.
    return [item for item in gc.get_objects() if issubclass(type(item), Delivery | Head | Turn)]
