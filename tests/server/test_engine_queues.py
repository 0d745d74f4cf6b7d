"""Queues: strict order, one at a time or as many as the parallelism says; the head keeps the others waiting."""

import pytest

from qstash_integrations.server.model import Filter, Limits, Refused
from tests.server.driver import NOW, URL, Driver, bodies


def fill(driver: Driver, *texts: str, **options: str) -> list[str]:
    """The ids of messages with these bodies in the queue ``mail``."""
    return [driver.publish(body=text.encode(), queue="mail", **options).message_id for text in texts]


def test_messages_go_one_by_one_in_the_order_of_acceptance(driver: Driver) -> None:
    _, second, _ = fill(driver, "1", "2", "3")
    order: list[str] = []
    while messages := driver.claim():
        order += bodies(messages)
        assert len(messages) == 1
        if order == ["1"]:
            assert driver.states(second) == ["CREATED"], "the others have logged nothing else while they wait"
        driver.answer(messages[0])

    assert order == ["1", "2", "3"]


def test_a_queue_springs_into_existence_with_parallelism_one(driver: Driver) -> None:
    fill(driver, "1", "2")

    queue = driver.engine.queues.get("mail")

    assert (queue.name, queue.parallelism, queue.paused, queue.lag) == ("mail", 1, False, 2)
    assert (queue.created_at, queue.updated_at) == (NOW, NOW)
    assert driver.engine.queues.all() == [queue]


def test_queues_do_not_wait_for_each_other(driver: Driver) -> None:
    fill(driver, "1", "2")
    driver.publish(body=b"other", queue="images")
    driver.publish(body=b"plain")

    assert driver.claimed() == ["1", "other", "plain"]


def test_the_queue_may_be_named_in_a_header(driver: Driver) -> None:
    driver.publish(queue_name="mail")
    assert driver.engine.queues.get("mail").lag == 1


def test_a_retrying_head_blocks_its_queue(driver: Driver) -> None:
    fill(driver, "1", "2")
    driver.deliver(500)

    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() == NOW + 12.182
    driver.advance(13)
    assert bodies(driver.deliver()) == ["1"]
    assert driver.claimed() == ["2"]


def test_a_delayed_head_blocks_its_queue(driver: Driver) -> None:
    fill(driver, "1", delay="1h")
    fill(driver, "2")

    assert driver.claim() == []
    driver.advance(3600)
    assert bodies(driver.deliver()) == ["1"]
    assert driver.claimed() == ["2"]


def test_a_head_that_fails_for_good_makes_way(driver: Driver) -> None:
    fill(driver, "1", "2", retries="0")
    driver.deliver(500)
    assert driver.claimed() == ["2"]


def test_the_callback_of_the_head_comes_before_the_next(driver: Driver) -> None:
    fill(driver, "1", "2", callback="https://cb.example")
    driver.deliver()

    (callback,) = driver.claim()
    assert callback.url == "https://cb.example"
    assert driver.claim() == []
    driver.answer(callback, 500)
    driver.advance(13)
    (callback,) = driver.claim()
    assert callback.url == "https://cb.example", "retried first"
    driver.answer(callback)
    assert driver.claimed() == ["2"]


def test_the_failure_callback_of_the_head_comes_before_the_next(driver: Driver) -> None:
    fill(driver, "1", "2", retries="0", callback="https://cb.example", failure_callback="https://failed.example")
    driver.deliver(500)

    first, second = driver.claim()
    assert [first.url, second.url] == ["https://cb.example", "https://failed.example"]
    driver.answer(first)
    assert driver.claim() == []
    driver.answer(second)
    assert driver.claimed() == ["2"]


def test_a_callback_of_an_earlier_attempt_comes_before_the_next_as_well(driver: Driver) -> None:
    fill(driver, "1", "2", callback="https://cb.example")
    driver.deliver(500)
    (early,) = driver.claim()
    driver.advance(13)
    (head,) = driver.claim()
    driver.answer(head)
    (late,) = driver.claim()
    driver.answer(late)

    assert driver.claim() == []
    driver.answer(early)
    assert driver.claimed() == ["2"]


def test_a_cancelled_callback_makes_way(driver: Driver) -> None:
    fill(driver, "1", "2", callback="https://cb.example")
    driver.deliver()

    driver.engine.messages.cancel_all(Filter(urls=("https://cb.example",)), None)

    assert driver.claimed() == ["2"]


def test_a_cancelled_head_makes_way(driver: Driver) -> None:
    first, _ = fill(driver, "1", "2")
    driver.engine.messages.cancel(first)
    assert driver.claimed() == ["2"]


def test_parallelism_two_means_two_heads(driver: Driver) -> None:
    driver.engine.queues.upsert("mail", 2, False)
    fill(driver, "1", "2", "3", "4")

    first, second = driver.claim()
    driver.answer(second)
    assert driver.claimed() == ["3"]
    driver.answer(first)
    assert driver.claimed() == ["4"]


def test_raising_the_parallelism_takes_effect_at_once(driver: Driver) -> None:
    fill(driver, "1", "2", "3")
    assert driver.claimed() == ["1"]
    driver.engine.queues.upsert("mail", 2, False)
    assert driver.claimed() == ["2"]


