"""Tasks in event loops: what QStash delivers runs, with the arguments that were published; nothing else does."""

import json
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import current_call, task
from tests.contract.test_signatures import REJECTED
from tests.hosts import Request, asgi_exchange, asgi_send, on_both_loops
from tests.signing import ATTACKER
from tests.tasks.asgi.apps import MOUNTS
from tests.tasks.asgi.calls import TASKS, call_url, delivered, request

pytestmark = pytest.mark.anyio

ran: list[Any] = []
TENANT: ContextVar[str] = ContextVar("tenant")


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@task
def ship(order_id: int, *, gift: bool = False) -> str:
    ran.append(("ship", order_id, gift))
    return f"shipped {order_id}"


@task
async def cancel(order_id: int) -> None:
    ran.append(("cancel", order_id))


@task
def everything(
    number: int,
    part: float,
    text: str,
    flag: bool,
    nothing: None,
    at: datetime,
    within: timedelta,
    key: UUID,
    price: Decimal,
    size: Size,
    raw: bytes,
    some: list[int],
    by_name: dict[str, bool],
    maybe: str | None = None,
) -> None:
    ran.append(locals())


@task
async def where() -> list[Any]:
    ran.append(threading.get_ident())
    return _seen()


@task
def where_plainly() -> list[Any]:
    ran.append(threading.get_ident())
    return _seen()


def _seen() -> list[Any]:
    call = current_call()
    return [call.task, call.id, current_delivery().message_id, TENANT.get("")]


@task
def gives_up() -> None:
    raise NonRetryable("no such order")


@task
def waits() -> None:
    raise RetryAfter(60)


@task
async def fails() -> None:
    raise LookupError("no connection")


HERE = [ship, cancel, everything, where, where_plainly, gives_up, waits, fails]
SHIP = f"{__name__}.ship"
CANCEL = f"{__name__}.cancel"


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


@pytest.fixture(params=MOUNTS)
def mounted(request: pytest.FixtureRequest) -> Any:
    return MOUNTS[request.param]


@on_both_loops
async def test_what_was_published_runs_and_its_result_is_the_answer(mounted: Any, published: list[APIRequest]) -> None:
    app = mounted(HERE)
    await ship.apublish(3, gift=True)
    await cancel.apublish(order_id=4)
    answers = [await asgi_exchange(app, delivered(one)) for one in published]
    assert [(answer.status, answer.headers["content-type"], answer.body) for answer in answers] == [
        (200, "application/json", b'"shipped 3"'),
        (200, "application/json", b"null"),
    ]
    assert ran == [("ship", 3, True), ("cancel", 4)]


ANY_ARGUMENTS = st.fixed_dictionaries(
    {
        "number": st.integers(),
        "part": st.floats(allow_nan=False, allow_infinity=False),
        "text": st.text(),
        "flag": st.booleans(),
        "nothing": st.none(),
        "at": st.datetimes(),
        "within": st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=9999)),
        "key": st.uuids(),
        "price": st.decimals(allow_nan=False, allow_infinity=False),
        "size": st.sampled_from(Size),
        "raw": st.binary(),
        "some": st.lists(st.integers()),
        "by_name": st.dictionaries(st.text(), st.booleans()),
    },
    optional={"maybe": st.none() | st.text()},
)


@pytest.mark.parametrize("mount", MOUNTS)
def test_every_published_request_comes_back_with_equal_arguments(mount: str, published: list[APIRequest]) -> None:
    send = asgi_send(MOUNTS[mount](HERE))

    @given(ANY_ARGUMENTS)
    def round_trip(arguments: dict[str, Any]) -> None:
        ran.clear()
        published.clear()
        everything.publish(**arguments)
        assert send(delivered(published[0])).status == 200
        assert ran == [{**arguments, "maybe": arguments.get("maybe")}]

    round_trip()


BELOW = [
    TASKS,
    f"{TASKS}/",
    f"{TASKS}/{SHIP}",
    f"{TASKS}/{SHIP}/",
    f"{TASKS}/{SHIP}?id=1",
    f"{TASKS}/no.such.task",
    f"{TASKS}/a/{SHIP}",
    f"{TASKS}/../{SHIP}",
    f"{TASKS}/{SHIP}%0A",
    f"{TASKS}/%0A/a",
    f"{TASKS}/%E2%98%83",
    f"{TASKS}//{SHIP}",
]


@pytest.mark.sampled("mounted")
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_whatever_is_unsigned_below_their_path_is_turned_away(mounted: Any, method: str) -> None:
    app = mounted(HERE)
    answers = {
        target: await asgi_exchange(app, Request(target, body=b'{"order_id":3}', method=method)) for target in BELOW
    }
    rejected = REJECTED._replace(body=b"") if method == "HEAD" else REJECTED
    assert [target for target, answer in answers.items() if answer != rejected] == []
    assert ran == []


PUBLISHED = call_url(SHIP)
FORGED = {
    "the key of somebody else": {"key": ATTACKER},
    "signed for another task": {"signed_url": call_url(CANCEL)},
    "signed for another call": {"signed_url": PUBLISHED.replace("id=0", "id=f")},
    "signed with more retries": {"signed_url": PUBLISHED.replace("of=3", "of=9")},
    "signed without the query": {"signed_url": PUBLISHED.partition("?")[0]},
    "signed for another origin": {"signed_url": PUBLISHED.replace("api.example", "api2.example")},
    "signed for another body": {"signed_body": b'{"order_id":4}'},
    "signed for no body": {"signed_body": b""},
    "expired": {"exp": 1},
    "of another issuer": {"iss": "Mallory"},
    "no token": {"token": ""},
    "no token at all": {"token": "a.b.c"},
}


