"""What a view wrote before it raised: rolled back within a transaction, for signals as for any other exception."""

import unittest
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import TestCase, override_settings
from django.urls import path

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.django import verify_qstash
from tests.django.project import forget_connections, urlconf
from tests.django.shop import HOSTS, OPTIONS, request_to
from tests.signing import signed

verify = verify_qstash(**OPTIONS)
OUTCOMES: dict[str, tuple[Exception | None, int]] = {
    "an answer": (None, 200),
    "NonRetryable": (NonRetryable("no such order"), 489),
    "RetryAfter": (RetryAfter(60), 503),
    "an error": (KeyError("order"), 500),
}


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], int]]:
    """How many orders there are, in a database of the test's own."""
    forget_connections()  # closing one to memory does nothing
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "orders.sqlite3"))
    execute("CREATE TABLE orders (id INTEGER)")
    yield lambda: execute("SELECT COUNT(*) FROM orders")
    connections.close_all()


def execute(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def writes(error: Exception | None) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        execute("INSERT INTO orders VALUES (1)")
        if error is not None:
            raise error
        return HttpResponse("shipped")

    return view


@pytest.mark.parametrize(("error", "status"), OUTCOMES.values(), ids=OUTCOMES)
def test_D26_with_atomic_requests_only_an_answer_leaves_something(
    orders: Callable[[], int], monkeypatch: pytest.MonkeyPatch, error: Exception | None, status: int
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    send = HOSTS["wsgi"](path("hooks/ship", verify(writes(error))))
    assert send(request_to()).status == status
    assert orders() == (1 if error is None else 0)


WAYS: dict[str, Callable[[Any], Any]] = {
    "above": lambda view: transaction.atomic(verify(view)),
    "below": lambda view: verify(transaction.atomic(view)),
    "above twice": lambda view: transaction.atomic(transaction.atomic(verify(view))),
}


@pytest.mark.parametrize("decorate", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("error", "status"), OUTCOMES.values(), ids=OUTCOMES)
def test_D04_atomic_stands_above_or_below(
    orders: Callable[[], int], decorate: Callable[[Any], Any], error: Exception | None, status: int
) -> None:
    assert HOSTS["wsgi"](path("hooks/ship", decorate(writes(error))))(request_to()).status == status
    assert orders() == (1 if error is None else 0)


def test_without_a_transaction_what_was_written_stays(orders: Callable[[], int]) -> None:
    assert HOSTS["wsgi"](path("hooks/ship", verify(writes(RetryAfter(1)))))(request_to()).status == 503
    assert orders() == 1


def test_a_rejected_request_opens_no_transaction_that_would_stay(
    orders: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    send = HOSTS["wsgi"](path("hooks/ship", verify(writes(None))))
    assert send(request_to(token="")).status == 401
    assert (connection.in_atomic_block, orders()) == (False, 0)


def test_the_transaction_around_a_test_case_survives_a_signal(orders: Callable[[], int]) -> None:
    class Ships(TestCase):
        def runTest(self) -> None:
            token = signed(b"", "https://api.example.com/hooks/ship")
            headers = {"Upstash-Signature": token}
            answer = self.client.post("/hooks/ship", b"", "text/plain", headers=headers)
            assert (answer.status_code, orders()) == (489, 1)

    result = unittest.TestResult()
    with override_settings(ROOT_URLCONF=urlconf(path("hooks/ship", verify(writes(NonRetryable()))))):
        unittest.TestSuite([Ships()]).run(result)
    assert [*result.errors, *result.failures] == []
    assert (result.testsRun, orders()) == (1, 0)
