"""Flow control: limits per key across URLs, fixed windows, pausing, pinning, and the order of the wait list."""

import pytest

from qstash_integrations.server.model import Filter, Flow, Refused
from tests.server.driver import NOW, Driver, bodies


def fill(driver: Driver, value: str, *texts: str, key: str = "crm") -> list[str]:
    return [
        driver.publish(body=text.encode(), flow_control_key=key, flow_control_value=value).message_id for text in texts
    ]


def test_no_more_are_in_flight_than_the_parallelism(driver: Driver) -> None:
    fill(driver, "parallelism=2", "1", "2", "3", "4")

    first, second = driver.claim()

    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() is None, "only an ending attempt makes room"
    driver.answer(first)
    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["3"]
    driver.answer(second, 500)
    assert driver.claimed() == ["4"], "a failed attempt makes room as well"


def test_no_more_start_in_a_period_than_the_rate(driver: Driver) -> None:
    fill(driver, "rate=2, period=1m", "1", "2", "3", "4", "5")
    driver.advance(10)

    assert bodies(driver.deliver()) == ["1", "2"]
    assert driver.engine.claiming.next_due_at() == NOW + 70, "the period begins with its first delivery"
    driver.advance(59.999)
    assert driver.claim() == []
    driver.advance(0.001)
    assert bodies(driver.deliver()) == ["3", "4"]
    driver.advance(60)
    assert bodies(driver.deliver()) == ["5"]


def test_a_new_period_begins_with_the_first_delivery_after_the_last(driver: Driver) -> None:
    fill(driver, "rate=1, period=10", "1")
    driver.deliver()
    driver.advance(25)
    fill(driver, "rate=1, period=10", "2", "3")

    assert driver.claimed() == ["2"]
    assert driver.engine.claiming.next_due_at() == NOW + 35


def test_both_limits_must_allow(driver: Driver) -> None:
    fill(driver, "parallelism=1, rate=2, period=10", "1", "2", "3")

    (first,) = driver.claim()
    driver.answer(first)
    (second,) = driver.claim()
    driver.answer(second)
    assert driver.claim() == []
    driver.advance(10)
    assert driver.claimed() == ["3"]


def test_retries_count_as_started(driver: Driver) -> None:
    driver.publish(flow_control_key="crm", flow_control_value="rate=1, period=1h", retry_delay="1000")
    driver.deliver(500)
    driver.advance(1)

    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() == NOW + 3600


