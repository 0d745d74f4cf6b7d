"""Tasks with an inbox: a call is known by its signed id, however often and as whatever message it comes."""

from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings
from django.urls import include, path
from sqlalchemy.orm import Session

from qstash_integrations import NonRetryable
from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations.tasks import chain, current_call, task
from tests.databases import Database
from tests.django.project import urlconf, wsgi_app
from tests.hosts import Send, wsgi_send
from tests.inbox.shop import Shop, order
from tests.inbox.sql import count, inbox, opened, ship
from tests.outbox import outbox
from tests.tasks.wsgi_mounts import KEYS, ORIGIN, TOKEN, URLS, answered, call_url, delivered, flask, request

DUPLICATE = (200, b'{"duplicate":true}')
ID = "0123456789abcdef0123456789abcdef"
engines: list[Any] = []


@task
def ship_order(fails: bool = False) -> str:
    order()
    if fails:
        raise NonRetryable("no such order")
    return "shipped"


@task
def bill() -> None:
    pass


@task
async def ship_later() -> None:
    pass


@task
def ship_with_sqlalchemy() -> bool:
    with Session(engines[-1]) as session, session.begin():
        return ship(session)


@task
def ship_by_its_call() -> bool:
    with Session(engines[-1]) as session, session.begin():
        return inbox.first_time(session, current_call())


SETTINGS: dict[str, Any] = {
    "TASKS": [ship_order, bill],
    "TASKS_INBOX": "default",
    "TOKEN": TOKEN,
    "PUBLIC_URL": ORIGIN,
    **{name.upper(): value for name, value in KEYS.items()},
}


def urls() -> ModuleType:
    return urlconf(path("qstash/", include(URLS)))


@pytest.fixture
def send(shop: Shop) -> Generator[Send]:
    with override_settings(QSTASH=SETTINGS, ROOT_URLCONF=urls()):
        yield wsgi_send(wsgi_app(path("qstash/", include(URLS))))


def call(name: str, id_: str = ID, *, at: int = 1_800_000_000_000, body: bytes = b"{}", **changes: Any) -> Any:
    return request(call_url(f"tests.inbox.test_tasks.{name}", f"id={id_}&at={at}&of=3"), body, **changes)


def test_a_call_has_its_effect_once_as_whatever_message(shop: Shop, send: Send) -> None:
    again = call("ship_order", message_id="msg_2", at=1_800_000_600_000, body=b'{"fails":true}')
    answers = [answered(send(sent)) for sent in (call("ship_order"), again, call("ship_order", "f" * 32))]
    assert answers == [(200, b'"shipped"'), DUPLICATE, (200, b'"shipped"')]
    assert shop.orders == 2


def test_what_a_task_raises_rolls_it_back_and_it_comes_again(shop: Shop, send: Send) -> None:
    assert send(call("ship_order", body=b'{"fails":true}')).status == 489
    assert shop.orders == 0
    assert answered(send(call("ship_order"))) == (200, b'"shipped"')


def test_what_follows_is_published_before_it_is_done_for_good(shop: Shop, send: Send) -> None:
    with outbox() as sent:
        chain(ship_order.bind(), bill.bind()).publish()
    with outbox(APIResponse(403, b'{"error":"daily limit"}')):
        assert send(delivered(sent[0])).status == 500
    assert shop.orders == 0
    with outbox() as followed:
        assert send(delivered(sent[0])).status == 200
        assert answered(send(delivered(sent[0]))) == DUPLICATE
    assert (shop.orders, len(followed)) == (1, 1)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (
            {"TASKS": [ship_later]},
            "QSTASH_TASKS_INBOX is for plain tasks, and tests.inbox.test_tasks.ship_later is async",
        ),
        ({"TASKS_INBOX": 7}, "QSTASH_TASKS_INBOX must be the alias of a database, not 7"),
        ({"TASKS_INBOX": "archive"}, "inbox='archive': DATABASES has no such database"),
    ],
    ids=["async", "no alias", "no database"],
)
def test_what_cannot_be_is_an_error_of_the_checks(changed: dict[str, Any], error: str) -> None:
    with override_settings(QSTASH={**SETTINGS, **changed}, ROOT_URLCONF=urls()):
        assert [found for found in run_checks(tags=["qstash"]) if error in str(found)] != []


@pytest.mark.parametrize("name", ["ship_with_sqlalchemy", "ship_by_its_call"])
def test_with_sqlalchemy_the_running_call_is_what_is_marked(empty_database: Database, name: str) -> None:
    engine = opened(empty_database)
    engines.append(engine)
    with flask([ship_with_sqlalchemy, ship_by_its_call]) as served:
        sent = [call(name), call(name, message_id="msg_2", at=1), call(name, "f" * 32)]
        assert [answered(served.send(one)) for one in sent] == [(200, b"true"), (200, b"false"), (200, b"true")]
        replayed = call(name, "e" * 32)
        assert served.send(replayed).status == 200
        assert served.send(replayed).status == 401
    assert count(engine, inbox.table) == 4  # that of the duplicate's token among them
    engine.dispose()