def test_lowering_the_parallelism_lets_attempts_under_way_end(driver: Driver) -> None:
    driver.engine.queues.upsert("mail", 3, False)
    fill(driver, "1", "2", "3", "4")
    messages = driver.claim(2)

    driver.engine.queues.upsert("mail", 1, False)

    assert driver.claim() == []
    driver.answer(messages[0])
    assert driver.claim() == []
    driver.answer(messages[1])
    assert driver.claimed() == ["3"]


def test_a_paused_queue_accepts_and_delivers_nothing(driver: Driver) -> None:
    fill(driver, "1")
    driver.engine.queues.pause("mail")
    fill(driver, "2")

    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() is None
    assert (driver.engine.queues.get("mail").paused, driver.engine.queues.get("mail").lag) == (True, 2)


def test_a_resumed_queue_starts_with_the_oldest(driver: Driver) -> None:
    driver.engine.queues.upsert("mail", 1, True)
    fill(driver, "1", "2")
    driver.engine.queues.resume("mail")
    driver.engine.queues.resume("mail")

    assert driver.engine.queues.get("mail").paused is False
    assert driver.claimed() == ["1"]


def test_pausing_during_an_attempt_keeps_its_retry_first_in_line(driver: Driver) -> None:
    fill(driver, "1", "2")
    (head,) = driver.claim()
    driver.engine.queues.pause("mail")
    driver.answer(head, 500)
    driver.advance(100)

    assert driver.claim() == []
    driver.engine.queues.resume("mail")
    (message,) = driver.claim()
    assert (message.body, message.retried) == (b"1", 1)


def test_changing_a_queue_keeps_when_it_was_created(driver: Driver) -> None:
    driver.engine.queues.upsert("mail", 1, False)
    driver.advance(5)
    driver.engine.queues.upsert("mail", 2, True)

    queue = driver.engine.queues.get("mail")

    assert (queue.parallelism, queue.paused, queue.created_at, queue.updated_at) == (2, True, NOW, NOW + 5)


def test_deleting_a_queue_drops_what_it_has_not_delivered(driver: Driver) -> None:
    active, waiting = fill(driver, "1", "2")
    (head,) = driver.claim()

    driver.engine.queues.delete("mail")

    assert driver.engine.queues.all() == []
    assert driver.states(waiting) == ["CREATED", "CANCEL_REQUESTED", "CANCELED"]
    driver.answer(head, 500)
    assert driver.states(active)[-1] == "CANCELED"
    assert driver.engine.claiming.next_due_at() is None


def test_a_queue_that_is_created_again_waits_for_the_attempt_under_way(driver: Driver) -> None:
    fill(driver, "old")
    (head,) = driver.claim()
    driver.engine.queues.delete("mail")
    fill(driver, "new")

    assert driver.claim() == []
    driver.answer(head)
    assert driver.claimed() == ["new"]


def test_a_queue_that_is_created_again_does_not_wait_for_old_callbacks(driver: Driver) -> None:
    fill(driver, "old", callback="https://cb.example")
    driver.deliver()
    driver.engine.queues.delete("mail")
    fill(driver, "new")

    assert [message.url for message in driver.claim()] == ["https://cb.example", URL]


def test_deleting_an_unknown_queue_is_no_mistake(driver: Driver) -> None:
    driver.engine.queues.delete("unknown")


def test_an_unknown_queue_is_not_found(driver: Driver) -> None:
    for call in (driver.engine.queues.get, driver.engine.queues.pause, driver.engine.queues.resume):
        with pytest.raises(Refused) as refusal:
            call("unknown")
        assert (refusal.value.status, refusal.value.text) == (404, "queue 'unknown' not found")


@pytest.mark.parametrize("name", ["", "with space", "a/b", "..", "ümlaut", "x" * 257])
def test_a_bad_queue_name_is_refused(driver: Driver, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.queues.upsert(name, 1, False)
    assert refusal.value.status == 400


@pytest.mark.parametrize(("parallelism", "status"), [(0, 400), (-1, 400), (1001, 412)])
def test_a_bad_parallelism_is_refused(driver: Driver, parallelism: int, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.queues.upsert("mail", parallelism, False)
    assert refusal.value.status == status


def test_queues_are_limited_in_number() -> None:
    driver = Driver(limits=Limits(queues=1))
    driver.publish(queue="mail")
    driver.publish(queue="mail")

    with pytest.raises(Refused) as refusal:
        driver.publish(queue="images")

    assert (refusal.value.status, refusal.value.text) == (412, "quota maxQueues exceeded, current limit: 1")
    driver.engine.close()


def test_a_long_queue_keeps_its_order_through_retries_and_pauses(driver: Driver) -> None:
    texts = [str(number) for number in range(50)]
    fill(driver, *texts)
    order: list[str] = []
    attempts = 0
    while (due_at := driver.engine.claiming.next_due_at()) is not None:
        driver.now = due_at
        (message,) = driver.claim()
        attempts += 1
        driver.engine.queues.pause("mail")
        failed = attempts % 3 == 0
        driver.answer(message, 500 if failed else 200)
        if not failed:
            order += bodies([message])
        driver.engine.queues.resume("mail")

    assert order == texts
