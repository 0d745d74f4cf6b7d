"""The dead letter queue: entered after the last failure, listed, deleted, published again."""

import pytest

from qstash_integrations.server.model import Endpoint, Filter, Limits, Outcome, Refused
from tests.server.driver import NOW, URL, Driver, bodies, headers, publication

ALL = Filter()


def ids(driver: Driver, wanted: Filter = ALL) -> list[str]:
    return [letter.id for letter in driver.engine.dead_letters.page(wanted, cursor=None, count=100).items]


def test_the_last_failure_makes_a_dead_letter(driver: Driver) -> None:
    receipt = driver.publish(body=b"hello", retries="1", retry_delay="1000", label="orders")
    driver.deliver(500, b"first")
    assert ids(driver) == []
    driver.advance(1)
    driver.deliver(503, b"last", content_type="text/plain")

    (letter,) = driver.engine.dead_letters.page(ALL, cursor=None, count=10).items

    assert letter.id == "1800000001000-1"
    assert letter.at == NOW + 1
    assert letter.message.id == receipt.message_id
    assert (letter.message.body, letter.message.options.labels) == (b"hello", ("orders",))
    assert letter.outcome == Outcome(status=503, headers=(("content-type", "text/plain"),), body=b"last")
    assert driver.engine.dead_letters.get(letter.id) == letter


def test_giving_up_early_makes_a_dead_letter(driver: Driver) -> None:
    driver.publish()
    driver.deliver(489, upstash_nonretryable_error="true")
    assert len(ids(driver)) == 1


def test_pages_follow_the_cursor_to_the_end(driver: Driver) -> None:
    expected = [driver.fail_for_good(body=str(number).encode()) for number in range(5)]
    found: list[str] = []
    cursor = None
    sizes: list[int] = []
    while True:
        page = driver.engine.dead_letters.page(ALL, cursor=cursor, count=2)
        found += [letter.id for letter in page.items]
        sizes.append(len(page.items))
        cursor = page.cursor
        if cursor is None:
            break

    assert found == expected
    assert sizes == [2, 2, 1]


def test_the_latest_can_come_first(driver: Driver) -> None:
    first, second, third = (driver.fail_for_good() for _ in range(3))

    page = driver.engine.dead_letters.page(ALL, cursor=None, count=2, earliest_first=False)
    rest = driver.engine.dead_letters.page(ALL, cursor=page.cursor, count=2, earliest_first=False)

    assert [letter.id for letter in (*page.items, *rest.items)] == [third, second, first]
    assert rest.cursor is None


def test_a_page_that_ends_with_the_last_letter_has_no_cursor(driver: Driver) -> None:
    driver.fail_for_good()
    driver.fail_for_good()
    assert driver.engine.dead_letters.page(ALL, cursor=None, count=2).cursor is None


def test_large_letters_make_short_pages(driver: Driver) -> None:
    for _ in range(3):
        driver.publish(retries="0")
        driver.deliver(500, b"x" * 20_000_000)

    page = driver.engine.dead_letters.page(ALL, cursor=None, count=100)

    assert len(page.items) == 1
    assert len(driver.engine.dead_letters.page(ALL, cursor=page.cursor, count=100).items) == 1


@pytest.mark.parametrize("cursor", ["", "next", "1-2-3", "1800000000000", "1-" + "9" * 30])
def test_a_bad_cursor_is_refused(driver: Driver, cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.dead_letters.page(ALL, cursor=cursor, count=10)
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(statuses=(500,)), "a"),
        (Filter(statuses=(500, 404)), "ab"),
        (Filter(urls=("https://b.example",)), "b"),
        (Filter(topics=("both",)), "c"),
        (Filter(queues=("mail",)), "b"),
        (Filter(labels=("eu",)), "ab"),
        (Filter(labels=("eu",), statuses=(404,)), "b"),
        (Filter(flow_keys=("crm",)), "a"),
        (Filter(dlq_ids=("1800000000000-1", "1800000020000-3")), "ac"),
        (Filter(dlq_ids=("1800000010000-1", "1-3", "nonsense", "01800000000000-1")), ""),
        (Filter(from_at=NOW + 10), "bc"),
        (Filter(to_at=NOW + 10), "ab"),
        (Filter(caller_ips=("203.0.113.9",)), "abc"),
    ],
    ids=str,
)
def test_filters_choose(driver: Driver, wanted: Filter, expected: str) -> None:
    driver.publish(
        "https://a.example", b"a", retries="0", label="eu", flow_control_key="crm", flow_control_value="rate=9"
    )
    driver.deliver(500)
    driver.advance(10)
    driver.publish("https://b.example", b"b", retries="0", label="eu", queue="mail")
    driver.deliver(404)
    driver.advance(10)
    driver.engine.url_groups.add_endpoints("both", [Endpoint(url="https://c.example")])
    driver.engine.publishing.publish(publication("both", b"c", retries="0"))
    driver.deliver(0)

    page = driver.engine.dead_letters.page(wanted, cursor=None, count=100)

    assert "".join(bodies(letter.message for letter in page.items)) == expected


