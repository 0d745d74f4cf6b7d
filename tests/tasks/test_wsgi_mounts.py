"""Tasks in Flask and Django: what QStash delivers runs, with the arguments that were published; nothing else does."""

import json
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qstash_integrations import Callback, ConfigurationError, NonRetryable, RetryAfter, current_delivery
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.flask import QStash
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import RESULT, chain, current_call, task
from tests.contract.test_signatures import REJECTED
from tests.outbox import outbox
from tests.signing import ATTACKER, CURRENT, ORIGIN
from tests.tasks.wsgi_mounts import MOUNTS, Mounted, Served, answered, call_url, delivered, request, url_of

ran: list[Any] = []
TENANT: ContextVar[str] = ContextVar("tenant", default="")


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


@task(also_known_as="shop.old.seen")
def seen() -> list[Any]:
    return _seen()


@task
async def seen_async() -> list[Any]:
    return _seen()


def _seen() -> list[Any]:
    call = current_call()
    return [call.task, call.id, current_delivery().message_id, TENANT.get()]


@task
def everything(
    number: int,
    part: float,
    text: str,
    flag: bool,
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
    ran.append(dict(locals()))


@task
def gives_up() -> None:
    raise NonRetryable("no such order")


@task
async def waits() -> None:
    raise RetryAfter(60)


@task(backoff=[10, 60], gives_up_on=KeyError)
def fails(how: str) -> None:
    raise {"for good": KeyError, "for now": OSError}[how](how)


@task
def print_label(text: str) -> None:
    ran.append(("label", text))


@task
def told(callback: Callback) -> None:
    ran.append(callback.status)


@task(callback=told)
def tells() -> None:
    pass


HERE = [ship, cancel, seen, seen_async, everything, gives_up, waits, fails, print_label]
SHIP, CANCEL, SEEN = (f"{__name__}.{name}" for name in ("ship", "cancel", "seen"))


@pytest.fixture(name="settings", autouse=True)
def of_the_app_alone() -> None:
    """No others, as elsewhere here, which would win over those of an app."""


@pytest.fixture(autouse=True)
def published() -> Generator[list[APIRequest]]:
    ran.clear()
    with outbox() as sent:
        yield sent


@pytest.fixture(params=MOUNTS.values(), ids=list(MOUNTS))
def mounted(request: pytest.FixtureRequest) -> Mounted:
    made: Mounted = request.param
    return made


@pytest.fixture
def served(mounted: Mounted) -> Iterator[Served]:
    with mounted(HERE) as made:
        yield made


def test_what_is_published_in_an_app_runs_in_it(served: Served, published: list[APIRequest]) -> None:
    with served.context():
        ship.publish(3, gift=True)
    answer = served.send(delivered(published[0]))
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/json", b'"shipped 3"')
    assert ran == [("ship", 3, True)]


def test_an_async_task_runs(served: Served, published: list[APIRequest]) -> None:
    with served.context():
        cancel.publish(3)
    assert answered(served.send(delivered(published[0]))) == (200, b"null")
    assert ran == [("cancel", 3)]


ARGUMENTS = st.fixed_dictionaries(
    {
        "number": st.integers(),
        "part": st.floats(allow_nan=False, allow_infinity=False),
        "text": st.text(),
        "flag": st.booleans(),
        "at": st.datetimes(timezones=st.just(UTC)),
        "within": st.timedeltas(timedelta(), timedelta(days=999)),
        "key": st.uuids(),
        "price": st.decimals(allow_nan=False, allow_infinity=False),
        "size": st.sampled_from(Size),
        "raw": st.binary(),
        "some": st.lists(st.integers()),
        "by_name": st.dictionaries(st.text(), st.booleans()),
    },
    optional={"maybe": st.none() | st.text()},
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=ARGUMENTS)
def test_arguments_arrive_as_they_were_published(served: Served, arguments: dict[str, Any]) -> None:
    ran.clear()
    with outbox() as sent, served.context():
        everything.publish(**arguments)
    assert served.send(delivered(sent[0])).status == 200
    assert ran == [{"maybe": None, **arguments}]


def test_old_names_are_served_too(served: Served) -> None:
    answer = served.send(request(call_url("shop.old.seen")))
    assert (answer.status, json.loads(answer.body)[0]) == (200, SEEN)


@pytest.mark.parametrize("name", [SEEN, f"{SEEN}_async"])
def test_a_task_knows_its_call_and_its_delivery(mounted: Mounted, name: str) -> None:
    @contextmanager
    def of_a_tenant(call: Any) -> Iterator[None]:
        token = TENANT.set(call.id[:4])
        yield
        TENANT.reset(token)

    with mounted(HERE, around=of_a_tenant) as served:
        answer = served.send(request(call_url(name), message_id="msg_7"))
    assert json.loads(answer.body) == [name, "0123456789abcdef0123456789abcdef", "msg_7", "0123"]


SIGNALS = {
    "gives up": ("gives_up", b"{}", 489, "upstash-nonretryable-error", "true"),
    "waits": ("waits", b"{}", 503, "retry-after", "60"),
    "backoff": ("fails", b'{"how":"for now"}', 503, "retry-after", "10"),
    "gives_up_on": ("fails", b'{"how":"for good"}', 489, "upstash-nonretryable-error", "true"),
}


@pytest.mark.parametrize(("name", "body", "status", "header", "value"), SIGNALS.values(), ids=SIGNALS)
def test_a_task_steers_its_retries(
    served: Served, name: str, body: bytes, status: int, header: str, value: str
) -> None:
    answer = served.send(request(call_url(f"{__name__}.{name}"), body))
    assert (answer.status, answer.headers[header]) == (status, value)


def test_what_follows_is_published_to_where_the_task_was_served(served: Served, published: list[APIRequest]) -> None:
    with served.context():
        chain(ship.bind(order_id=3), print_label.bind(text=RESULT)).publish()
    assert served.send(delivered(published[0])).status == 200
    assert served.send(delivered(published[1])).status == 200
    assert ran == [("ship", 3, False), ("label", "shipped 3")]


def test_a_body_that_does_not_fit_is_answered_400_and_names_the_field(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = served.send(request(call_url(SHIP), b'{"order_id":"secret"}'))
    assert answer.status == 400
    assert b"order_id" in answer.body
    assert "order_id" in caplog.text
    assert b"secret" not in answer.body
    assert "secret" not in caplog.text
    assert ran == []


FOREIGN: dict[str, dict[str, Any]] = {
    "unsigned": {"token": ""},
    "of another account": {"key": ATTACKER},
    "of another task": {"signed_url": call_url(CANCEL)},
    "of another call": {"signed_url": call_url(SHIP, "id=ffffffffffffffffffffffffffffffff&at=1800000000000&of=3")},
    "with other retries": {"signed_url": call_url(SHIP, "id=0123456789abcdef0123456789abcdef&at=1800000000000&of=9")},
    "without its query": {"signed_url": call_url(SHIP).partition("?")[0]},
    "of another host": {"signed_url": call_url(SHIP).replace("api.", "evil.")},
    "with another body": {"signed_body": b'{"order_id":4}'},
    "expired": {"iat": 1_000_000_000, "exp": 1_000_000_300},
}


@pytest.mark.sampled("method")
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
def test_a_forged_or_foreign_call_runs_nothing(served: Served, changes: dict[str, Any], method: str) -> None:
    answer = served.send(request(call_url(SHIP), b'{"order_id":3}', method=method, **changes))
    assert (answer.status, answer.body) == REJECTED[::2]
    assert ran == []


BELOW = {
    "a task": f"/qstash/tasks/{SHIP}",
    "no task": "/qstash/tasks/shop.none",
    "nothing": "/qstash/tasks/",
    "itself": "/qstash/tasks",
    "deeper": f"/qstash/tasks/{SHIP}/more",
    "a slash": f"/qstash/tasks/{SHIP}/",
    "two slashes": f"/qstash/tasks//{SHIP}",
    "a line end": f"/qstash/tasks/{SHIP}%0A",
    "a blank": "/qstash/tasks/%20",
    "encoded": "/qstash/tasks/tests%2Etasks",
    "dots": "/qstash/tasks/..",
    "a query": "/qstash/tasks/shop.none?id=1",
}


@pytest.mark.parametrize("catch_all", [False, True], ids=["alone", "before a catch-all"])
def test_a_stranger_learns_nothing_of_what_is_below(mounted: Mounted, catch_all: bool) -> None:
    with mounted(HERE, catch_all=catch_all) as served:
        answers = {
            (place, method): served.send(request(ORIGIN + target, token="", method=method)).status
            for place, target in BELOW.items()
            for method in ("POST", "GET", "HEAD", "OPTIONS", "DELETE", "PROPFIND")
        }
    assert {place: status for place, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("name", ["shop.none", "", "a/b", SHIP + "%0A"])
def test_a_signed_unknown_name_is_404_and_the_log_names_the_option(
    served: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = served.send(request(f"{ORIGIN}/qstash/tasks/{name}?of=3"))
    assert answer.status == 404
    assert "tasks=" in caplog.text
    assert ran == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_genuine_call_by_another_method_runs_nothing(served: Served, method: str) -> None:
    answer = served.send(request(call_url(SHIP), b'{"order_id":3}', method=method))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert ran == []


@pytest.mark.parametrize("name", [SHIP, CANCEL])
def test_once_counts_for_every_task(mounted: Mounted, name: str) -> None:
    with mounted(HERE, once=MemoryStore()) as served:
        call = request(call_url(name), b'{"order_id":3}', jti="jwt_one")
        again = request(call_url(name), b'{"order_id":3}', jti="jwt_two")
        assert [served.send(one).status for one in (call, call, again)] == [200, 401, 200]
    assert len(ran) == 1


def test_a_task_that_is_served_nowhere_is_an_error_where_it_is_published(
    mounted: Mounted, published: list[APIRequest]
) -> None:
    with (
        mounted([ship]) as served,
        served.context(),
        pytest.raises(ConfigurationError, match=r"tests\.tasks\.test_wsgi_mounts\.cancel .*tasks.*QSTASH_TASKS_URL"),
    ):
        cancel.publish(3)
    assert published == []


def test_a_callback_that_is_served_nowhere_is_an_error_at_the_start(
    mounted: Mounted, published: list[APIRequest]
) -> None:
    error = f"callback of the task {__name__}.tells is {__name__}.told, which this app does not serve"
    with pytest.raises(ConfigurationError, match=error), mounted([tells], propagate=True) as served:
        served.send(request(call_url("any")))
    with override_settings(QSTASH_TASKS_URL="https://worker.example.com/tasks"), mounted([tells]) as served:
        assert served.send(request(call_url(f"{__name__}.tells"))).status == 200
    with mounted([tells, told]) as served, served.context():
        tells.publish()
    assert dict(published[0].headers)["Upstash-Callback"] == f"{ORIGIN}/qstash/tasks/{__name__}.told?of=3"


def test_a_task_of_another_service_is_published_to_where_that_serves_it(
    mounted: Mounted, published: list[APIRequest]
) -> None:
    with (
        override_settings(QSTASH_TASKS_URL="https://worker.example.com/tasks"),
        mounted([ship]) as served,
        served.context(),
    ):
        cancel.publish(3)
        ship.publish(3)
    assert [url_of(request).partition("?")[0] for request in published] == [
        f"https://worker.example.com/tasks/{CANCEL}",
        f"{ORIGIN}/qstash/tasks/{SHIP}",
    ]


def test_a_flask_app_without_any_setting_can_be_imported_and_runs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("shop")
    with override_settings():
        QStash(app, tasks=[ship])
    assert "QSTASH_CURRENT_SIGNING_KEY is not set" in caplog.text
    answer = app.test_client().post(f"/qstash/tasks/{ship.name}", data=b'{"order_id":3}')
    assert (answer.status_code, ran) == (500, [])


def test_a_setting_that_is_wrong_is_said_when_the_flask_app_is_made() -> None:
    with pytest.raises(ConfigurationError, match="next_signing_key"):
        QStash(Flask("shop"), tasks=[ship], current_signing_key=CURRENT)
