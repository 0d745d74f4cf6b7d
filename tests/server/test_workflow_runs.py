"""A workflow run from its start to its end: what is delivered, to whom, and what ends it."""

import pytest

from qstash_integrations.server.model import Headline, Refused
from tests.server.driver import Driver
from tests.server.workflow_sdk import WORKFLOW, Sdk, header_of, ids_of, list_of


@pytest.fixture
def sdk(driver: Driver) -> Sdk:
    return Sdk(driver)


def test_each_delivery_carries_all_of_the_run_up_to_its_own_step(driver: Driver, sdk: Sdk) -> None:
    started = sdk.start(b'{"n":\n1}')
    (first,) = driver.claim()
    sdk.result(1)
    driver.answer(first)
    (second,) = driver.claim()
    sdk.result(2, out='"Grüße"')
    driver.answer(second)
    (third,) = driver.claim()
    assert (first.id, first.url, list_of(first)) == (started.message_id, WORKFLOW, ['{"n":\n1}'])
    assert [ids_of(message) for message in (second, third)] == [[1], [1, 2]]
    assert list_of(third)[2]["out"] == '"Grüße"'
    driver.engine.workflows.end("wfr_1", b'"all"')
    driver.answer(third)
    assert driver.claim() == []


def test_deliveries_say_which_run_they_belong_to(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Content_Type="text/plain")
    (first,) = driver.deliver()
    sdk.result(1)
    (second,) = driver.deliver()
    names = ("RunId", "Url", "Init", "CreatedAt", "Sdk-Version")
    assert [header_of(first, f"Upstash-Workflow-{name}") for name in names] == [
        "wfr_1", WORKFLOW, "true", "1800000000000", "1"
    ]  # fmt: skip
    assert header_of(second, "Upstash-Workflow-Init") == "false"
    assert [header_of(message, "Content-Type") for message in (first, second)] == ["text/plain", "application/json"]


def test_an_attempt_made_again_carries_what_the_first_one_did(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    (first,) = driver.claim()
    sdk.result(1)
    driver.answer(first, 500)
    driver.deliver()
    driver.advance(12.2)
    (again,) = driver.claim()
    assert (again.id, again.body) == (first.id, first.body)


def test_a_run_that_is_active_is_not_started_twice(driver: Driver, sdk: Sdk) -> None:
    first, second = sdk.start(b"one"), sdk.start(b"two")
    assert (second.message_id, second.deduplicated) == (first.message_id, True)
    assert [list_of(message) for message in driver.deliver()] == [["one"]]
    driver.engine.workflows.end("wfr_1", None)
    assert not sdk.start(b"three").deduplicated
    assert [list_of(message) for message in driver.deliver()] == [["three"]]


def test_the_steps_of_a_run_can_be_read_until_it_is_over(driver: Driver, sdk: Sdk) -> None:
    receipt = sdk.start(b"hi")
    assert driver.engine.workflows.steps("wfr_1") == [
        {"messageId": receipt.message_id, "body": "aGk=", "callType": "step"}
    ]
    driver.engine.workflows.end("wfr_1", None)
    with pytest.raises(Refused) as refused:
        driver.engine.workflows.steps("wfr_1")
    assert refused.value.status == 404


def test_a_run_that_was_never_there_cannot_be_ended(driver: Driver) -> None:
    with pytest.raises(Refused) as refused:
        driver.engine.workflows.end("wfr_1", None)
    assert refused.value.status == 404


def test_whoever_watches_is_told_which_run_and_step_a_message_is_for(driver: Driver, sdk: Sdk) -> None:
    driver.engine.news.listen()
    sdk.start()
    sdk.result(1, name="one")
    sdk.send(sdk.call(2))
    driver.publish()
    told = [one for one in driver.engine.news.take() if isinstance(one, Headline)]
    assert [(one.run_id, one.call_type, one.step_name) for one in told] == [
        ("wfr_1", "step", ""), ("wfr_1", "step", "one"), ("wfr_1", "toCallback", ""), (None, None, "")
    ]  # fmt: skip
    assert [(one.run_id, one.step_name) for one in driver.claim()] == [(one.run_id, one.step_name) for one in told]
