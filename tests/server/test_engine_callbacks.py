"""Callbacks and failure callbacks: when they are published, with what in them, and that they have none themselves."""

import json
from base64 import b64encode
from typing import Any

import pytest

from qstash_integrations.server.model import Endpoint, Filter, FlowControl, Limits, Message, Redaction, Refused
from tests.server.driver import Driver, publication

DONE = "https://cb.example/done?x=1"
FAILED = "https://cb.example/failed"


def content(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.body)
    return found


def callbacks(driver: Driver, url: str = DONE) -> list[dict[str, Any]]:
    """The bodies of the callbacks that are due, answered with 200."""
    return [content(message) for message in driver.deliver() if message.url == url]


def test_a_callback_carries_the_outcome_and_its_message(driver: Driver) -> None:
    receipt = driver.publish(
        "https://a.example/in", b'{"id":9}', callback=DONE, content_type="application/json", forward_x_job="77",
        method="PUT", delay="60s",
    )  # fmt: skip
    driver.advance(61)
    driver.deliver(201, b"made", content_type="text/plain", x_twice="a")

    (message,) = driver.claim()

    assert message.url == DONE
    assert message.options.method == "POST"
    assert message.options.headers == (("Content-Type", "application/json"),)
    assert message.id != receipt.message_id
    assert content(message) == {
        "status": 201,
        "header": {"Content-Type": ["text/plain"], "X-Twice": ["a"]},
        "body": "bWFkZQ==",
        "retried": 0,
        "maxRetries": 3,
        "sourceMessageId": receipt.message_id,
        "url": "https://a.example/in",
        "method": "PUT",
        "sourceHeader": {"X-Job": ["77"], "Content-Type": ["application/json"]},
        "sourceBody": "eyJpZCI6OX0=",
        "notBefore": 1_800_000_060_000,
        "createdAt": 1_800_000_000_000,
        "callerIP": "203.0.113.9",
    }


def test_a_failure_callback_names_the_dead_letter(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [Endpoint(url="https://a.example", name="a")])
    driver.engine.publishing.publish(publication("both", b"", failure_callback=FAILED, retries="0"))
    driver.deliver(404, b"404 Not Found")

    (found,) = callbacks(driver, FAILED)

    (letter,) = driver.engine.dead_letters.page(Filter(), cursor=None, count=10).items
    assert found["dlqId"] == letter.id == "1800000000000-1"
    assert (found["topicName"], found["endpointName"]) == ("both", "a")
    assert (found["status"], found["sourceBody"]) == (404, "")


def test_a_callback_follows_every_attempt(driver: Driver) -> None:
    driver.publish(callback=DONE, retries="2", retry_delay="1000")
    found: list[tuple[int, int, int]] = []
    for status in (500, 503, 200):
        (message,) = driver.claim()
        driver.answer(message, status)
        found += [(body["status"], body["retried"], body["maxRetries"]) for body in callbacks(driver)]
        driver.advance(1)

    assert found == [(500, 0, 2), (503, 1, 2), (200, 2, 2)]
    assert driver.engine.claiming.next_due_at() is None


def test_the_last_failure_sets_off_both_and_the_others_one(driver: Driver) -> None:
    driver.publish(callback=DONE, failure_callback=FAILED, retries="1", retry_delay="1000")

    driver.deliver(500)
    assert [message.url for message in driver.deliver()] == [DONE]
    driver.advance(1)
    driver.deliver(500)
    assert [message.url for message in driver.deliver()] == [DONE, FAILED]


def test_success_sets_off_no_failure_callback(driver: Driver) -> None:
    driver.publish(failure_callback=FAILED)
    driver.deliver()
    assert driver.engine.claiming.next_due_at() is None


def test_giving_up_early_sets_off_the_failure_callback(driver: Driver) -> None:
    driver.publish(failure_callback=FAILED)
    driver.deliver(489, upstash_nonretryable_error="true")
    assert len(callbacks(driver, FAILED)) == 1


def test_a_callback_about_no_answer_has_status_0_and_says_why(driver: Driver) -> None:
    driver.publish(callback=DONE)
    (message,) = driver.claim()
    driver.answer(message, 0, error="connection refused")

    (found,) = callbacks(driver)

    assert found["status"] == 0
    assert found["body"] == b64encode(b"connection refused").decode()
    assert found["header"] == {}


def test_bodies_that_are_no_text_are_carried_as_they_are(driver: Driver) -> None:
    driver.publish(body=b"\xff\x00", callback=DONE)
    driver.deliver(200, b"\xfe\xfb")

    (found,) = callbacks(driver)

    assert (found["body"], found["sourceBody"]) == ("/vs=", "/wA=")


def test_a_callback_has_its_own_settings(driver: Driver) -> None:
    driver.publish(
        callback=DONE,
        callback_method="PUT",
        callback_retries="1",
        callback_retry_delay="5000",
        callback_timeout="9s",
        callback_flow_control_key="crm",
        callback_flow_control_value="rate=5",
        callback_forward_x_of="77",
        callback_forward_content_type="application/qstash+json",
    )
    driver.deliver()

    (message,) = driver.claim()

    assert message.options.method == "PUT"
    assert (message.options.retries, message.options.retry_delay, message.options.timeout) == (1, "5000", 9)
    assert message.options.flow_control == FlowControl(key="crm", rate=5)
    assert message.options.headers == (("X-Of", "77"), ("Content-Type", "application/qstash+json"))


