"""Deduplication: by the publisher's id or by content, for ten minutes, whatever became of the first message."""

import pytest

from qstash_integrations.server.model import Endpoint, Filter, Receipt, Refused
from tests.server.driver import URL, Driver, publication


def test_a_duplicate_gets_the_earlier_id_and_is_not_stored(driver: Driver) -> None:
    first = driver.publish(deduplication_id="order-3")

    second = driver.publish(body=b"other", deduplication_id="order-3")

    assert second == Receipt(message_id=first.message_id, url=URL, deduplicated=True)
    assert len(driver.claim()) == 1
    assert driver.states(first.message_id) == ["CREATED", "ACTIVE"]


def test_the_window_is_ten_minutes_from_acceptance(driver: Driver) -> None:
    first = driver.publish(deduplication_id="a", delay="1h")
    driver.advance(599.999)
    assert driver.publish(deduplication_id="a").deduplicated
    driver.advance(0.001)

    again = driver.publish(deduplication_id="a")

    assert not again.deduplicated
    assert again.message_id != first.message_id
    driver.advance(599)
    assert driver.publish(deduplication_id="a").message_id == again.message_id


@pytest.mark.parametrize("end", ["delivered", "failed", "cancelled"])
def test_the_first_counts_whatever_became_of_it(driver: Driver, end: str) -> None:
    first = driver.publish(deduplication_id="a", retries="0")
    if end == "cancelled":
        driver.engine.messages.cancel(first.message_id)
    else:
        driver.deliver(200 if end == "delivered" else 500)

    assert driver.publish(deduplication_id="a").deduplicated


def test_ids_count_across_destinations(driver: Driver) -> None:
    driver.publish("https://a.example", deduplication_id="a")
    assert driver.publish("https://b.example", deduplication_id="a").deduplicated


def test_content_is_destination_body_and_forwarded_headers(driver: Driver) -> None:
    same = {"content_based_deduplication": "true", "content_type": "text/plain", "forward_x_job": "1"}
    driver.publish("https://a.example", b"hi", **same)

    assert driver.publish("https://a.example", b"hi", **same, retries="1", label="x", delay="5s").deduplicated
    assert not driver.publish("https://b.example", b"hi", **same).deduplicated
    assert not driver.publish("https://a.example", b"ho", **same).deduplicated
    assert not driver.publish("https://a.example", b"hi", **{**same, "content_type": "text/html"}).deduplicated
    assert not driver.publish("https://a.example", b"hi", **{**same, "forward_x_job": "2"}).deduplicated


def test_an_id_switches_content_off(driver: Driver) -> None:
    driver.publish(content_based_deduplication="true", deduplication_id="a")

    assert not driver.publish(content_based_deduplication="true", deduplication_id="b").deduplicated
    assert driver.publish(body=b"other", deduplication_id="b").deduplicated


def test_without_being_asked_nothing_is_a_duplicate(driver: Driver) -> None:
    driver.publish()
    assert not driver.publish().deduplicated
    assert not driver.publish(content_based_deduplication="false").deduplicated


def test_each_endpoint_of_a_group_is_decided_apart(driver: Driver) -> None:
    a, b = Endpoint(url="https://a.example"), Endpoint(url="https://b.example")
    driver.engine.url_groups.add_endpoints("both", [a])
    driver.engine.publishing.publish(publication("both", deduplication_id="x"))
    driver.engine.url_groups.add_endpoints("both", [b])

    again = driver.engine.publishing.publish(publication("both", deduplication_id="x"))

    assert [receipt.deduplicated for receipt in again.each] == [True, False]


def test_an_id_with_a_colon_is_refused(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.publish(deduplication_id="a:b")
    assert (refusal.value.status, refusal.value.text) == (400, "DeduplicationId cannot contain ':'")


def test_a_call_that_is_refused_leaves_no_key_behind(driver: Driver) -> None:
    with pytest.raises(Refused):
        driver.engine.publishing.batch([publication(deduplication_id="a"), publication(retries="x")])
    assert not driver.publish(deduplication_id="a").deduplicated


def test_a_retried_dead_letter_is_no_duplicate_of_itself(driver: Driver) -> None:
    dlq_id = driver.fail_for_good(deduplication_id="a")
    assert not driver.engine.dead_letters.retry(dlq_id).deduplicated
    assert driver.engine.messages.cancel_all(Filter(), None) == 1
