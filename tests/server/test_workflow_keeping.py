"""How long a workflow run is kept when it is over, and that its messages are nobody else's."""

import pytest

from qstash_integrations.server.model import Filter, Refused, Retention, RunFilter
from tests.server.driver import Driver
from tests.server.workflow_sdk import Sdk

DAY = 86_400.0


def shown(driver: Driver) -> list[str]:
    return [log.run.id for log in driver.engine.run_log.page(RunFilter(), cursor=None, count=99).items]


def swept(driver: Driver) -> None:
    while driver.engine.retention.sweep():
        pass


def test_a_run_that_is_over_is_kept_for_as_long_as_messages_are(driver: Driver) -> None:
    Sdk(driver, "wfr_over").start()
    driver.deliver()
    driver.engine.workflows.end("wfr_over", None)
    Sdk(driver, "wfr_active").start()
    driver.deliver()
    driver.advance(3 * DAY - 1)
    swept(driver)
    assert shown(driver) == ["wfr_active", "wfr_over"]
    driver.advance(2)
    swept(driver)
    assert shown(driver) == ["wfr_active"]


def test_a_run_that_waited_for_long_still_has_its_list(driver: Driver) -> None:
    sdk = Sdk(driver)
    sdk.start(b"payload")
    driver.deliver()
    driver.advance(30 * DAY)
    swept(driver)
    assert len(driver.engine.workflows.steps("wfr_1")) == 1
    assert sdk.result(1).message_id


def test_a_run_is_kept_for_as_long_as_its_dead_letter(driver: Driver) -> None:
    Sdk(driver).start(Upstash_Retries="0")
    driver.deliver(500)
    driver.advance(4 * DAY)
    swept(driver)
    assert shown(driver) == ["wfr_1"]
    driver.advance(4 * DAY)
    swept(driver)
    assert shown(driver) == []


@pytest.mark.parametrize("kept", [Retention(message_count=3), Retention(message_bytes=3_000)], ids=["count", "bytes"])
def test_the_oldest_runs_go_first_when_there_are_too_many(kept: Retention) -> None:
    driver = Driver(retention=kept)
    for number in range(9):
        Sdk(driver, f"wfr_{number}").start(b"x" * 1000)
        driver.deliver()
        driver.engine.workflows.end(f"wfr_{number}", None)
        driver.advance(1)
    driver.advance(60)
    swept(driver)
    left = shown(driver)
    assert left == [f"wfr_{number}" for number in range(8, 8 - len(left), -1)]
    assert len(left) <= 3
    driver.engine.close()


def test_messages_of_a_run_are_cancelled_with_it_only(driver: Driver) -> None:
    receipt = Sdk(driver).start()
    driver.publish()
    with pytest.raises(Refused) as refused:
        driver.engine.messages.cancel(receipt.message_id)
    assert refused.value.status == 400
    assert driver.engine.messages.cancel_all(Filter(), None) == 1
    assert [message.id for message in driver.claim()] == [receipt.message_id]