def test_a_callback_has_labels_and_redaction_of_its_own(driver: Driver) -> None:
    driver.publish(callback=DONE, callback_label="done, eu", callback_redact_fields="header[X-Of]", label="signup")
    driver.deliver()

    (message,) = driver.claim()

    assert message.options.labels == ("done", "eu")
    assert message.options.redaction == Redaction(headers=("X-Of",))


def test_what_a_callback_redacts_is_hidden_beside_what_its_message_does(driver: Driver) -> None:
    driver.publish(callback=DONE, redact_fields="header[X-Key]", callback_redact_fields="header[X-Of]")
    driver.deliver()

    (message,) = driver.claim()

    assert message.options.redaction == Redaction(body=True, headers=("X-Key", "X-Of"))


@pytest.mark.parametrize(("kind", "status"), [("callback", 200), ("failure_callback", 500)])
def test_the_failure_of_a_callback_is_told_to_its_own_failure_callback(driver: Driver, kind: str, status: int) -> None:
    given = {
        kind: DONE,
        f"{kind}_retries": "0",
        f"{kind}_failure_callback": FAILED,
        f"{kind}_failure_callback_method": "PUT",
        f"{kind}_failure_callback_retries": "1",
        f"{kind}_failure_callback_label": "lost",
        f"{kind}_failure_callback_forward_x_why": "lost",
    }
    driver.publish(retries="0", **given)
    driver.deliver(status)
    (told,) = driver.deliver(503, b"down")

    (message,) = driver.claim()

    assert (told.url, message.url) == (DONE, FAILED)
    assert (message.options.method, message.options.retries, message.options.labels) == ("PUT", 1, ("lost",))
    assert message.options.headers == (("Content-Type", "application/json"), ("X-Why", "lost"))
    assert (content(message)["sourceMessageId"], content(message)["status"]) == (told.id, 503)
    assert content(message)["dlqId"]
    driver.answer(message, 500)
    driver.advance(100)
    driver.deliver(500)
    assert driver.engine.claiming.next_due_at() is None


def test_a_queue_waits_for_the_failure_callback_of_a_callback(driver: Driver) -> None:
    driver.publish(queue="mail", callback=DONE, callback_retries="0", callback_failure_callback=FAILED)
    driver.publish(body=b"second", queue="mail")
    driver.deliver()
    driver.deliver(500)

    (message,) = driver.claim()

    assert message.url == FAILED
    driver.answer(message)
    assert driver.claimed() == ["second"]


def test_settings_of_a_failure_callback_that_has_no_url_are_left_aside(driver: Driver) -> None:
    driver.publish(callback=DONE, callback_failure_callback_retries="1")
    driver.deliver()
    (message,) = driver.claim()
    assert message.options.failure_callback is None


@pytest.mark.sampled("name", "value")
@pytest.mark.parametrize("prefix", ["callback", "failure_callback", "callback_failure_callback"])
@pytest.mark.parametrize(("name", "value"), [("delay", "5s"), ("not_before", "1900000000"), ("cron", "* * * * *")])
def test_a_callback_that_is_to_come_later_is_refused(driver: Driver, prefix: str, name: str, value: str) -> None:
    given = {"callback": DONE, "failure_callback": DONE, "callback_failure_callback": DONE, f"{prefix}_{name}": value}
    with pytest.raises(Refused) as refusal:
        driver.publish(**given)
    assert refusal.value.status == 400
    header = "-".join(part.capitalize() for part in ("upstash", *f"{prefix}_{name}".split("_")))
    assert refusal.value.text == f"{header} is not supported: callbacks cannot be delayed"


def test_the_plan_holds_for_the_failure_callback_of_a_callback(driver: Driver) -> None:
    with pytest.raises(Refused, match="quota maxRetries exceeded") as refusal:
        driver.publish(callback=DONE, callback_failure_callback=FAILED, callback_failure_callback_retries="999")
    assert refusal.value.status == 412


def test_a_callback_is_retried_as_often_as_its_message_unless_told(driver: Driver) -> None:
    driver.publish(callback=DONE, retries="1", retry_delay="1000")
    driver.deliver()

    (message,) = driver.claim()

    assert message.options.retries == 1
    assert message.options.retry_delay is None


def test_a_callback_that_fails_is_a_dead_letter_without_callbacks(driver: Driver) -> None:
    driver.publish(callback=DONE, failure_callback=FAILED, callback_retries="0")
    driver.deliver()

    driver.deliver(500)

    (letter,) = driver.engine.dead_letters.page(Filter(), cursor=None, count=10).items
    assert letter.message.url == DONE
    assert driver.engine.claiming.next_due_at() is None


def test_a_callback_does_not_take_part_in_flow_control_or_queues(driver: Driver) -> None:
    driver.publish(callback=DONE, queue="mail", flow_control_key="crm", flow_control_value="rate=1, period=1h")
    driver.deliver()

    (message,) = driver.claim()

    assert (message.queue, message.options.flow_control) == (None, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("body", Redaction(body=True)),
        ("header", Redaction(body=True, all_headers=True)),
        ("header[X-Key]", Redaction(body=True, headers=("X-Key",))),
    ],
)
def test_what_is_redacted_stays_so_inside_the_callback(driver: Driver, fields: str, expected: Redaction) -> None:
    driver.publish(callback=DONE, redact_fields=fields)
    driver.deliver()

    (message,) = driver.claim()

    assert message.options.redaction == expected


def test_a_callback_may_be_larger_than_a_message() -> None:
    driver = Driver(limits=Limits(body=1024 * 1024))
    driver.publish(body=b"x" * 1024 * 1024, callback=DONE)
    driver.deliver(200, b"y" * 1_000_000)

    (found,) = callbacks(driver)

    assert len(found["sourceBody"]) == 1_398_104