@pytest.mark.sampled("mounted")
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_a_forged_call_runs_nothing(mounted: Any, forged: dict[str, Any]) -> None:
    app = mounted(HERE)
    assert await asgi_exchange(app, request(PUBLISHED, b'{"order_id":3}', **forged)) == REJECTED
    assert ran == []
    assert (await asgi_exchange(app, request(PUBLISHED, b'{"order_id":3}'))).status == 200
    assert ran == [("ship", 3, False)]


async def test_a_call_of_one_task_is_none_of_another_even_where_urls_are_not_verified(mounted: Any) -> None:
    app = mounted(HERE, public_url=None, verify_url=False)
    swapped = request(call_url(CANCEL), b'{"order_id":3}', signed_url=PUBLISHED)
    assert (await asgi_exchange(app, swapped)).status == 401
    for forged in ({"token": ""}, {"key": ATTACKER}, {"signed_body": b"{}"}):
        assert await asgi_exchange(app, request(PUBLISHED, b'{"order_id":3}', **forged)) == REJECTED
    assert ran == []
    elsewhere = request(PUBLISHED, b'{"order_id":3}', signed_url=PUBLISHED.replace("api.example", "inner.example"))
    assert (await asgi_exchange(app, elsewhere)).status == 200
    assert ran == [("ship", 3, False)]


async def test_a_replay_runs_nothing(mounted: Any) -> None:
    app = mounted(HERE, once=MemoryStore())
    body = b'{"order_id":3}'
    assert (await asgi_exchange(app, request(PUBLISHED, body))).body == b'"shipped 3"'
    # What was seen on its way, for the message that it was for and for one that never was.
    assert await asgi_exchange(app, request(PUBLISHED, body)) == REJECTED
    assert await asgi_exchange(app, request(PUBLISHED, body, message_id="msg_2")) == REJECTED
    # Signed anew for the same call, as when it was published twice.
    twice = await asgi_exchange(app, request(PUBLISHED, body, message_id="msg_2", jti="jwt_2"))
    assert (twice.status, twice.body) == (200, b'{"duplicate":true}')
    assert ran == [("ship", 3, False)]


async def test_a_signed_call_of_what_is_not_served_is_not_found_and_the_log_says_what_to_do(
    mounted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = mounted([cancel])
    answer = await asgi_exchange(app, request(PUBLISHED, b'{"order_id":3}'))
    assert (answer.status, ran) == (404, [])
    (record,) = [record.getMessage() for record in caplog.records if SHIP in record.getMessage()]
    assert "tasks=" in record
    assert "order_id" not in record


async def test_a_signed_call_by_another_method_is_refused(mounted: Any) -> None:
    app = mounted(HERE)
    answer = await asgi_exchange(app, request(PUBLISHED, b'{"order_id":3}', method="PUT"))
    assert (answer.status, answer.headers["allow"], ran) == (405, "POST", [])


async def test_a_body_that_does_not_fit_is_refused_by_the_field_without_its_value(
    mounted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = mounted(HERE)
    answer = await asgi_exchange(app, request(PUBLISHED, b'{"order_id":"SECRET","gift":true}'))
    assert (answer.status, ran) == (400, [])
    assert b"order_id" in answer.body
    assert "order_id" in caplog.text
    assert "SECRET" not in caplog.text + answer.body.decode()


async def test_the_signals_are_answered_as_everywhere(mounted: Any, caplog: pytest.LogCaptureFixture) -> None:
    app = mounted(HERE)
    up = await asgi_exchange(app, request(call_url(f"{__name__}.gives_up")))
    later = await asgi_exchange(app, request(call_url(f"{__name__}.waits")))
    assert (up.status, up.headers["upstash-nonretryable-error"], up.body) == (489, "true", b'{"error":"no such order"}')
    assert (later.status, later.headers["retry-after"]) == (503, "60")


async def test_an_exception_goes_to_the_server(mounted: Any) -> None:
    app = mounted(HERE, once=MemoryStore())
    for _ in range(2):  # once= remembers nothing of what failed
        with pytest.raises(LookupError, match="no connection"):
            await asgi_exchange(app, request(call_url(f"{__name__}.fails")))


@on_both_loops
@pytest.mark.parametrize("name", ["where", "where_plainly"])
async def test_a_task_finds_its_call_and_its_delivery(mounted: Any, name: str) -> None:
    app = mounted(HERE)
    answer = await asgi_exchange(app, request(call_url(f"{__name__}.{name}")))
    assert json.loads(answer.body)[:3] == [f"{__name__}.{name}", "0123456789abcdef0123456789abcdef", "msg_1"]
    assert (ran[0] == threading.get_ident()) is (name == "where")
    with pytest.raises(LookupError):
        current_call()


@contextmanager
def plain_tenant(call: Any) -> Iterator[None]:
    token = TENANT.set(f"of {call.task.rpartition('.')[2]}")
    try:
        yield
    finally:
        TENANT.reset(token)


@asynccontextmanager
async def tenant(call: Any) -> Any:
    await anyio.lowlevel.checkpoint()
    with plain_tenant(call):
        yield


@pytest.mark.parametrize("around", [plain_tenant, tenant], ids=["plain", "async"])
async def test_around_is_around_every_task(mounted: Any, around: Any) -> None:
    app = mounted(HERE, around=around)
    for name in ("where", "where_plainly"):
        answer = await asgi_exchange(app, request(call_url(f"{__name__}.{name}")))
        assert json.loads(answer.body)[3] == f"of {name}"