@pytest.mark.parametrize("dlq_id", ["", "1", "1800000000001-1", "1800000000000-2", "x-1", "1800000000000-" + "9" * 30])
def test_an_unknown_letter_is_not_found(driver: Driver, dlq_id: str) -> None:
    assert driver.fail_for_good() == "1800000000000-1"

    for call in (driver.engine.dead_letters.get, driver.engine.dead_letters.delete, driver.engine.dead_letters.retry):
        with pytest.raises(Refused) as refusal:
            call(dlq_id)
        assert refusal.value.status == 404


def test_a_letter_is_deleted_once(driver: Driver) -> None:
    dlq_id = driver.fail_for_good()

    driver.engine.dead_letters.delete(dlq_id)

    assert ids(driver) == []
    with pytest.raises(Refused, match="not found"):
        driver.engine.dead_letters.delete(dlq_id)


def test_many_are_deleted_by_filter_and_count(driver: Driver) -> None:
    letters = [driver.fail_for_good(label="eu") for _ in range(3)]
    other = driver.fail_for_good()

    assert driver.engine.dead_letters.delete_all(Filter(labels=("eu",)), count=2) == (2, letters[1])
    assert driver.engine.dead_letters.delete_all(Filter(labels=("eu",)), count=2) == (1, None)
    assert driver.engine.dead_letters.delete_all(Filter(labels=("eu",)), count=2) == (0, None)
    assert ids(driver) == [other]
    assert driver.engine.dead_letters.delete_all(ALL, count=None) == (1, None)


def test_a_retry_is_a_new_message_and_removes_the_letter(driver: Driver) -> None:
    dlq_id = driver.fail_for_good(
        "https://a.example/x?p=1",
        b"hello",
        method="PUT",
        forward_x_job="77",
        content_type="text/plain",
        label="eu",
        delay="0s",
        deduplication_id="once",
    )
    original = driver.engine.dead_letters.get(dlq_id).message
    driver.advance(30)

    receipt = driver.engine.dead_letters.retry(dlq_id)

    assert ids(driver) == []
    (message,) = driver.claim()
    assert message.id == receipt.message_id != original.id
    assert (message.url, message.body, message.retried) == ("https://a.example/x?p=1", b"hello", 0)
    assert message.created_at == message.due_at == NOW + 30
    assert message.options.method == "PUT"
    assert message.options.headers == original.options.headers
    assert message.options.labels == ("eu",)
    assert message.caller_ip == "203.0.113.9"
    with pytest.raises(Refused, match="not found"):
        driver.engine.dead_letters.retry(dlq_id)


def test_a_retry_keeps_where_the_message_belonged(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [Endpoint(url="https://a.example", name="a")])
    driver.engine.publishing.publish(publication("both", queue="mail", retries="0"))
    driver.deliver(500)

    driver.engine.dead_letters.retry(ids(driver)[0])

    (message,) = driver.claim()
    assert (message.queue, message.topic, message.endpoint) == ("mail", "both", "a")


def test_headers_of_the_retry_override_what_was_stored(driver: Driver) -> None:
    dlq_id = driver.fail_for_good(label="eu", content_type="text/plain", queue="mail")

    driver.engine.dead_letters.retry(
        dlq_id,
        headers(
            retries="7",
            delay="5s",
            label="again",
            method="PATCH",
            callback="https://cb.example",
            queue_name="again",
            content_type="application/json",
        ),
    )

    assert driver.engine.claiming.next_due_at() == NOW + 5
    driver.advance(5)
    (message,) = driver.claim()
    assert (message.options.retries, message.options.labels, message.options.method) == (7, ("again",), "PATCH")
    assert message.options.callback is not None
    assert message.queue == "again"
    assert message.options.headers == (("Content-Type", "text/plain"),), "the call's own type is not the message's"


def test_a_bad_override_changes_nothing(driver: Driver) -> None:
    dlq_id = driver.fail_for_good()

    with pytest.raises(Refused) as refusal:
        driver.engine.dead_letters.retry(dlq_id, headers(retries="many"))

    assert refusal.value.status == 400
    assert ids(driver) == [dlq_id]
    assert driver.claim() == []


def test_many_are_retried_by_filter_and_count(driver: Driver) -> None:
    letters = [driver.fail_for_good(label="eu", body=str(number).encode()) for number in range(3)]
    other = driver.fail_for_good()

    receipts, cursor = driver.engine.dead_letters.retry_all(Filter(labels=("eu",)), count=2)
    assert ([receipt.url for receipt in receipts], cursor) == ([URL, URL], letters[1])
    receipts, cursor = driver.engine.dead_letters.retry_all(Filter(labels=("eu",)), count=2)
    assert (len(receipts), cursor) == (1, None)
    assert driver.engine.dead_letters.retry_all(Filter(labels=("none",)), count=2) == ([], None)
    assert ids(driver) == [other]
    assert driver.claimed() == ["0", "1", "2"]


def test_a_retry_that_fails_again_is_a_new_letter(driver: Driver) -> None:
    first = driver.fail_for_good()
    driver.engine.dead_letters.retry(first)
    driver.deliver(500)
    assert ids(driver) == ["1800000000000-2"]


def test_a_retry_finds_room_or_changes_nothing() -> None:
    driver = Driver(limits=Limits(unfinished=1))
    dlq_id = driver.fail_for_good()
    driver.publish()

    with pytest.raises(Refused) as refusal:
        driver.engine.dead_letters.retry(dlq_id)

    assert refusal.value.status == 429
    assert ids(driver) == [dlq_id]
    driver.engine.close()
