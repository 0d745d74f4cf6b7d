"""Whoever has captured a genuine request: nothing of it that is not signed makes a handler have its effect twice.

Nor does it make a genuine message be taken for one that is done.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.http import HttpRequest, HttpResponse

from qstash_integrations import NonRetryable, Receiver
from tests.databases import MARIADB, POSTGRESQL, SQLITE
from tests.hosts import Request
from tests.inbox.attempts import DUPLICATE, IN_PROGRESS, OTHER_ROW, REFUSED, ROW, altered, attempt
from tests.inbox.shop import Shop, execute, order, shipped
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

SHIPPED = (200, b"shipped")
CHANGES: dict[str, Callable[[Request], Request]] = {
    "as it was": lambda captured: captured,
    "another message's id": lambda captured: altered(captured, upstash_message_id="msg_2"),
    "no id": lambda captured: altered(captured, upstash_message_id=None),
    "a row of an outbox": lambda captured: altered(captured, qstash_outbox=OTHER_ROW),
    "no row of an outbox": lambda captured: altered(captured, qstash_outbox=None),
    "a row that is none": lambda captured: altered(captured, qstash_outbox="x"),
    "another method": lambda captured: altered(captured, "PUT"),
    "a retry": lambda captured: altered(captured, upstash_retried="1"),
}
changed = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def failing(request: HttpRequest) -> HttpResponse:
    order()
    return HttpResponse(status=500)


@changed
def test_I1_what_was_done_is_not_done_again(shop: Shop, change: Callable[[Request], Request]) -> None:
    send, captured = shop.serving(), attempt(row=ROW)
    assert send(captured) == SHIPPED
    assert send(change(captured)) == REFUSED
    assert (shop.ran, shop.orders) == (1, 1)


OTHERS: dict[str, tuple[str | None, Callable[[Request], Request]]] = {
    **{f"by its id: {name}": (None, CHANGES[name]) for name in ("another message's id", "no id", "a row of an outbox")},
    **{f"by its row: {name}": (ROW, CHANGES[name]) for name in ("a row of an outbox", "no row of an outbox")},
    "by its row: a row that is none": (ROW, CHANGES["a row that is none"]),
    "another method": (None, CHANGES["another method"]),
}


@pytest.mark.parametrize(("row", "change"), OTHERS.values(), ids=OTHERS)
def test_I2_a_failed_attempt_does_not_come_back_as_another_message(
    shop: Shop, row: str | None, change: Callable[[Request], Request]
) -> None:
    captured = attempt(row=row)
    assert shop.serving(failing)(captured)[0] == 500
    send = shop.serving()
    assert send(change(captured)) == REFUSED
    assert [send(attempt(row=row)), send(change(captured)), send(captured)] == [SHIPPED, REFUSED, DUPLICATE]
    assert shop.orders == 1


def test_I2_a_failed_attempt_may_come_again_as_it_was(shop: Shop) -> None:
    captured = attempt()
    for _ in range(3):
        assert shop.serving(failing)(captured)[0] == 500
    send = shop.serving()
    assert [send(captured), send(captured), send(attempt())] == [SHIPPED, REFUSED, DUPLICATE]
    assert shop.orders == 1


@pytest.mark.parametrize("known_by", ["msg_2", None], ids=["its id", "the row of its outbox"])
def test_I3_no_other_message_is_taken_for_done(shop: Shop, known_by: str | None) -> None:
    """Neither one of another content, by the id or the row that is still to come, nor for another method."""
    send = shop.serving()
    forged = altered(attempt(body=b"mine"), upstash_message_id="msg_2", qstash_outbox=None if known_by else ROW)
    assert send(forged) == SHIPPED
    assert send(attempt("msg_2", row=None if known_by else ROW)) == SHIPPED
    assert shop.orders == 2


def test_I3_an_answer_to_another_method_counts_for_that_alone(shop: Shop) -> None:
    send = shop.serving()
    assert send(altered(attempt(), "GET")) == SHIPPED
    assert send(attempt()) == SHIPPED


def test_I3_a_refused_or_failing_forgery_leaves_nothing_that_counts(shop: Shop) -> None:
    captured = attempt("msg_1")
    assert shop.serving(failing)(altered(captured, upstash_message_id="msg_2"))[0] == 500
    send = shop.serving()
    # Who was faster has used up this one attempt; the next has a token of its own.
    assert send(captured) == REFUSED
    assert [send(attempt("msg_1")), send(attempt("msg_2"))] == [SHIPPED, SHIPPED]


def test_I4_who_waits_behind_a_failing_attempt_does_not_slip_in(shop: Shop) -> None:
    """The lock on the token is only let go with the mark of the failed attempt."""
    captured = attempt()
    at_work, may_end = threading.Event(), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        order()
        at_work.set()
        may_end.wait(10)
        raise NonRetryable("no such order")

    answers: list[tuple[int, bytes]] = []
    genuine = threading.Thread(target=lambda: answers.append(in_thread(shop.serving(slow), captured)))
    genuine.start()
    at_work.wait(10)
    forged = altered(captured, upstash_message_id="msg_2")
    waiting = threading.Thread(target=lambda: answers.append(in_thread(shop.serving(), forged)))
    waiting.start()
    waiting.join(0.3)
    may_end.set()
    genuine.join()
    waiting.join()
    assert sorted(answers) == [REFUSED, (489, b'{"error":"no such order"}')]
    assert shop.orders == 0


def in_thread(send: Any, request: Request) -> tuple[int, bytes]:
    try:
        answer: tuple[int, bytes] = send(request)
        return answer
    finally:
        connections.close_all()


def test_I5_a_token_for_another_url_is_no_key_to_this_one(shop: Shop) -> None:
    token = signed(b"hi", ORIGIN + "/hooks/bill", jti="jwt_TESTONLY_BILL")
    forged = Request("/hooks/ship", [("Upstash-Signature", token), ("Upstash-Message-Id", "msg_1")], b"hi")
    send = shop.serving()
    assert send(forged) == REFUSED
    assert send(attempt()) == SHIPPED


def test_I6_after_its_mark_was_pruned_a_token_has_long_expired(shop: Shop) -> None:
    captured = attempt()
    assert shop.serving()(captured) == SHIPPED
    execute("DELETE FROM qstash_inbox")
    later = Receiver(CURRENT, NEXT, now=lambda: NOW + 2 * 86_400)
    assert shop.serving(receiver=later)(captured) == REFUSED


def test_I7_the_rows_hold_digests_alone(shop: Shop) -> None:
    shop.serving(shipped)(attempt("msg_secret", row=ROW))
    for column in ("message", "token"):
        value = execute(f"SELECT {column} FROM qstash_inbox")
        assert len(value) == 64
        assert set(value) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "header", ["x" * 2000, "\x00" * 32, "é" * 32, ROW.upper() + "A", "A" * 32, " " * 32], ids=ascii
)
def test_I8_a_row_that_is_no_id_counts_for_nothing(shop: Shop, header: str) -> None:
    send = shop.serving()
    assert send(attempt("msg_1", row=header)) == SHIPPED
    assert send(attempt("msg_1")) == DUPLICATE
    assert send(attempt("msg_2", row=header)) == SHIPPED


@contextmanager
def at_work(shop: Shop) -> Generator[None]:
    """While a genuine attempt is handled; it ships when that is over."""
    begun, may_end = threading.Event(), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        order()
        begun.set()
        may_end.wait(30)
        return HttpResponse("shipped")

    answers: list[tuple[int, bytes]] = []
    genuine = threading.Thread(target=lambda: answers.append(in_thread(shop.serving(slow), attempt())))
    genuine.start()
    begun.wait(10)
    try:
        yield
    finally:
        may_end.set()
        genuine.join()
    assert answers == [SHIPPED]


def test_I9_a_busy_message_costs_nobody_more_than_a_second(shop: Shop) -> None:
    with at_work(shop):
        assert shop.serving()(attempt()) == IN_PROGRESS
    assert shop.serving()(attempt()) == DUPLICATE
    assert shop.orders == 1


@changed
def test_I1_nor_is_it_by_the_token_of_a_duplicate(shop: Shop, change: Callable[[Request], Request]) -> None:
    send, again = shop.serving(), attempt(row=ROW)
    assert send(attempt(row=ROW)) == SHIPPED
    assert send(again) == DUPLICATE
    assert send(change(again)) in (REFUSED, DUPLICATE)
    assert shop.orders == 1


# On SQLite, which has one writer, nobody can write it down while another works.
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
def test_I1_nor_by_that_of_one_that_came_too_early(shop: Shop) -> None:
    early = attempt()
    with at_work(shop):
        assert shop.serving()(early) == IN_PROGRESS
    assert shop.serving()(altered(early, upstash_message_id="msg_2")) == REFUSED
    assert shop.orders == 1


# MariaDB has no constraints that wait for the commit.
@pytest.mark.parametrize("empty_database", [SQLITE, POSTGRESQL], indirect=True)
def test_I2_what_fails_at_its_commit_does_not_come_as_another_message(shop: Shop) -> None:
    execute("CREATE TABLE shelves (id INTEGER PRIMARY KEY)")
    execute("CREATE TABLE parcels (shelf INTEGER REFERENCES shelves(id) DEFERRABLE INITIALLY DEFERRED)")

    def on_a_shelf(request: HttpRequest) -> HttpResponse:
        order()
        execute("INSERT INTO parcels VALUES (7)")
        return HttpResponse("shipped")

    send, failed = shop.serving(on_a_shelf), attempt()
    assert send(failed)[0] == 500
    execute("INSERT INTO shelves VALUES (7)")
    assert send(altered(failed, upstash_message_id="msg_2")) == REFUSED
    assert send(attempt()) == SHIPPED
    assert shop.orders == 1
