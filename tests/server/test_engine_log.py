"""The log: newest first, in pages, with every filter; and the signing keys."""

import pytest

from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Endpoint, Event, Filter, Keys, Refused
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import connect
from tests.server.driver import KEYS, NOW, Driver, publication

ALL = Filter()


def test_the_newest_comes_first(driver: Driver) -> None:
    receipt = driver.publish()
    driver.advance(1)
    driver.deliver()

    page = driver.engine.log.events(ALL, cursor=None, count=1000)

    assert [(event.state, event.at) for event in page.items] == [
        ("DELIVERED", NOW + 1),
        ("ACTIVE", NOW + 1),
        ("CREATED", NOW),
    ]
    assert {event.message.id for event in page.items} == {receipt.message_id}
    assert page.cursor is None


def test_a_hundred_failures_are_four_hundred_entries_on_one_page(driver: Driver) -> None:
    for _ in range(100):
        driver.publish(retries="0")
    while driver.deliver(500):
        pass
    assert len(driver.engine.log.events(ALL, cursor=None, count=1000).items) == 400


def test_pages_follow_the_cursor_to_the_end(driver: Driver) -> None:
    for _ in range(3):
        driver.publish()
    driver.deliver()
    whole = driver.engine.log.events(ALL, cursor=None, count=1000).items
    found: list[Event] = []
    cursor = None
    for _ in range(3):
        page = driver.engine.log.events(ALL, cursor=cursor, count=4)
        found += page.items
        cursor = page.cursor
        # What comes in between is newer, and moves nothing.
        driver.publish()

    assert found == [*whole]
    assert cursor is None


def test_a_cursor_is_the_moment_and_the_number_of_the_last_entry(driver: Driver) -> None:
    driver.publish()
    driver.publish()
    assert driver.engine.log.events(ALL, cursor=None, count=1).cursor == "1800000000000-2"


@pytest.mark.parametrize("cursor", ["", "x", "1-", "-1"])
def test_a_bad_cursor_is_refused(driver: Driver, cursor: str) -> None:
    with pytest.raises(Refused, match="invalid cursor"):
        driver.engine.log.events(ALL, cursor=cursor, count=10)


def test_large_bodies_make_short_pages(driver: Driver) -> None:
    for _ in range(40):
        driver.publish(body=b"x" * 1_000_000)

    page = driver.engine.log.events(ALL, cursor=None, count=1000)

    assert len(page.items) == 33
    assert len(driver.engine.log.events(ALL, cursor=page.cursor, count=1000).items) == 7


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(states=("DELIVERED",)), ["b DELIVERED"]),
        (Filter(states=("delivered", "FAILED")), ["c FAILED", "b DELIVERED"]),
        (Filter(states=("CANCELED",)), ["a CANCELED"]),
        (Filter(states=("CANCELLED",)), ["a CANCELED"]),
        (Filter(states=("IN_PROGRESS",), labels=("eu",)), ["b ACTIVE", "b ERROR", "b RETRY", "b ACTIVE"]),
        (Filter(states=("CREATED",), hosts=("a.example", "b.example")), ["a CREATED", "b CREATED"]),
        (Filter(states=("CREATED",), paths=("/in",)), ["b CREATED"]),
        (Filter(states=("CREATED",), topics=("one",)), ["c CREATED"]),
        (Filter(states=("CREATED",), queues=("mail",)), ["c CREATED"]),
        (Filter(states=("CREATED",), urls=("https://a.example",)), ["a CREATED"]),
        (Filter(statuses=(404,)), ["c ERROR", "c FAILED"]),
        (Filter(from_at=NOW + 1, to_at=NOW + 1), ["b ERROR", "b RETRY", "c ERROR", "c FAILED"]),
        (Filter(labels=("none",)), []),
    ],
    ids=str,
)
def test_filters_choose(driver: Driver, wanted: Filter, expected: list[str]) -> None:
    cancelled = driver.publish("https://a.example", b"a", delay="1h")
    driver.engine.messages.cancel(cancelled.message_id)
    driver.publish("https://b.example/in", b"b", label="eu")
    driver.engine.url_groups.add_endpoints("one", [Endpoint(url="https://c.example")])
    driver.engine.publishing.publish(publication("one", b"c", queue="mail", retries="0"))
    first, second = driver.claim()
    driver.advance(1)
    driver.answer(first, 503)
    driver.answer(second, 404)
    driver.advance(13)
    driver.deliver()

    page = driver.engine.log.events(wanted, cursor=None, count=100, earliest_first=True)

    assert [f"{event.message.body.decode()} {event.state}" for event in page.items] == expected


