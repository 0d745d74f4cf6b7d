"""A delivery becomes a call of the function, and its result the answer."""

import re
from typing import Any

import pytest

from qstash_integrations.tasks import RESULT, Task, chain, current_call
from qstash_integrations.tasks.arguments import BadArguments
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.running import Arrived, arrive, arun, run

from . import shop
from .deliveries import delivery_of

MOUNT = Mount.of(shop)


def arrived(message: Any, mount: Mount = MOUNT) -> Arrived:
    name = message["url"].partition("?")[0].rpartition("/")[2]
    task = mount.find(name)
    assert task is not None
    return arrive(mount, task, delivery_of(message))


def test_a_plain_task_is_called_with_its_arguments() -> None:
    published: list[Any] = []
    assert run(arrived(shop.ship.bind(3, gift=True).message()), published.extend) == b"30"
    assert published == []


@pytest.mark.anyio
async def test_an_async_task_is_awaited_and_what_follows_is_published() -> None:
    published: list[Any] = []

    async def publish(messages: list[Any]) -> None:
        published.extend(messages)

    message = chain(shop.invoice.bind(3), shop.mail.bind("ada", RESULT)).message()
    assert await arun(arrived(message), publish) == b'{"number":3,"pdf":"3.pdf"}'
    (following,) = published
    assert following["queue"] == "mail"
    assert await arun(arrived(following), publish) == b"null"
    assert shop.letters == [("ada", shop.Invoice(3, "3.pdf"))]


def test_the_call_is_known_while_it_runs() -> None:
    def remembered(order_id: int) -> None:
        shop.letters.append(current_call())

    message = (task := Task(remembered, "remember", (), {"retries": 1})).bind(3).message()
    found = arrive(Mount.of(task), task, delivery_of(message, attempt=2))
    run(found, lambda messages: None)
    (call,) = shop.letters
    assert f"id={call.id}&" in message["url"]
    assert (call.task, call.attempt, call.is_last_attempt) == ("remember", 2, True)
    with pytest.raises(LookupError, match=r"current_call\(\) is for tasks"):
        current_call()


@pytest.mark.parametrize("at", ["999999999999999", "9" * 400, "-1", "soon", ""])
def test_a_time_that_is_none_is_that_of_the_attempt(at: str) -> None:
    message = shop.ship.bind(3).message()
    message["url"] = re.sub("at=[0-9]+", f"at={at}", message["url"])
    call = arrived(message).call
    assert call.published_at.timestamp() == call.delivery.claims.iat


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"order_id":"three"}', "order_id does not fit (int_parsing)"),
        (b'{"gift":true}', "order_id is missing"),
        (b'{"order_id":3,"speed":"secret"}', "it has no parameter 'speed'"),
        (b"[]", "the body is no JSON object"),
        (b'{"order_id":', "the body is no JSON object"),
        (b"\xff", "the body is no JSON object"),
        (b'{"order_id":3,"$then":[{}]}', "what follows on the call does not fit: KeyError"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_the_field(body: bytes, told: str) -> None:
    message = {**shop.ship.bind(3).message(), "body": body}
    with pytest.raises(BadArguments) as refused:
        arrived(message)
    assert str(refused.value).removeprefix("tests.tasks.shop.ship: ") == told


def test_what_a_framework_injects_is_left_out_by_callers() -> None:
    found = arrived(shop.stored.bind(3).message())
    run(found, lambda messages: None, {"db": "a connection"})
    assert shop.letters == [(3, "a connection")]
    with pytest.raises(TypeError, match="without db, which its framework injects"):
        shop.stored(3)


async def doubled(order_id: int) -> int:
    return order_id * 2


def wrapped(order_id: int) -> Any:
    return doubled(order_id)


@pytest.mark.anyio
async def test_what_a_decorator_hides_is_awaited() -> None:
    async def publish(messages: list[Any]) -> None: ...

    task = Task(wrapped, "wrapped", (), {})
    assert await arun(arrived(task.bind(3).message(), Mount.of(task)), publish) == b"6"


def test_where_nobody_can_await_it_says_so() -> None:
    task = Task(wrapped, "wrapped", (), {})
    with pytest.raises(TypeError, match="wrapped returned a coroutine, and is no async function"):
        run(arrived(task.bind(3).message(), Mount.of(task)), lambda messages: None)
