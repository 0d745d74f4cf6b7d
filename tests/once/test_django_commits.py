"""When a message is done in Django: when what the view wrote is committed; until then it may run again."""

import unittest
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import TestCase, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from qstash_integrations import NonRetryable
from qstash_integrations.django import verify_qstash
from qstash_integrations.once import MemoryStore
from tests.django.project import urlconf
from tests.django.shop import HOSTS
from tests.hosts import Send
from tests.once.attempts import DUPLICATE, OPTIONS, attempt, send_twice

Ran = list[str]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    connection = connections["default"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "shop.sqlite3"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id INTEGER)")
    yield connection
    connection.set_autocommit(True)
    connections.close_all()


@pytest.fixture
def atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)


def write() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (1)")


def written() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        return int(cursor.fetchone()[0])


def verified(store: MemoryStore, view: Callable[..., Any]) -> Any:
    return verify_qstash(**OPTIONS, once=store)(view)


def served(view: Any) -> Send:
    return HOSTS["wsgi"](path("hooks/ship", view))


@pytest.mark.usefixtures("database", "atomic_requests")
def test_with_atomic_requests_it_is_done_after_the_commit() -> None:
    order: list[str] = []

    class Noted(MemoryStore):
        def complete(self, run: Any) -> bool:
            order.append(f"done with {(connections['default'].in_atomic_block and 'an open') or 'no'} transaction")
            return super().complete(run)

    def view(request: HttpRequest) -> HttpResponse:
        write()
        order.append("view")
        return HttpResponse("shipped")

    assert send_twice(served(verified(Noted(), view))) == [b"shipped", DUPLICATE]
    assert order == ["view", "done with no transaction"]
    assert written() == 1


def in_a_block(view: Any) -> Any:
    return transaction.atomic(view)


def in_nested_blocks(view: Any) -> Any:
    return transaction.atomic(transaction.atomic(view))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("around", [in_a_block, in_nested_blocks])
def test_a_block_further_out_that_cannot_commit_is_not_done(around: Any) -> None:
    ran: Ran = []

    def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        write()
        return HttpResponse("shipped")

    inner = verified(MemoryStore(), view)

    def outer(request: HttpRequest) -> HttpResponse:
        def fails(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = inner(request)
            if len(ran) == 1:
                raise LookupError("could not commit")
            return response

        answer: HttpResponse = around(fails)(request)
        return answer

    assert send_twice(served(csrf_exempt(outer)))[-1] == b"shipped"
    assert (len(ran), written()) == (2, 1)


@pytest.mark.usefixtures("database")
def test_a_commit_that_middleware_fails_to_make_is_not_done_although_somebody_answers() -> None:
    ran: Ran = []

    def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        return HttpResponse("shipped")

    with override_settings(MIDDLEWARE=[f"{__name__}.committing"]):
        answers = send_twice(served(verified(MemoryStore(), view)))
    assert answers == [b"could not commit", b"could not commit"]
    assert ran == ["view", "view"]


def committing(get_response: Any) -> Any:
    """Middleware that holds a transaction, which then cannot be committed, and swallows that."""

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                get_response(request)
                raise LookupError("could not commit")
        except LookupError as error:
            return HttpResponse(str(error.args[0]))

    return middleware


@pytest.mark.usefixtures("database", "atomic_requests")
def test_a_view_that_asks_for_a_rollback_is_not_done() -> None:
    ran: Ran = []

    def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        transaction.set_rollback(True)
        return HttpResponse("shipped")

    assert send_twice(served(verified(MemoryStore(), view))) == [b"shipped", b"shipped"]
    assert ran == ["view", "view"]


@pytest.mark.usefixtures("database", "atomic_requests")
def test_a_hook_of_the_views_own_that_fails_after_the_commit_runs_again() -> None:
    ran: Ran = []

    def fail() -> None:
        if len(ran) == 1:
            raise LookupError("no connection")

    def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        transaction.on_commit(fail)
        return HttpResponse("shipped")

    assert send_twice(served(verified(MemoryStore(), view)))[-1] == b"shipped"
    assert ran == ["view", "view"]


def test_without_autocommit_nobody_knows_and_so_it_runs_again(database: Any) -> None:
    ran: Ran = []

    def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        transaction.set_autocommit(False)
        write()
        return HttpResponse("shipped")

    for _ in range(2):
        served(verified(MemoryStore(), view))(attempt())
        database.rollback()
        database.set_autocommit(True)
    assert (ran, written()) == (["view", "view"], 0)


@pytest.mark.usefixtures("database", "atomic_requests")
def test_a_signal_is_done_at_once_and_rolls_back() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        write()
        raise NonRetryable("no such order")

    assert send_twice(served(verified(MemoryStore(), view))) == [b'{"error":"no such order"}', DUPLICATE]
    assert written() == 0


@pytest.mark.usefixtures("database", "atomic_requests")
def test_a_view_that_is_not_atomic_is_done_at_once() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        write()
        return HttpResponse("shipped")

    assert send_twice(served(transaction.non_atomic_requests(verified(MemoryStore(), view)))) == [b"shipped", DUPLICATE]


@pytest.mark.usefixtures("database")
def test_an_async_view_below_a_transaction_of_sync_code_waits_for_its_commit() -> None:
    ran: Ran = []

    async def view(request: HttpRequest) -> HttpResponse:
        ran.append("view")
        return HttpResponse("shipped")

    inner = verified(MemoryStore(), view)

    def outer(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = async_to_sync(inner)(request)
            if len(ran) == 1:
                raise LookupError("could not commit")
        return response

    assert send_twice(served(csrf_exempt(outer)))[-1] == b"shipped"
    assert ran == ["view", "view"]


@pytest.mark.usefixtures("database", "atomic_requests")
def test_in_a_test_case_it_is_done_at_once_since_its_block_never_commits() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("shipped")

    class Ships(TestCase):
        def runTest(self) -> None:
            for expected in (b"shipped", DUPLICATE):
                request = attempt()
                answer = self.client.post("/hooks/ship", b"hi", "text/plain", headers=dict(request.headers))
                assert answer.content == expected

    result = unittest.TestResult()
    with override_settings(ROOT_URLCONF=urlconf(path("hooks/ship", verified(MemoryStore(), view)))):
        unittest.TestSuite([Ships()]).run(result)
    assert [*result.errors, *result.failures] == []
    assert result.testsRun == 1
