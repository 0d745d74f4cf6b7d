"""Cancelling: in every unfinished state, one, many or all, and exactly counted."""

import pytest

from qstash_integrations.server.model import Filter, Refused
from tests.server.driver import NOW, Driver


def test_a_waiting_message_is_cancelled_at_once(driver: Driver) -> None:
    receipt = driver.publish(delay="10d")

    assert driver.engine.messages.cancel(receipt.message_id) == 1

    assert driver.states(receipt.message_id) == ["CREATED", "CANCEL_REQUESTED", "CANCELED"]
    assert driver.engine.claiming.next_due_at() is None
    with pytest.raises(Refused, match="not found"):
        driver.engine.messages.get(receipt.message_id)


def test_a_message_between_two_attempts_is_cancelled(driver: Driver) -> None:
    receipt = driver.publish()
    driver.deliver(500)

    driver.engine.messages.cancel(receipt.message_id)

    driver.advance(100)
    assert driver.claim() == []
    assert driver.states(receipt.message_id)[-2:] == ["CANCEL_REQUESTED", "CANCELED"]


def test_a_running_attempt_may_still_succeed(driver: Driver) -> None:
    receipt = driver.publish()
    (message,) = driver.claim()

    assert driver.engine.messages.cancel(receipt.message_id) == 1
    driver.answer(message, 200)

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "CANCEL_REQUESTED", "DELIVERED"]


def test_a_running_attempt_that_fails_is_the_last(driver: Driver) -> None:
    receipt = driver.publish(callback="https://cb.example", failure_callback="https://failed.example")
    (message,) = driver.claim()

    driver.engine.messages.cancel(receipt.message_id)
    driver.answer(message, 500)

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "CANCEL_REQUESTED", "ERROR", "CANCELED"]
    assert driver.engine.claiming.next_due_at() is None, "neither a retry nor a callback"
    assert driver.engine.dead_letters.page(Filter(), cursor=None, count=10).items == ()


@pytest.mark.parametrize("status", [200, 500])
def test_what_is_over_cannot_be_cancelled(driver: Driver, status: int) -> None:
    receipt = driver.publish(retries="0")
    driver.deliver(status)

    with pytest.raises(Refused) as refusal:
        driver.engine.messages.cancel(receipt.message_id)

    assert refusal.value.status == 404


def test_a_message_is_cancelled_once(driver: Driver) -> None:
    waiting = driver.publish(delay="1h")
    active = driver.publish()
    driver.claim()
    for receipt in (waiting, active):
        driver.engine.messages.cancel(receipt.message_id)
        with pytest.raises(Refused, match="not found"):
            driver.engine.messages.cancel(receipt.message_id)


def test_an_unknown_message_cannot_be_cancelled(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.messages.cancel("msg_unknown")
    assert refusal.value.status == 404


def test_two_of_three_and_then_all_is_two_and_one(driver: Driver) -> None:
    first, second, _ = (driver.publish(delay="10d").message_id for _ in range(3))

    assert driver.engine.messages.cancel_all(Filter(message_ids=(first, second, "msg_unknown")), None) == 2
    assert driver.engine.messages.cancel_all(Filter(), None) == 1
    assert driver.engine.messages.cancel_all(Filter(), None) == 0


def test_a_count_cancels_the_oldest(driver: Driver) -> None:
    for body in (b"1", b"2", b"3"):
        driver.publish(body=body)

    assert driver.engine.messages.cancel_all(Filter(), 2) == 2

    assert driver.claimed() == ["3"]


def test_all_states_count(driver: Driver) -> None:
    driver.publish()
    driver.claim()  # active
    driver.publish(delay="1h")  # waiting
    driver.publish(queue="mail")
    driver.publish(queue="mail")  # queued
    for _ in range(2):  # the second is held
        driver.publish(flow_control_key="crm", flow_control_value="parallelism=1")
    driver.claim()

    assert driver.engine.messages.cancel_all(Filter(), None) == 6
    assert driver.engine.queues.get("mail").lag == 1, "its head is being delivered"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(urls=("https://a.example/x?p=1",)), "a"),
        (Filter(urls=("https://a.example/x?p=1", "https://b.example/y")), "ab"),
        (Filter(urls=("https://a.example/x",)), ""),
        (Filter(hosts=("A.example",)), "a"),
        (Filter(paths=("/x",)), "a"),
        (Filter(paths=("/x", "/y")), "ab"),
        (Filter(labels=("eu",)), "ab"),
        (Filter(labels=("eu", "us")), "abc"),
        (Filter(labels=("u",)), ""),
        (Filter(queues=("mail",)), "b"),
        (Filter(flow_keys=("crm",)), "c"),
        (Filter(flow_keys=("crm", "other")), "c"),
        (Filter(labels=("eu",), hosts=("b.example",)), "b"),
        (Filter(labels=("us",), hosts=("b.example",)), ""),
        (Filter(caller_ips=("203.0.113.9",)), "abc"),
        (Filter(caller_ips=("203.0.113.8",)), ""),
        (Filter(schedules=("daily",)), ""),
        (Filter(topics=("both",)), ""),
        (Filter(from_at=NOW + 10), "bc"),
        (Filter(to_at=NOW + 10), "ab"),
        (Filter(from_at=NOW + 10, to_at=NOW + 10), "b"),
        (Filter(from_at=NOW + 11, to_at=NOW + 19), ""),
        (Filter(labels=("eu'; DROP TABLE messages; --",)), ""),
    ],
    ids=str,
)
def test_filters_choose(driver: Driver, wanted: Filter, expected: str) -> None:
    driver.publish("https://a.example/x?p=1", b"a", label="eu,x", delay="1h")
    driver.advance(10)
    driver.publish("https://b.example/y", b"b", queue="mail", label="eu")
    driver.advance(10)
    driver.publish(
        "http://c.example:81", b"c", flow_control_key="crm", flow_control_value="rate=1", label="us", delay="1h"
    )

    assert driver.engine.messages.cancel_all(wanted, None) == len(expected)

    driver.advance(3600)
    assert {*driver.claimed()} == {"a", "b", "c"} - {*expected}
