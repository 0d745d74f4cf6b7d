"""Looking without holding up deliveries: a long search comes in parts."""

from dataclasses import replace
from itertools import count

import pytest

from qstash_integrations.server.engine.inspection import PATIENCE, STRETCH
from qstash_integrations.server.model import Filter, Search
from tests.server.driver import Driver, publication
from tests.server.workflow_sdk import Sdk, ids_of

FIRST = Search(exact=Filter(labels=("first",)))


@pytest.fixture
def crowded(driver: Driver) -> Driver:
    """Three stretches, and what is looked for is the oldest of all."""
    driver.publish(label="first")
    driver.engine.publishing.batch([publication() for _ in range(3 * STRETCH - 1)])
    return driver


def test_a_search_that_takes_long_says_where_to_go_on(crowded: Driver) -> None:
    watch = count(0.0, PATIENCE * 2)
    cursor: str | None = None
    found: list[int] = []
    for _ in range(4):
        page = crowded.engine.inspection.messages(FIRST, cursor=cursor, count=10, stopwatch=lambda: next(watch))
        found.append(len(page.items))
        cursor = page.cursor
    assert found == [0, 0, 1, 0]
    assert cursor is None


def test_a_search_through_large_bodies_stops_sooner(driver: Driver) -> None:
    driver.publish(body=b"needle")
    driver.engine.publishing.batch([publication(body=b"x" * 60_000) for _ in range(STRETCH - 1)])
    watch = count(0.0, PATIENCE * 2)
    page = driver.engine.inspection.messages(Search(text="needle"), cursor=None, count=9, stopwatch=lambda: next(watch))
    assert (page.items, next(watch)) == ((), PATIENCE * 4)
    assert page.cursor is not None
    assert driver.engine.inspection.messages(FIRST, cursor=page.cursor, count=9).cursor is None
    rest = driver.engine.inspection.messages(Search(text="needle"), cursor=page.cursor, count=9, stopwatch=lambda: 0.0)
    assert (len(rest.items), rest.cursor) == (1, None)


def test_a_search_that_is_quick_looks_at_everything(crowded: Driver) -> None:
    page = crowded.engine.inspection.messages(FIRST, cursor=None, count=10, stopwatch=lambda: 0.0)
    assert (len(page.items), page.cursor) == (1, None)


def test_a_full_page_is_not_looked_beyond(crowded: Driver) -> None:
    watch = iter((0.0,))
    page = crowded.engine.inspection.messages(Search(), cursor=None, count=100, stopwatch=lambda: next(watch))
    assert len(page.items) == 100
    assert page.cursor is not None


def test_the_last_page_of_exactly_as_many_has_no_cursor(driver: Driver) -> None:
    for _ in range(2):
        driver.publish()
    page = driver.engine.inspection.messages(Search(), cursor=None, count=2)
    assert (len(page.items), page.cursor) == (2, None)


def test_bodies_that_are_long_are_not_searched(driver: Driver) -> None:
    driver.publish(body=b"needle" + b"x" * 64 * 1024)
    driver.publish(body=b"\x00\xff needle")
    driver.publish(body=b"\xff needle")
    driver.publish(retries="3")
    driver.deliver(500, b"needle" + b"x" * 64 * 1024)
    page = driver.engine.inspection.messages(Search(text="needle"), cursor=None, count=9)
    assert len(page.items) == 1


def test_the_next_request_for_a_step_carries_all_of_its_run_up_to_it(driver: Driver) -> None:
    sdk = Sdk(driver)
    sdk.start()
    receipt = sdk.result(1)
    sdk.result(2)
    message = driver.engine.inspection.message(receipt.message_id)
    request = driver.engine.inspection.next_request(message)
    assert ids_of(replace(message, body=request.body)) == [1]
