"""What the server itself allows: so many deliveries at once and in a second, in all and to one destination."""

from collections.abc import Iterator

import pytest

from qstash_integrations.server.model import Limits
from tests.server.driver import NOW, Driver, bodies

A, B = "http://a.example:8000", "http://b.example:8000"


def limited(limits: Limits) -> Iterator[Driver]:
    driver = Driver(limits=limits)
    yield driver
    driver.engine.close()


@pytest.fixture
def narrow() -> Iterator[Driver]:
    yield from limited(Limits(destination_parallelism=2))


@pytest.fixture
def slow() -> Iterator[Driver]:
    yield from limited(Limits(destination_rate=2))


@pytest.fixture
def unhurried() -> Iterator[Driver]:
    yield from limited(Limits(rate=3))


def test_E6_one_destination_gets_so_many_at_once_and_holds_up_no_other(narrow: Driver) -> None:
    for text in (b"1", b"2", b"3", b"4"):
        narrow.publish(f"{A}/{text.decode()}", text)
    narrow.publish(B, b"other")
    first = narrow.claim()
    assert sorted(bodies(first)) == ["1", "2", "other"]
    assert narrow.claimed() == []
    narrow.answer(first[0], 500)
    assert narrow.claimed() == ["3"]


@pytest.mark.parametrize(
    ("first", "second", "at_once"),
    [
        ("http://a.example", "HTTP://A.Example:80/x", 1),
        ("https://a.example/x?y", "https://a.example:443", 1),
        ("https://a.example", "http://a.example", 2),
        ("http://a.example:8000", "http://a.example:8001", 2),
        ("http://a.example", "http://b.a.example", 2),
    ],
)
def test_a_destination_is_a_host_and_a_port_however_they_are_spelled(first: str, second: str, at_once: int) -> None:
    driver = Driver(limits=Limits(destination_parallelism=1))
    driver.publish(first)
    driver.publish(second)
    assert len(driver.claim()) == at_once
    driver.engine.close()


def test_E6_one_destination_gets_so_many_in_a_second(slow: Driver) -> None:
    for text in (b"1", b"2", b"3"):
        slow.publish(A, text)
    slow.publish(B, b"other")
    assert sorted(bodies(slow.deliver())) == ["1", "2", "other"]
    assert slow.engine.claiming.next_due_at() == NOW + 1
    slow.advance(1)
    assert slow.claimed() == ["3"]


def test_a_publishers_own_flow_control_counts_in_its_place(narrow: Driver) -> None:
    for _ in range(3):
        narrow.publish(A, flow_control_key="mine", flow_control_value="parallelism=3")
    assert len(narrow.claim()) == 3


def test_E6_callbacks_are_counted_among_what_their_destination_gets(narrow: Driver) -> None:
    for _ in range(3):
        narrow.publish(B, flow_control_key="mine", flow_control_value="rate=9", callback=f"{A}/callback")
    narrow.deliver()
    assert len(narrow.claim()) == 2


def test_a_destination_can_be_looked_at_like_a_key(narrow: Driver) -> None:
    for _ in range(3):
        narrow.publish(A)
    narrow.claim()
    flow = narrow.engine.flows.get(A)
    assert (flow.parallelism, flow.active, flow.held) == (2, 2, 1)


def test_a_message_says_nothing_of_the_servers_own_limits(narrow: Driver) -> None:
    message = narrow.engine.messages.get(narrow.publish(A).message_id)
    assert message.options.flow_control is None


def test_E6_the_server_starts_so_many_in_a_second(unhurried: Driver) -> None:
    for text in (b"1", b"2", b"3", b"4", b"5"):
        unhurried.publish(A, text)
    assert bodies(unhurried.claim(2)) == ["1", "2"]
    assert unhurried.claimed() == ["3"]
    assert unhurried.claimed() == []
    assert unhurried.engine.claiming.next_due_at() == NOW + 1
    unhurried.advance(0.5)
    assert unhurried.claimed() == []
    unhurried.advance(0.5)
    assert unhurried.claimed() == ["4", "5"]
