"""What a test can let go wrong, each thing at one delivery, and what QStash then does."""

from collections.abc import Iterator

import pytest

from qstash_integrations.once import MemoryStore
from qstash_integrations.testing import LocalQStash
from tests.testing.shop import HOOK, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def local(shop: Shop) -> Iterator[LocalQStash]:
    with LocalQStash(shop.app) as local:
        yield local


def test_a_failed_delivery_does_not_reach_the_app_and_is_tried_again(shop: Shop, local: LocalQStash) -> None:
    local.fail_next(status=503)
    shop.publish(1)
    assert [attempt.status for attempt in local.deliver_due()] == [503]
    assert shop.orders == []
    assert [(attempt.status, attempt.retried) for attempt in local.run_until_idle()] == [(200, 1)]
    assert shop.orders == [1]


def test_it_can_fail_until_qstash_gives_up(shop: Shop, local: LocalQStash) -> None:
    local.fail_next(status=500, body=b"broken", times=2)
    message_id = shop.publish({"id": 1}, retries=1)
    local.run_until_idle()
    assert shop.orders == []
    (letter,) = local.dead_letters
    assert (letter.message_id, letter.url, letter.json()) == (message_id, HOOK, {"id": 1})
    assert (letter.status, letter.answer, letter.retried, letter.at) == (500, b"broken", 1, local.now)


def test_the_answer_can_say_when_to_come_again(shop: Shop, local: LocalQStash) -> None:
    local.fail_next(status=503, headers={"Retry-After": "7200"})
    shop.publish(1)
    assert len(local.advance(minutes=119)) == 1
    assert len(local.advance(minutes=1)) == 1


def test_no_answer_at_all_is_a_failure_too(shop: Shop, local: LocalQStash) -> None:
    local.fail_next(status=0)
    shop.publish(1, retries=0)
    local.run_until_idle()
    assert [(letter.status, letter.body) for letter in local.dead_letters] == [(0, b"1")]


def test_delivered_twice_is_the_same_message_with_another_signature(shop: Shop, local: LocalQStash) -> None:
    local.deliver_twice()
    shop.publish(1)
    shop.publish(2)
    assert len(local.run_until_idle()) == 3
    assert shop.orders == [1, 1, 2]
    first, second, _ = shop.deliveries
    assert first.message_id == second.message_id
    assert first.claims.jti != second.claims.jti


def test_an_expired_delivery_is_refused_by_the_app_and_tried_again(shop: Shop, local: LocalQStash) -> None:
    local.expire_next()
    shop.publish(1)
    assert [attempt.status for attempt in local.run_until_idle()] == [401, 200]
    assert shop.orders == [1]


def test_what_is_due_together_can_come_in_another_order_once(shop: Shop, local: LocalQStash) -> None:
    local.reorder()
    for order in (1, 2, 3):
        shop.publish(order)
    local.deliver_due()
    for order in (4, 5):
        shop.publish(order)
    local.deliver_due()
    assert shop.orders == [3, 2, 1, 4, 5]


def test_in_a_queue_the_order_holds(shop: Shop, local: LocalQStash) -> None:
    local.reorder()
    for order in (1, 2, 3):
        shop.qstash.enqueue_json(queue="mail", url=HOOK, body=order)
    shop.publish(4)
    local.run_until_idle()
    assert [order for order in shop.orders if order != 4] == [1, 2, 3]
    assert shop.orders[0] == 4


def test_faults_happen_in_the_order_in_which_they_were_asked_for(shop: Shop, local: LocalQStash) -> None:
    local.fail_next(times=2)
    local.deliver_twice()
    local.expire_next()
    shop.publish(1, retry_delay="1000")
    shop.publish(2, delay="1h")
    assert [attempt.status for attempt in local.run_until_idle()] == [503, 503, 200, 200, 401, 200]


@pytest.mark.parametrize("verb", ["fail_next", "deliver_twice", "expire_next", "reorder"])
def test_a_fault_that_nothing_came_of_fails_the_test(shop: Shop, verb: str) -> None:
    def test() -> None:
        with LocalQStash(shop.app) as local:
            getattr(local, verb)()
            local.run_until_idle()

    with pytest.raises(AssertionError, match=f"nothing was delivered after {verb}: this test does not test it"):
        test()


def test_it_does_not_hide_what_failed_before(shop: Shop) -> None:
    def test() -> None:
        with LocalQStash(shop.app) as local:
            local.fail_next()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        test()


@pytest.mark.parametrize("status", [-1, 99, 600])
def test_a_status_is_one_of_http(local: LocalQStash, status: int) -> None:
    with pytest.raises(ValueError, match=f"status must be an HTTP status, or 0 for no answer, not {status}"):
        local.fail_next(status=status)


def test_times_is_a_number_of_times(local: LocalQStash) -> None:
    with pytest.raises(ValueError, match="times must be a number from 1 on, not 0"):
        local.deliver_twice(times=0)


def test_an_app_that_is_protected_against_duplicates_runs_its_handler_once() -> None:
    shop = Shop(once=MemoryStore())
    with LocalQStash(shop.app) as local:
        local.deliver_twice()
        shop.publish(1)
        assert [attempt.status for attempt in local.run_until_idle()] == [200, 200]
    assert shop.orders == [1]
