"""Publishing: what is stored, what is refused, and what a batch does with a mistake."""

from typing import Any

import pytest

from qstash_integrations.server.model import Endpoint, Filter, FlowControl, Limits, Receipt, Refused
from tests.server.driver import NOW, URL, Driver, publication


def test_a_message_is_due_at_once(driver: Driver) -> None:
    receipt = driver.publish(body=b"hello", content_type="text/plain")

    (message,) = driver.claim()

    assert message.id == receipt.message_id
    assert message.state == "active"
    assert message.url == URL
    assert message.body == b"hello"
    assert message.options.headers == (("Content-Type", "text/plain"),)
    assert message.caller_ip == "203.0.113.9"
    assert (message.created_at, message.not_before_at, message.retried) == (NOW, NOW, 0)


def test_every_option_reaches_the_message(driver: Driver) -> None:
    driver.publish(
        method="PUT",
        forward_x_job="77",
        retries="5",
        retry_delay="1000 * (1 + retried)",
        timeout="30s",
        callback="https://app.example.com/done?x=1",
        callback_method="PATCH",
        callback_forward_x_of="77",
        failure_callback="https://app.example.com/failed",
        flow_control_key="crm",
        flow_control_value="parallelism=3, rate=5, period=1m",
        label="orders, eu",
        redact_fields="body, header[X-Job]",
    )

    (message,) = driver.claim()
    options = message.options

    assert options.method == "PUT"
    assert options.headers == (("X-Job", "77"),)
    assert (options.retries, options.retry_delay, options.timeout) == (5, "1000 * (1 + retried)", 30)
    assert options.callback is not None
    assert options.callback.url == "https://app.example.com/done?x=1"
    assert (options.callback.method, options.callback.headers) == ("PATCH", (("X-Of", "77"),))
    assert options.failure_callback is not None
    assert options.failure_callback.url == "https://app.example.com/failed"
    assert options.flow_control == FlowControl(key="crm", parallelism=3, rate=5, period=60)
    assert options.labels == ("orders", "eu")
    assert options.redaction is not None
    assert (options.redaction.body, options.redaction.headers) == (True, ("X-Job",))


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 0),
        ({"delay": "90s"}, 90),
        ({"delay": "1h30m3s"}, 5403),
        ({"delay": "30"}, 30),
        ({"delay": "10d"}, 864_000),
        ({"not_before": "1800000060"}, 60),
        ({"not_before": "1800000060", "delay": "5s"}, 60),
        ({"not_before": "1799999999"}, 0),
        ({"not_before": "1799999999", "delay": "5s"}, 0),
    ],
    ids=str,
)
def test_a_delayed_message_waits(driver: Driver, options: dict[str, Any], seconds: float) -> None:
    receipt = driver.publish(**options)

    assert driver.engine.claiming.next_due_at() == NOW + seconds
    assert driver.engine.messages.get(receipt.message_id).not_before_at == NOW + seconds
    assert driver.events(receipt.message_id)[0].next_at == NOW + seconds
    driver.advance(seconds - 0.001)
    assert driver.claim() == []
    driver.advance(0.001)
    assert len(driver.claim()) == 1


def test_messages_are_handed_out_in_the_order_they_are_due(driver: Driver) -> None:
    driver.publish(body=b"third", delay="20s")
    driver.publish(body=b"first")
    driver.publish(body=b"second")
    driver.advance(20)

    assert driver.claimed() == ["first", "second", "third"]


def test_no_more_than_asked_for_is_claimed(driver: Driver) -> None:
    for body in (b"1", b"2", b"3"):
        driver.publish(body=body)

    assert [message.body for message in driver.claim(2)] == [b"1", b"2"]
    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["3"]
    assert driver.engine.claiming.next_due_at() is None


def test_the_server_as_a_whole_has_limited_parallelism() -> None:
    driver = Driver(limits=Limits(parallelism=2))
    for body in (b"1", b"2", b"3"):
        driver.publish(f"https://{body.decode()}.example", body)

    first, second = driver.claim()

    assert driver.engine.inspection.overview().active == 2
    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() is None
    driver.answer(first)
    assert driver.engine.claiming.next_due_at() == NOW
    assert driver.claimed() == ["3"]
    driver.answer(second)
    assert driver.engine.inspection.overview().active == 1
    driver.engine.close()


