"""A process killed between its work and the commit, or between that and its answer; locks that others hold."""

import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse

from tests.databases import MARIADB, POSTGRESQL, SQLITE, Database
from tests.inbox.attempts import DUPLICATE, IN_PROGRESS, attempt
from tests.inbox.dying import killed
from tests.inbox.shop import Shop, execute, order
from tests.inbox.sql import count, delivery, opened, shipped

SHIPPED = (200, b"shipped")


@pytest.mark.system
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_is_killed_has_done_all_or_nothing(shop: Shop, database: Database, moment: str) -> None:
    assert killed(f"django {moment}", database)
    assert shop.orders == shop.marks == (moment == "after")
    assert shop.serving()(attempt()) == (DUPLICATE if moment == "after" else SHIPPED)
    assert shop.orders == 1


@pytest.mark.system
@pytest.mark.parametrize("moment", ["before", "after"])
def test_with_sqlalchemy_as_well(empty_database: Database, moment: str) -> None:
    engine = opened(empty_database)
    assert killed(f"sqlalchemy {moment}", empty_database)
    assert count(engine) == (moment == "after")
    assert shipped(engine, delivery("next")) is (moment == "before")
    assert count(engine) == 1
    engine.dispose()


@pytest.mark.parametrize("empty_database", [SQLITE], indirect=True)
def test_a_database_that_others_have_locked_is_answered_409(shop: Shop) -> None:
    other: Any = connections.create_connection("default")
    other.cursor().execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    assert shop.serving()(attempt()) == IN_PROGRESS
    assert 0.5 < time.monotonic() - started < 4
    other.cursor().execute("ROLLBACK")
    other.close()
    assert shop.serving()(attempt()) == SHIPPED


def test_how_long_the_view_itself_waits_stays_as_it_was(shop: Shop) -> None:
    ask = {
        "postgresql": "SHOW lock_timeout",
        "mysql": "SELECT @@innodb_lock_wait_timeout",
        "sqlite": "PRAGMA busy_timeout",
    }[connection.vendor]
    before, within = execute(ask), []

    def view(request: HttpRequest) -> HttpResponse:
        within.append(execute(ask))
        return HttpResponse("shipped")

    shop.serving(view)(attempt())
    assert [*within, execute(ask)] == [before, before]


# One writer at a time, as in SQLite, has no deadlocks.
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
@pytest.mark.parametrize("caught", [(), (OperationalError,)], ids=["raised", "caught by the view"])
def test_a_deadlock_between_two_messages_is_answered_409_and_each_has_its_effect_once(shop: Shop, caught: Any) -> None:
    execute("CREATE TABLE stock (id INTEGER PRIMARY KEY, taken INTEGER)")
    execute("INSERT INTO stock VALUES (1, 0), (2, 0)")
    both_have_one = threading.Barrier(2)

    def taking(first: int, second: int) -> Any:
        def view(request: HttpRequest) -> HttpResponse:
            order(first)
            take(first)
            with suppress(threading.BrokenBarrierError):
                both_have_one.wait(5)
            with suppress(*caught):
                take(second)
            return HttpResponse("shipped")

        return shop.serving(view)

    sends = [taking(1, 2), taking(2, 1)]
    answers: list[Any] = [None, None]

    def come(number: int) -> None:
        answers[number] = sends[number](attempt(f"msg_{number}"))
        connections.close_all()

    threads = [threading.Thread(target=come, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A view that goes on in PostgreSQL after an error has answered for nothing.
    lost = 500 if caught and connection.vendor == "postgresql" else 409
    assert sorted(status for status, _ in answers) == [200, lost]
    both_have_one.abort()
    again = [send(attempt(f"msg_{number}")) for number, send in enumerate(sends)]
    assert sorted(again) == sorted([DUPLICATE, SHIPPED])
    assert shop.orders == 2


def take(id_: int) -> None:
    execute(f"UPDATE stock SET taken = taken + 1 WHERE id = {id_}")


def test_of_any_number_of_attempts_at_once_one_has_its_effect(shop: Shop) -> None:
    send, answers = shop.serving(), list[tuple[int, bytes]]()
    together = threading.Barrier(8)

    def come() -> None:
        request = attempt()
        together.wait()
        answers.append(send(request))
        connections.close_all()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(SHIPPED) == shop.orders == 1
    assert {*answers} <= {SHIPPED, DUPLICATE, IN_PROGRESS}
