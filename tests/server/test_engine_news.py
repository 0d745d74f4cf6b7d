"""What an engine tells whoever follows it."""

import contextlib

import pytest

from qstash_integrations.server.model import Filter, Headline, Note, Refused
from tests.server.driver import Driver, publication


def told(driver: Driver) -> list[str]:
    return [one.text if isinstance(one, Note) else f"{one.state} {one.url}" for one in driver.engine.news.take()]


def test_what_happens_is_told_once_and_in_order(driver: Driver) -> None:
    driver.engine.news.listen()
    driver.publish("https://a.example", retries="1", callback="https://cb.example", queue="mail")
    driver.engine.queues.pause("mail")
    assert told(driver) == ["CREATED https://a.example", "queue mail paused"]
    driver.engine.queues.resume("mail")
    driver.deliver(500)
    assert told(driver)[-2:] == ["RETRY https://a.example", "CREATED https://cb.example"]
    driver.engine.messages.cancel_all(Filter(), None)
    assert told(driver) == ["CANCELED https://a.example", "CANCELED https://cb.example"]
    assert told(driver) == []


def test_a_callback_names_its_message_and_the_last_failure_is_told(driver: Driver) -> None:
    driver.engine.news.listen()
    receipt = driver.publish("https://a.example", retries="0", failure_callback="https://cb.example")
    driver.deliver(500)
    news = [one for one in driver.engine.news.take() if isinstance(one, Headline)]
    assert [(one.state, one.callback_of) for one in news] == [
        ("CREATED", None),
        ("FAILED", None),
        ("CREATED", receipt.message_id),
    ]


def test_a_schedule_that_cannot_publish_says_why(driver: Driver) -> None:
    driver.engine.news.listen()
    driver.engine.schedules.create(publication("nowhere", cron="* * * * *", schedule_id="daily"))
    driver.advance(61)
    driver.engine.schedules.fire()
    assert told(driver) == ["schedule daily could not publish: topic nowhere not found"]


def test_what_was_undone_is_not_told(driver: Driver) -> None:
    driver.engine.news.listen()
    with contextlib.suppress(ZeroDivisionError), driver.engine.together():
        driver.publish()
        raise ZeroDivisionError
    with pytest.raises(Refused):
        driver.publish("nowhere")
    assert told(driver) == []


def test_of_a_large_batch_the_rest_is_counted(driver: Driver) -> None:
    driver.engine.news.listen()
    driver.engine.publishing.batch([publication() for _ in range(50)])
    news = told(driver)
    assert len(news) == 21
    assert news[-1] == "and 30 more messages were accepted with these"


def test_nothing_is_kept_for_nobody(driver: Driver) -> None:
    driver.publish()
    assert told(driver) == []