ODD = 'say "\xe9" \\ 100%_'


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(labels=(ODD,)), ["odd"]),
        (Filter(labels=("100%_",)), []),  # a part of one
        (Filter(labels=(*(f"none{n}" for n in range(20)), ODD)), ["odd"]),
        (Filter(hosts=("HOST.example",)), ["odd"]),
        (Filter(hosts=("::1",)), ["six"]),
        (Filter(hosts=("path",)), []),
        (Filter(hosts=("host.example", "::1")), ["odd", "six"]),
        (Filter(paths=("/path/host.example",)), ["odd"]),
        (Filter(paths=("/path",)), []),
        (Filter(paths=("/",)), ["six"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_only_looks_like_it_is_not_found(driver: Driver, wanted: Filter, expected: list[str]) -> None:
    driver.publish("https://Host.Example:8443/path/host.example?host=x.example", b"odd", label=f"{ODD}, other")
    driver.publish("http://[::1]/", b"six", label="none")
    page = driver.engine.log.events(wanted, cursor=None, count=10, earliest_first=True)
    assert [event.message.body.decode() for event in page.items] == expected


def test_a_search_looks_closely_at_what_may_be_meant() -> None:
    """At every row it would hold up deliveries for a second where there are a few hundred thousand."""
    looked_at: list[str] = []

    def host_of(url: str) -> str:
        looked_at.append(url)
        return "h7.example"

    connection = connect(None)
    driver = Driver(Store(connection))
    driver.engine.publishing.batch([publication(f"https://h{number}.example/{number}") for number in range(200)])
    connection.create_function("host_of", 1, host_of, deterministic=True)

    page = driver.engine.log.events(Filter(hosts=("h7.example",)), cursor=None, count=10)

    assert [event.message.url for event in page.items] == ["https://h7.example/7"]
    assert looked_at == ["https://h7.example/7"]
    driver.engine.close()


def test_an_unknown_state_is_refused(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.log.events(Filter(states=("SLEEPING",)), cursor=None, count=10)
    assert refusal.value.status == 400
    assert "invalid state 'SLEEPING'" in refusal.value.text


def test_moments_are_whole_milliseconds_so_that_filters_find_what_is_shown(driver: Driver) -> None:
    driver.advance(0.123456)
    driver.publish()

    (event,) = driver.engine.log.events(Filter(from_at=NOW + 0.123, to_at=NOW + 0.123), cursor=None, count=10).items

    assert event.at == 1_800_000_000.123


def test_the_first_keys_are_the_ones_given(driver: Driver) -> None:
    assert driver.engine.keys.get() == KEYS


def test_rotation_moves_the_next_key_up_and_makes_another(driver: Driver) -> None:
    rotated = driver.engine.keys.rotate()

    assert rotated.current == KEYS.next
    assert rotated.next.startswith("sig_")
    assert len(rotated.next) == 32
    assert rotated.next not in (KEYS.current, KEYS.next)
    assert driver.engine.keys.get() == rotated


def test_stored_keys_win_over_those_given(driver: Driver) -> None:
    store = Store.open(None)
    first = Engine(store, keys=KEYS)
    rotated = first.keys.rotate()

    assert Engine(store, keys=KEYS).keys.get() == rotated
    store.close()


def test_without_keys_a_pair_is_made() -> None:
    engine = Engine(Store.open(None))
    keys = engine.keys.get()
    assert keys.current != keys.next
    assert keys.current.startswith("sig_")
    engine.close()


def test_keys_do_not_print() -> None:
    assert repr(Keys(current="sig_secret", next="sig_secret")) == "Keys()"
