"""Slots of the server for each destination: one that does not answer holds up no other."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from qstash_integrations.server.model import Filter, Limits
from qstash_integrations.server.tables import Store
from tests.server.driver import NOW, Driver, bodies

SLOW, QUICK = "http://slow.example:8000/hook", "http://quick.example:8000/hook"


@pytest.fixture
def driver() -> Iterator[Driver]:
    """With twelve slots: a destination has six of them at most, and three are for those that have none."""
    driver = Driver(limits=Limits(parallelism=12))
    yield driver
    driver.engine.close()


def publish(driver: Driver, url: str, *texts: object, **options: str) -> None:
    for text in texts:
        driver.publish(url, str(text).encode(), **options)


def hosts(driver: Driver) -> Counter[str]:
    """Of what starts now, how much goes where."""
    return Counter(message.url.split("//")[1].split(".")[0] for message in driver.claim())


def test_a_destination_that_does_not_answer_has_half_of_the_slots(driver: Driver) -> None:
    publish(driver, SLOW, *range(200))
    assert hosts(driver) == {"slow": 6}
    assert driver.engine.claiming.next_due_at() is None
    publish(driver, QUICK, "a", "b")
    assert driver.claimed() == ["a", "b"]


def test_many_messages_that_came_first_are_passed_by(driver: Driver) -> None:
    publish(driver, SLOW, *range(2500))
    driver.advance(1)
    publish(driver, QUICK, "late")
    started = Counter[str]()
    while driver.engine.claiming.next_due_at() == NOW:
        started += hosts(driver)
    assert started == {"slow": 6, "quick": 1}


def test_the_last_quarter_is_for_those_that_have_none(driver: Driver) -> None:
    publish(driver, SLOW, *range(20))
    publish(driver, "http://slow2.example", *range(20))
    assert hosts(driver) == {"slow": 6, "slow2": 3}
    for name in "abcd":
        publish(driver, f"http://{name}.example", *range(3))
    assert hosts(driver) == {"a": 1, "b": 1, "c": 1}


def test_what_waits_for_a_slot_goes_in_its_order_once_there_is_one(driver: Driver) -> None:
    publish(driver, SLOW, *range(10))
    first, *_ = driver.claim()
    driver.claim()  # parks the others
    publish(driver, SLOW, "new")
    driver.answer(first)
    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["6"]


def test_a_slot_that_is_free_goes_to_whoever_has_the_fewest(driver: Driver) -> None:
    publish(driver, SLOW, *range(20))
    publish(driver, "http://slow2.example", *range(20))
    active = driver.claim()
    driver.claim()
    driver.answer(next(message for message in active if message.url == SLOW))
    assert hosts(driver) == {"slow2": 1}


@pytest.mark.parametrize(
    ("one", "other", "at_once"),
    [
        ("http://a.example", "HTTP://A.Example:80/x?y", 6),
        ("https://a.example:443/x", "https://a.example", 6),
        ("http://a.example:8000", "http://a.example:8001", 9),
        ("http://a.example", "http://b.example", 9),
    ],
)
def test_a_destination_is_a_host_and_a_port(driver: Driver, one: str, other: str, at_once: int) -> None:
    for number in range(10):
        publish(driver, one, number)
        publish(driver, other, number)
    assert len(driver.claim()) == at_once


def test_a_slot_lets_nothing_pass_its_flow_control_key(driver: Driver) -> None:
    limit = {"flow_control_key": "crm", "flow_control_value": "parallelism=2"}
    publish(driver, SLOW, *range(8))
    publish(driver, SLOW, "k1", "k2", "k3", **limit)
    active = driver.claim()
    assert bodies(active) == [str(number) for number in range(6)]
    driver.claim()
    started: list[str] = []
    for message in active:
        driver.answer(message)
        started += driver.claimed()
    while more := driver.claimed():
        started += more
    assert started == ["6", "7", "k1", "k2"]
    assert driver.engine.flows.get("crm").held == 1


def test_what_a_key_lets_go_needs_a_slot_as_well(driver: Driver) -> None:
    publish(driver, SLOW, "a", "b", flow_control_key="crm", flow_control_value="rate=1, period=10s")
    assert driver.claimed() == ["a"]
    publish(driver, SLOW, *range(8))
    assert len(driver.claim()) == 5
    driver.advance(10)
    assert driver.claimed() == []
    assert driver.engine.claiming.next_due_at() is None
    assert driver.engine.flows.get("crm").rate_count == 0


def test_a_slow_destination_does_not_hold_up_others_of_its_key(driver: Driver) -> None:
    limit = {"flow_control_key": "crm", "flow_control_value": "parallelism=9"}
    publish(driver, SLOW, *range(20), **limit)
    publish(driver, QUICK, "quick", **limit)
    started: list[str] = []
    while driver.engine.claiming.next_due_at() == NOW:
        started += driver.claimed()
    assert started == [*map(str, range(6)), "quick"]


def test_a_queue_whose_head_has_no_slot_keeps_its_order(driver: Driver) -> None:
    publish(driver, SLOW, *range(6))
    busy = driver.claim()
    for text in (b"first", b"second"):
        driver.publish(SLOW, text, queue="mail")
    assert driver.claimed() == []
    driver.engine.queues.pause("mail")
    driver.answer(busy[0])
    assert driver.claimed() == []
    driver.engine.queues.resume("mail")
    driver.answer(busy[1])
    assert driver.claimed() == ["first"]
    assert driver.claimed() == []


def test_what_has_no_slot_can_be_cancelled_and_is_shown_as_held(driver: Driver) -> None:
    publish(driver, SLOW, *range(6))
    active = driver.claim()
    receipt = driver.publish(SLOW, b"more")
    driver.claim()
    assert driver.engine.messages.get(receipt.message_id).state == "held"
    assert driver.engine.messages.cancel_all(Filter(message_ids=(receipt.message_id,)), None) == 1
    driver.answer(active[0])
    assert driver.claimed() == []


def test_what_waits_for_a_slot_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    before = Driver(Store.open(path), limits=Limits(parallelism=12))
    publish(before, SLOW, *range(8))
    before.claim()
    before.claim()
    # As with kill -9: nobody ends what is under way.
    before.engine.close()
    after = Driver(Store.open(path), limits=Limits(parallelism=12))
    after.engine.claiming.recover()
    active = after.claim()
    assert sorted(bodies(active)) == ["0", "1", "2", "3", "4", "5"]
    for message in active:
        after.answer(message)
    assert after.claimed() == ["6", "7"]
    after.engine.close()