def test_who_waited_longest_goes_first(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2")
    (first,) = driver.claim()
    driver.advance(1)
    fill(driver, "parallelism=1", "3")
    driver.claim()
    driver.answer(first)

    assert driver.claimed() == ["2"]


def test_a_newcomer_does_not_overtake_the_wait_list(driver: Driver) -> None:
    fill(driver, "rate=1, period=10", "1", "2")
    driver.deliver()
    driver.claim()
    driver.advance(10)
    fill(driver, "rate=1, period=10", "3")

    assert bodies(driver.deliver()) == ["2"]


def test_a_newcomer_does_not_overtake_a_wait_list_that_is_just_let_go(driver: Driver) -> None:
    driver.engine.flows.pause("crm")
    fill(driver, "parallelism=9", "1", "2", "3")
    driver.claim()
    driver.engine.flows.resume("crm")
    fill(driver, "parallelism=9", "4")

    assert bodies(driver.claim(2)) == ["1", "2"]
    assert driver.claimed() == ["3", "4"]


def test_keys_do_not_wait_for_each_other(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2")
    fill(driver, "parallelism=1", "other", key="billing")
    driver.publish(body=b"plain")

    assert driver.claimed() == ["1", "other", "plain"]


def test_a_long_wait_list_does_not_starve_other_messages(driver: Driver) -> None:
    driver.engine.flows.pause("crm")
    fill(driver, "parallelism=1000", *"1234567")
    driver.claim()
    driver.engine.flows.resume("crm")
    driver.publish(body=b"plain")

    assert bodies(driver.claim(4)) == ["1", "2", "plain", "3"]


def test_the_newest_message_sets_the_limits(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2", "3")
    assert driver.claimed() == ["1"]

    fill(driver, "parallelism=3", "4")

    assert driver.claimed() == ["2", "3"]


def test_the_limits_change_before_the_newest_message_is_due(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2")
    driver.claim()
    assert driver.engine.claiming.next_due_at() is None

    driver.publish(delay="1h", flow_control_key="crm", flow_control_value="parallelism=2")

    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["2"]


def test_a_key_is_visible_from_its_first_message_on_and_outlives_it(driver: Driver) -> None:
    fill(driver, "parallelism=5, rate=10, period=1m", "1")
    expected = Flow(key="crm", parallelism=5, rate=10, period=60)
    assert driver.engine.flows.get("crm") == expected

    driver.deliver()
    driver.advance(60)

    assert driver.engine.flows.get("crm") == expected


def test_a_key_shows_how_full_it_is(driver: Driver) -> None:
    fill(driver, "parallelism=2", "1", "2", "3")
    driver.claim()

    flow = driver.engine.flows.get("crm")

    assert (flow.active, flow.held, flow.rate_count, flow.period_start_at) == (2, 1, 2, NOW)


def test_an_unknown_key_is_not_found(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.flows.get("crm")
    assert (refusal.value.status, refusal.value.text) == (404, "flow control key 'crm' not found")


def test_keys_are_searched_by_part(driver: Driver) -> None:
    fill(driver, "rate=1", "1", key="crm-eu")
    fill(driver, "rate=1", "1", key="crm-us")
    fill(driver, "rate=1", "1", key="100%")

    assert [flow.key for flow in driver.engine.flows.search("crm")] == ["crm-eu", "crm-us"]
    assert [flow.key for flow in driver.engine.flows.search("%")] == ["100%"]
    assert [flow.key for flow in driver.engine.flows.search("")] == ["100%", "crm-eu", "crm-us"]


def test_a_paused_key_starts_nothing(driver: Driver) -> None:
    fill(driver, "parallelism=2", "1")
    (first,) = driver.claim()
    driver.engine.flows.pause("crm")
    fill(driver, "parallelism=2", "2")

    assert driver.claim() == []
    driver.answer(first)
    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() is None
    assert driver.engine.flows.get("crm").paused is True
    assert driver.engine.flows.get("crm").held == 1


def test_a_resumed_key_goes_on_with_its_wait_list(driver: Driver) -> None:
    driver.engine.flows.pause("crm")
    fill(driver, "parallelism=1", "1", "2")
    driver.claim()

    driver.engine.flows.resume("crm")

    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["1"]


def test_the_period_goes_on_during_a_pause(driver: Driver) -> None:
    fill(driver, "rate=1, period=10", "1", "2")
    driver.deliver()
    driver.engine.flows.pause("crm")
    driver.advance(10)
    assert driver.claim() == []
    driver.engine.flows.resume("crm")
    assert driver.claimed() == ["2"]


def test_pinned_limits_stand_against_later_messages(driver: Driver) -> None:
    fill(driver, "parallelism=1, rate=1, period=1s", "1")
    driver.engine.flows.pin("crm", parallelism=3, rate=20, period=120)
    fill(driver, "parallelism=9, rate=9, period=9s", "2")

    flow = driver.engine.flows.get("crm")

    assert (flow.parallelism, flow.rate, flow.period) == (3, 20, 120)
    assert (flow.pinned_parallelism, flow.pinned_rate) == (True, True)


def test_parallelism_and_rate_are_pinned_apart(driver: Driver) -> None:
    driver.engine.flows.pin("crm", parallelism=3, rate=None, period=None)
    fill(driver, "parallelism=9, rate=9, period=9s", "1")

    flow = driver.engine.flows.get("crm")

    assert (flow.parallelism, flow.rate, flow.period) == (3, 9, 9)
    assert (flow.pinned_parallelism, flow.pinned_rate) == (True, False)


def test_unpinned_limits_stay_until_the_next_message(driver: Driver) -> None:
    driver.engine.flows.pin("crm", parallelism=3, rate=20, period=120)
    driver.engine.flows.unpin("crm", parallelism=True, rate=False)
    flow = driver.engine.flows.get("crm")
    assert (flow.parallelism, flow.pinned_parallelism, flow.pinned_rate) == (3, False, True)

    fill(driver, "parallelism=1, rate=1", "1")

    flow = driver.engine.flows.get("crm")
    assert (flow.parallelism, flow.rate, flow.period) == (1, 20, 120)


def test_pinning_begins_a_new_period(driver: Driver) -> None:
    fill(driver, "rate=1, period=1h", "1", "2")
    driver.deliver()
    driver.advance(5)
    driver.engine.flows.pin("crm", parallelism=None, rate=1, period=60)

    assert (driver.engine.flows.get("crm").rate_count, driver.engine.flows.get("crm").period_start_at) == (0, NOW + 5)
    assert driver.claimed() == ["2"]


def test_raising_a_pinned_limit_lets_the_wait_list_go(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2", "3")
    driver.claim()
    assert driver.claim() == []
    driver.engine.flows.pin("crm", parallelism=2, rate=None, period=None)
    assert driver.claimed() == ["2"]


def test_resetting_the_rate_lets_the_wait_list_go(driver: Driver) -> None:
    fill(driver, "rate=1, period=1h", "1", "2")
    driver.deliver()
    driver.claim()

    driver.engine.flows.reset_rate("crm")

    assert driver.engine.flows.get("crm").rate_count == 0
    assert driver.claimed() == ["2"]


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"parallelism": 0}, "parallelism must be between 1 and 999999999, not 0"),
        ({"rate": -1}, "rate must be between 1 and 999999999, not -1"),
        ({"period": 0}, "period must be between 1s and 7d"),
        ({"period": 604_801}, "period must be between 1s and 7d"),
    ],
    ids=str,
)
def test_a_senseless_limit_cannot_be_pinned(driver: Driver, limits: dict[str, int], text: str) -> None:
    wanted = {"parallelism": None, "rate": None, "period": None, **limits}
    with pytest.raises(Refused, match=text):
        driver.engine.flows.pin("crm", parallelism=wanted["parallelism"], rate=wanted["rate"], period=wanted["period"])


def test_cancelling_held_messages_empties_the_wait_list(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1", "2", "3")
    (first,) = driver.claim()
    assert driver.engine.flows.get("crm").held == 2

    driver.engine.messages.cancel_all(Filter(flow_keys=("crm",)), None)

    assert driver.engine.flows.get("crm").held == 0
    driver.answer(first)
    assert driver.engine.claiming.next_due_at() is None


def test_a_held_head_keeps_its_queue_waiting(driver: Driver) -> None:
    fill(driver, "parallelism=1", "1")
    (first,) = driver.claim()
    driver.publish(body=b"head", queue="mail", flow_control_key="crm", flow_control_value="parallelism=1")
    driver.publish(body=b"next", queue="mail")

    assert driver.claim() == []
    driver.engine.queues.pause("mail")
    driver.answer(first)
    assert driver.claim() == []
    driver.engine.queues.resume("mail")
    assert bodies(driver.deliver()) == ["head"]
    assert driver.claimed() == ["next"]


def test_a_thousand_messages_of_a_closed_key_do_not_hide_another(driver: Driver) -> None:
    driver.engine.flows.pause("crm")
    fill(driver, "rate=1", *(str(number) for number in range(2500)))
    driver.publish(body=b"plain")

    claimed: list[str] = []
    calls = 0
    while driver.engine.claiming.next_due_at() is not None:
        claimed += driver.claimed()
        calls += 1

    assert claimed == ["plain"]
    assert calls == 3, "a call looks at a thousand"
    assert driver.engine.flows.get("crm").held == 2500
