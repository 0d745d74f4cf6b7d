"""Deliver now: what waits for its time does not have to, and what waits for something else says for what."""

from collections.abc import Callable

import pytest

from qstash_integrations.server.model import Limits, Note, Refused
from tests.server.driver import NOW, Driver, bodies


def test_a_delayed_message_is_delivered_at_once(driver: Driver) -> None:
    message_id = driver.publish(delay="1d").message_id
    driver.publish(body=b"later", delay="1d")

    driver.engine.messages.deliver_now(message_id)

    assert driver.engine.claiming.next_due_at() == NOW
    assert bodies(driver.deliver()) == ["hi"]
    assert driver.states(message_id) == ["CREATED", "ACTIVE", "DELIVERED"]


def test_a_retry_that_comes_sooner_is_still_the_next_retry(driver: Driver) -> None:
    message_id = driver.publish(retries="2", retry_delay="60000").message_id
    driver.deliver(500)

    driver.engine.messages.deliver_now(message_id)
    (message,) = driver.deliver(500)

    assert message.retried == 1
    assert driver.engine.inspection.message(message_id).due_at == NOW + 60
    driver.advance(60)
    assert [message.retried for message in driver.deliver(500)] == [2]


def test_one_that_is_due_keeps_its_place(driver: Driver) -> None:
    driver.publish(body=b"first")
    driver.advance(1)
    driver.publish(body=b"second")
    second = driver.publish(body=b"third").message_id

    driver.advance(1)
    driver.engine.messages.deliver_now(second)

    assert driver.claimed() == ["first", "second", "third"]


def test_who_follows_the_log_is_told(driver: Driver) -> None:
    driver.engine.news.listen()
    message_id = driver.publish(delay="1d").message_id
    driver.engine.messages.deliver_now(message_id)
    assert Note(at=NOW, text=f"message {message_id} is due now, as asked in the dashboard") in driver.engine.news.take()


def queued(driver: Driver) -> str:
    return driver.publish(queue="mail").message_id


def limited(driver: Driver, value: str = "parallelism=1") -> str:
    return driver.publish(flow_control_key="crm", flow_control_value=value).message_id


def in_a_paused_queue(driver: Driver) -> str:
    driver.engine.queues.upsert("mail", 1, True)
    return queued(driver)


def behind_others(driver: Driver) -> str:
    queued(driver)
    return queued(driver)


def of_a_paused_key(driver: Driver) -> str:
    driver.engine.flows.pause("crm")
    return driver.publish(flow_control_key="crm", flow_control_value="rate=9", delay="1h").message_id


def held_by_a_paused_key(driver: Driver) -> str:
    driver.engine.flows.pause("crm")
    message_id = limited(driver)
    driver.claim()
    return message_id


def held_by_a_limit(driver: Driver) -> str:
    limited(driver)
    message_id = limited(driver)
    driver.claim()
    return message_id


def without_a_slot(driver: Driver) -> str:
    ids = [driver.publish().message_id for _ in range(3)]
    driver.claim()
    return ids[-1]


def active(driver: Driver) -> str:
    message_id = driver.publish().message_id
    driver.claim()
    return message_id


def delivered(driver: Driver) -> str:
    message_id = driver.publish().message_id
    driver.deliver()
    return message_id


def failed(driver: Driver) -> str:
    message_id = driver.publish(retries="0").message_id
    driver.deliver(500)
    return message_id


def canceled(driver: Driver) -> str:
    message_id = driver.publish(delay="1h").message_id
    driver.engine.messages.cancel(message_id)
    return message_id


OBSTACLES: dict[Callable[[Driver], str], str] = {
    in_a_paused_queue: "queue 'mail' is paused: resume it",
    behind_others: "message '{}' waits behind others of queue 'mail': raise the queue's parallelism, or wait for them",
    of_a_paused_key: "flow-control key 'crm' is paused: resume it",
    held_by_a_paused_key: "flow-control key 'crm' is paused: resume it",
    held_by_a_limit: "flow-control key 'crm' has used up its limit: raise it, or wait for its turn",
    without_a_slot: "message '{}' waits for a slot at its destination, which has as many requests as it may: wait for"
    " one to end",
    active: "message '{}' is being delivered right now: wait for the answer",
    delivered: "message '{}' was delivered already: replay it to send it again",
    failed: "message '{}' failed for good: retry its dead letter, or replay it",
    canceled: "message '{}' was canceled: replay it to send it again",
}


@pytest.mark.parametrize(("waits", "error"), OBSTACLES.items(), ids=[waits.__name__ for waits in OBSTACLES])
def test_what_cannot_be_delivered_now_says_why(waits: Callable[[Driver], str], error: str) -> None:
    driver = Driver(limits=Limits(parallelism=4))
    message_id = waits(driver)
    with pytest.raises(Refused) as refused:
        driver.engine.messages.deliver_now(message_id)
    assert (refused.value.status, refused.value.text) == (409, error.format(message_id))


def test_an_unknown_message_is_404(driver: Driver) -> None:
    with pytest.raises(Refused) as refused:
        driver.engine.messages.deliver_now("msg_none")
    assert refused.value.status == 404
