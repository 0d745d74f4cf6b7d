"""What follows from an attempt: states, retries and their moments, giving up."""

from typing import Any

import pytest

from qstash_integrations.server.model import Filter, Outcome
from tests.server.driver import NOW, Driver


def test_success_is_created_active_delivered(driver: Driver) -> None:
    receipt = driver.publish()

    (message,) = driver.deliver(204)

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "DELIVERED"]
    delivered = driver.events(receipt.message_id)[2]
    assert (delivered.outcome, delivered.error) == (Outcome(status=204), None)
    assert driver.engine.messages.get(message.id).ended == "DELIVERED"
    assert driver.engine.claiming.next_due_at() is None


def test_one_retry_and_then_success(driver: Driver) -> None:
    receipt = driver.publish()
    driver.deliver(500, b"busy", content_type="text/plain")
    driver.advance(13)
    driver.deliver()

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "DELIVERED"]
    error = driver.events(receipt.message_id)[2]
    assert error.error == "the destination answered 500"
    assert error.outcome == Outcome(status=500, headers=(("content-type", "text/plain"),), body=b"busy")
    assert error.next_at is None


def test_no_retries_left_is_failed_without_retry(driver: Driver) -> None:
    receipt = driver.publish(retries="0")

    driver.deliver(500)

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "ERROR", "FAILED"]
    assert driver.engine.messages.get(receipt.message_id).ended == "FAILED"
    assert driver.engine.claiming.next_due_at() is None


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_delivered(driver: Driver, status: int) -> None:
    receipt = driver.publish(retries="0")
    driver.deliver(status)
    assert driver.states(receipt.message_id)[-1] == "DELIVERED"


@pytest.mark.parametrize("status", [0, 199, 300, 301, 404, 429, 489, 500, 503, 600])
def test_everything_else_is_a_failed_attempt(driver: Driver, status: int) -> None:
    receipt = driver.publish(retries="0")
    driver.deliver(status)
    assert driver.states(receipt.message_id)[-1] == "FAILED"


def test_an_attempt_without_an_answer_tells_why(driver: Driver) -> None:
    receipt = driver.publish(retries="0")
    (message,) = driver.claim()

    driver.answer(message, 0, error="connection refused")

    errors = [(event.state, event.error) for event in driver.events(receipt.message_id)[2:]]
    assert errors == [("ERROR", "connection refused"), ("FAILED", "connection refused")]


def test_the_default_backoff_counts_from_the_end_of_the_attempt(driver: Driver) -> None:
    driver.publish(retries="6")
    waits: list[float] = []
    for _ in range(6):
        (message,) = driver.claim()
        driver.advance(100)
        driver.answer(message, 500)
        due_at = driver.engine.claiming.next_due_at()
        assert due_at is not None
        waits.append(round(due_at - driver.now, 2))
        driver.now = due_at

    assert waits == [12.18, 148.41, 1808.04, 22026.47, 86400, 86400]
    assert [message.retried for message in driver.deliver(500)] == [6]
    assert driver.engine.claiming.next_due_at() is None


def test_three_retries_by_default(driver: Driver) -> None:
    driver.publish()
    attempts = 0
    while (due_at := driver.engine.claiming.next_due_at()) is not None:
        driver.now = due_at
        attempts += len(driver.deliver(500))
    assert attempts == 4


def test_an_expression_sets_the_waits(driver: Driver) -> None:
    receipt = driver.publish(retry_delay="7000 * retried")
    moments: list[float | None] = []
    for _ in range(3):
        driver.deliver(500)
        moments.append(driver.engine.claiming.next_due_at())
        driver.now = moments[-1] or driver.now

    assert moments == [NOW, NOW + 7, NOW + 21]
    retries = [event.next_at for event in driver.events(receipt.message_id) if event.state == "RETRY"]
    assert retries == moments


def test_an_expression_without_a_value_falls_back_to_the_default(driver: Driver) -> None:
    driver.publish(retry_delay="1000 / retried")
    driver.deliver(500)
    assert driver.engine.claiming.next_due_at() == NOW + 12.182


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "10"}, 10),
        ({"retry_after": "0"}, 0),
        ({"Retry_After": "Fri, 15 Jan 2027 08:05:00 GMT"}, 300),
        ({"Retry_After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"retry_after": "1.5h"}, 5400),
        ({"x_ratelimit_reset": "6m5s"}, 365),
        ({"x_ratelimit_reset_requests": "250ms"}, 0.25),
        ({"x_ratelimit_reset_tokens": "7"}, 7),
        ({"retry_after": "5", "x_ratelimit_reset": "9"}, 5),
        ({"retry_after": "86401"}, 12.182),
        ({"retry_after": "soon"}, 12.182),
        ({"retry_after": "86401", "x_ratelimit_reset": "9"}, 9),
    ],
    ids=str,
)
def test_the_answer_may_demand_a_delay(driver: Driver, headers: dict[str, Any], seconds: float) -> None:
    driver.publish()
    driver.deliver(503, **headers)
    assert driver.engine.claiming.next_due_at() == NOW + seconds


def test_the_answer_wins_over_the_expression(driver: Driver) -> None:
    driver.publish(retry_delay="60000")
    driver.deliver(429, retry_after="3")
    assert driver.engine.claiming.next_due_at() == NOW + 3


def test_dates_are_compared_with_the_wall_clock(driver: Driver) -> None:
    driver.publish()
    driver.advance(7 * 86_400)
    driver.deliver(503, retry_after="Fri, 15 Jan 2027 08:05:00 GMT")
    assert driver.engine.claiming.next_due_at() == driver.now + 300


@pytest.mark.parametrize(
    ("status", "headers", "last"),
    [
        (489, {"upstash_nonretryable_error": "true"}, "FAILED"),
        (489, {"Upstash_NonRetryable_Error": "True"}, "FAILED"),
        (489, {}, "RETRY"),
        (500, {"upstash_nonretryable_error": "true"}, "RETRY"),
        (489, {"upstash_nonretryable_error": "no"}, "RETRY"),
    ],
    ids=["both", "other case", "status only", "header only", "not true"],
)
def test_giving_up_early_takes_status_and_header(
    driver: Driver, status: int, headers: dict[str, Any], last: str
) -> None:
    receipt = driver.publish(retries="5")
    driver.deliver(status, **headers)
    assert driver.states(receipt.message_id)[-1] == last


def test_an_attempt_is_recorded_once(driver: Driver) -> None:
    receipt = driver.publish()
    (message,) = driver.claim()

    driver.answer(message, 200)
    driver.answer(message, 500)

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "DELIVERED"]


def test_an_attempt_at_nothing_changes_nothing(driver: Driver) -> None:
    driver.engine.recording.record(999, Outcome(status=500))
    assert driver.engine.log.events(Filter(), cursor=None, count=10).items == ()


def test_what_is_claimed_is_not_claimed_again(driver: Driver) -> None:
    driver.publish()
    assert len(driver.claim()) == 1
    driver.advance(1_000_000)
    assert driver.claim() == []
