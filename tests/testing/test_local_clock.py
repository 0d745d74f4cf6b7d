"""The hand-moved clock of ``LocalQStash``: what comes due, when, and how far the methods go."""

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qstash_integrations import Receiver
from qstash_integrations.testing import LocalQStash
from tests.signing import CURRENT, NEXT
from tests.testing.shop import HOOK, ORIGIN, Shop

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def local(shop: Shop) -> Iterator[LocalQStash]:
    with LocalQStash(shop.app, now=NEW_YEAR) as local:
        yield local


def test_time_stands_still(shop: Shop, local: LocalQStash) -> None:
    shop.publish(1, delay="1s")
    assert local.deliver_due() == []
    assert local.deliver_due() == []
    assert local.now == NEW_YEAR


def test_nothing_is_early_and_nothing_late(shop: Shop, local: LocalQStash) -> None:
    shop.publish(1, delay="7h")
    assert local.advance(hours=6, minutes=59, seconds=59) == []
    (attempt,) = local.advance(seconds=1)
    assert (shop.orders, attempt.at) == ([1], NEW_YEAR + timedelta(hours=7))


def test_on_a_long_way_everything_has_its_own_moment(shop: Shop, local: LocalQStash) -> None:
    shop.publish("late", delay="2d")
    shop.publish("soon", delay="1h")
    shop.publish("too late", not_before=NEW_YEAR + timedelta(days=8))
    attempts = local.advance(weeks=1)
    assert [(attempt.json(), attempt.at - NEW_YEAR) for attempt in attempts] == [
        ("soon", timedelta(hours=1)),
        ("late", timedelta(days=2)),
    ]
    assert local.now == NEW_YEAR + timedelta(weeks=1)


WAYS: dict[str, dict[str, Any]] = {
    "parts": {"days": 1, "hours": 2, "minutes": 30},
    "a text": {"by": "1d2h30m"},
    "a timedelta": {"by": timedelta(hours=26.5)},
    "seconds": {"by": 95_400},
    "an instant": {"until": datetime(2027, 1, 2, 2, 30, tzinfo=UTC)},
    "Unix seconds": {"until": 1_798_857_000},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_advances_in_many_words(local: LocalQStash, way: dict[str, Any]) -> None:
    local.advance(**way)
    assert local.now == datetime(2027, 1, 2, 2, 30, tzinfo=UTC)


NO_WAYS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "back": ({"hours": -1}, ValueError, "the clock does not go back"),
    "both": ({"by": "1h", "until": NEW_YEAR}, TypeError, "a span of time or until=, not both"),
    "naive": ({"until": datetime(2027, 1, 2)}, ValueError, "until is a datetime without a time zone"),
    "no duration": ({"by": "soon"}, ValueError, "by must look like"),
}


@pytest.mark.parametrize(("way", "error", "text"), NO_WAYS.values(), ids=NO_WAYS)
def test_other_words_are_refused(local: LocalQStash, way: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        local.advance(**way)
    assert local.now == NEW_YEAR


def test_an_instant_that_has_passed_moves_nothing(local: LocalQStash) -> None:
    assert local.advance(until=NEW_YEAR - timedelta(days=1)) == []
    assert local.now == NEW_YEAR


def test_idle_means_all_retries_are_over(shop: Shop, local: LocalQStash) -> None:
    shop.handler = lambda order: 500
    shop.publish(1, retries=2, retry_delay="60000")
    attempts = local.run_until_idle()
    assert [(attempt.retried, attempt.status, attempt.at - NEW_YEAR) for attempt in attempts] == [
        (0, 500, timedelta()),
        (1, 500, timedelta(minutes=1)),
        (2, 500, timedelta(minutes=2)),
    ]
    assert [letter.json() for letter in local.dead_letters] == [1]
    assert local.run_until_idle() == []


def test_the_default_backoff_is_that_of_qstash(shop: Shop, local: LocalQStash) -> None:
    shop.handler = lambda order: 500
    shop.publish(1)
    passed = [attempt.at - NEW_YEAR for attempt in local.run_until_idle()]
    assert [int(span.total_seconds()) for span in passed] == [0, 12, 12 + 148, 12 + 148 + 1808]


def test_idle_does_not_wait_for_schedules_but_lets_them_fire_on_the_way(shop: Shop, local: LocalQStash) -> None:
    shop.qstash.schedule.create_json(destination=HOOK, cron="0 * * * *", body="tick")
    assert local.run_until_idle() == []
    shop.publish("late", delay="2h30m")
    assert [attempt.json() for attempt in local.run_until_idle()] == ["tick", "tick", "late"]
    assert local.now == NEW_YEAR + timedelta(hours=2.5)


def test_a_year_of_schedules_takes_no_time(shop: Shop, local: LocalQStash) -> None:
    shop.qstash.schedule.create_json(destination=HOOK, cron="CRON_TZ=Europe/Berlin 0 7 * * *", body="report")
    started = time.process_time()
    attempts = local.advance(days=365)
    assert time.process_time() - started < 5  # a fraction of a second, on a machine with nothing else to do
    assert len(attempts) == len(shop.orders) == 365
    assert {attempt.at.hour for attempt in attempts} == {5, 6}
    assert attempts[0].at == datetime(2027, 1, 1, 6, tzinfo=UTC)
    assert shop.deliveries[0].schedule_id is not None


def test_it_starts_now_by_default(shop: Shop) -> None:
    before = time.time()
    with LocalQStash(shop.app) as local:
        assert before - 0.001 <= local.now.timestamp() <= time.time() + 0.001


def test_a_start_needs_a_time_zone(shop: Shop) -> None:
    with pytest.raises(ValueError, match="now is a datetime without a time zone"):
        LocalQStash(shop.app, now=datetime(2027, 1, 1))


def test_signatures_are_of_the_receivers_own_time_however_far_the_clock_went(shop: Shop, local: LocalQStash) -> None:
    local.advance(days=3000)
    shop.publish(1)
    local.deliver_due()
    assert math.isclose(shop.deliveries[0].claims.exp, time.time() + 300, abs_tol=10)


def test_a_receiver_that_goes_by_the_moved_clock_needs_it_for_signatures_too() -> None:
    clock = [NEW_YEAR.timestamp()]
    shop = Shop(receiver=Receiver(CURRENT, NEXT, now=lambda: clock[0]), public_url=ORIGIN)
    with LocalQStash(
        shop.app, current_signing_key=CURRENT, next_signing_key=NEXT, wall_clock=lambda: clock[0]
    ) as local:
        assert local.now == NEW_YEAR
        shop.publish(1, delay="1h")
        clock[0] += 86_400
        local.run_until_idle()
    assert shop.deliveries[0].claims.iat == NEW_YEAR.timestamp() + 86_400


def test_a_handler_that_publishes_to_itself_is_found_out(shop: Shop, local: LocalQStash) -> None:
    shop.handler = lambda order: shop.publish(order + 1, delay="1m")
    shop.publish(1)
    with pytest.raises(RuntimeError, match=r"still more to deliver by 2027-01-01 00:09 after 10 .* publish to itself"):
        local.run_until_idle(limit=10)


def test_one_that_does_so_without_delay_is_too(shop: Shop, local: LocalQStash) -> None:
    shop.handler = lambda order: shop.publish(order + 1)
    shop.publish(1)
    with pytest.raises(RuntimeError, match="still more to deliver at this moment after 10 deliveries"):
        local.deliver_due(limit=10)