@pytest.mark.parametrize(
    ("destination", "status", "text"),
    [
        ("", 400, "a non-empty destination must be provided"),
        ("billing-events", 404, "topic billing-events not found"),
        ("app.example.com/hook", 400, "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("https%3A%2F%2Fapp.example.com", 400,
         "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("ftp://app.example.com", 400, "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
        ("https://user:secret@app.example.com", 400,
         "invalid destination url: user name and password are not allowed in it"),
        ("https://app.example.com/" + "x" * 8192, 400, "invalid destination url: longer than 8192 characters"),
    ],
    ids=["empty", "unknown group", "no scheme", "encoded", "other scheme", "user name", "long"],
)  # fmt: skip
def test_a_bad_destination_is_refused(driver: Driver, destination: str, status: int, text: str) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.publishing.publish(publication(destination))

    assert (refusal.value.status, refusal.value.text) == (status, text)
    assert driver.engine.log.events(Filter(), cursor=None, count=10).items == ()


def test_a_body_as_large_as_allowed_is_taken_and_one_byte_more_is_not() -> None:
    driver = Driver(limits=Limits(body=1000))
    driver.publish(body=b"x" * 1000)

    with pytest.raises(Refused) as refusal:
        driver.publish(body=b"x" * 1001)

    assert refusal.value.status == 412
    assert refusal.value.text == "quota maxMessageSize exceeded, current limit: 1000"
    driver.engine.close()


@pytest.mark.parametrize("limits", [Limits(unfinished=2), Limits(unfinished_bytes=250)], ids=["messages", "bytes"])
def test_what_is_unfinished_is_limited(limits: Limits) -> None:
    driver = Driver(limits=limits)
    driver.publish(body=b"x" * 100)
    receipt = driver.publish(body=b"x" * 100)

    with pytest.raises(Refused) as refusal:
        driver.publish(body=b"x" * 100)

    assert refusal.value.status == 429
    driver.engine.messages.cancel(receipt.message_id)
    driver.publish(body=b"x" * 100)
    driver.engine.close()


def test_a_batch_answers_in_order(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints(
        "both", [Endpoint(url="https://a.example"), Endpoint(url="https://b.example")]
    )

    single, fanned_out, queued = driver.engine.publishing.batch(
        [publication(body=b"1"), publication("both", b"2"), publication(body=b"3", queue="mail")]
    )

    assert [published.grouped for published in (single, fanned_out, queued)] == [False, True, False]
    assert [receipt.url for receipt in fanned_out.each] == ["https://a.example", "https://b.example"]
    assert driver.engine.queues.get("mail").lag == 1
    assert driver.claimed() == ["1", "2", "2", "3"]


def test_a_batch_with_one_mistake_stores_nothing_and_names_it(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.publishing.batch([publication(), publication(retries="many"), publication(queue="mail")])

    assert refusal.value.status == 400
    assert refusal.value.text == "message 1: invalid Upstash-Retries 'many': it must be a whole number"
    assert driver.claim() == []
    assert driver.engine.queues.all() == []


def test_a_batch_is_limited_in_messages_with_url_groups_unfolded() -> None:
    driver = Driver(limits=Limits(batch=3))
    driver.engine.url_groups.add_endpoints(
        "both", [Endpoint(url="https://a.example"), Endpoint(url="https://b.example")]
    )

    with pytest.raises(Refused, match="at most 3 messages"):
        driver.engine.publishing.batch([publication("both"), publication("both")])

    assert driver.claim() == []
    driver.engine.close()


def test_duplicates_within_a_batch_are_seen(driver: Driver) -> None:
    first, second = driver.engine.publishing.batch(
        [publication(deduplication_id="a"), publication(deduplication_id="a")]
    )

    assert second.each == (Receipt(message_id=first.each[0].message_id, url=URL, deduplicated=True),)


def test_an_unknown_message_is_not_found(driver: Driver) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.messages.get("msg_unknown")

    assert (refusal.value.status, refusal.value.text) == (404, "message 'msg_unknown' not found")


def test_a_finished_message_can_be_read_for_a_minute(driver: Driver) -> None:
    receipt = driver.publish()
    driver.deliver()

    driver.advance(60)
    assert driver.engine.messages.get(receipt.message_id).ended == "DELIVERED"
    driver.advance(1)
    with pytest.raises(Refused, match="not found"):
        driver.engine.messages.get(receipt.message_id)


def test_no_value_prints_a_body_or_a_forwarded_header(driver: Driver) -> None:
    driver.publish(body=b"body-secret", forward_authorization="header-secret")

    (message,) = driver.claim()

    assert "secret" not in repr(message)
