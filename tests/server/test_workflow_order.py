"""What holds however the requests of a workflow run cross: order, duplicates, ends, refusals."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from qstash_integrations.server.model import Filter, Publication, Refused
from qstash_integrations.server.tables import Store
from tests.server.driver import NOW, URL, Driver, publication
from tests.server.local import Local
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers, ids_of, list_of


@pytest.fixture
def sdk(driver: Driver) -> Sdk:
    return Sdk(driver)


def refusal(call: Callable[[], object]) -> int:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.status


@pytest.mark.parametrize("steps", [2, 50])
def test_of_parallel_results_exactly_one_delivery_carries_all(driver: Driver, sdk: Sdk, steps: int) -> None:
    sdk.start()
    (first,) = driver.claim()
    sdk.send(*(sdk.plan(target, steps) for target in range(1, steps + 1)))
    driver.answer(first)
    plans = driver.claim()
    assert [ids_of(plan)[-1] for plan in plans] == [-target for target in range(1, steps + 1)]
    random.Random(steps).shuffle(plans)
    for plan in plans:
        sdk.send(sdk.step(-ids_of(plan)[-1], concurrent=steps))
        driver.answer(plan)
    results = driver.claim()
    assert [len(ids_of(result)) for result in results] == [steps + number for number in range(1, steps + 1)]
    assert all(ids_of(result)[:-1] == ids_of(earlier) for earlier, result in pairwise(results))


def test_a_step_is_appended_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    first, again = sdk.result(1, out='"one"'), sdk.result(1, out='"two"')
    assert (again.message_id, again.deduplicated) == (first.message_id, True)
    assert [list_of(message)[1]["out"] for message in driver.deliver()] == ['"one"']
    assert sdk.result(1).message_id == first.message_id
    assert driver.claim() == []


def test_a_plan_is_appended_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    first = sdk.send(sdk.plan(1, 2), sdk.plan(2, 2))
    assert sdk.send(sdk.plan(1, 2), sdk.plan(2, 2)).message_id == first.message_id
    assert [ids_of(message) for message in driver.deliver()] == [[-1], [-1, -2]]


def test_a_duplicate_does_not_wake_a_run_that_sleeps(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    sdk.send(sdk.step(1, stepType="SleepFor", sleepFor=60, Upstash_Delay="60s"))
    assert sdk.send(sdk.step(1, stepType="SleepFor", sleepFor=60, Upstash_Delay="60s")).deduplicated
    driver.advance(59)
    assert driver.claim() == []
    driver.advance(1)
    assert [ids_of(message) for message in driver.claim()] == [[1]]


def test_a_run_that_sleeps_can_be_woken_now(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    sleeping = sdk.send(sdk.step(1, stepType="SleepFor", sleepFor=60, Upstash_Delay="60s"))
    driver.engine.messages.deliver_now(sleeping.message_id)
    assert [ids_of(message) for message in driver.claim()] == [[1]]


@pytest.mark.parametrize(("fraction", "rounded"), [(0.338, 0), (0.5, 0), (0.7, 1)])
def test_a_run_sleeps_until_the_very_moment(driver: Driver, sdk: Sdk, fraction: float, rounded: int) -> None:
    sdk.start()
    driver.deliver()
    until = NOW + 10 + fraction
    sdk.send(sdk.step(1, stepType="SleepUntil", sleepUntil=until, Upstash_Not_Before=f"{NOW + 10 + rounded:.0f}"))
    driver.now = until - 0.001
    assert driver.claim() == []
    driver.now = until
    assert [ids_of(message) for message in driver.claim()] == [[1]]


def test_a_run_that_starts_later_is_there_at_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Delay="1h")
    assert driver.claim() == []
    assert len(driver.engine.workflows.steps("wfr_1")) == 1
    sdk.result(1)
    assert [ids_of(message) for message in driver.claim()] == [[1]]


def canceled(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.engine.workflows.cancel("wfr_1")


def returned(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.engine.workflows.end("wfr_1", None)


def failed(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver(500)


@pytest.mark.parametrize(
    "over", [canceled, returned, failed, lambda *_: None], ids=["canceled", "over", "failed", "none"]
)
def test_nothing_is_appended_to_a_run_that_is_not_active(
    driver: Driver, sdk: Sdk, over: Callable[[Driver, Sdk], None]
) -> None:
    over(driver, sdk)
    assert refusal(lambda: sdk.result(1)) == 400
    assert refusal(lambda: sdk.send(sdk.call(1))) == 400
    # The whole batch: what comes before and after it as well.
    assert refusal(lambda: sdk.send(publication(URL), sdk.plan(1, 2), sdk.plan(2, 2), publication(URL))) == 400
    assert driver.claim() == []


def test_what_is_wrong_with_a_step_is_not_taken_for_the_end_of_its_run(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    assert refusal(lambda: sdk.result(1, Upstash_Delay="soon")) == 412
    assert refusal(lambda: sdk.result(1, Upstash_Retries="1000000000")) == 412
    assert refusal(lambda: sdk.send(sdk.call(1, url="ftp://example.com"))) == 412
    assert refusal(lambda: sdk.send(replace(sdk.step(1), destination="mail"))) == 412
    assert sdk.result(1).message_id


def test_a_plain_message_may_be_in_the_same_batch(driver: Driver, sdk: Sdk) -> None:
    sdk.send(sdk.initial(b"payload"), Publication(destination=URL, body=b"plain"))
    assert [(message.url, message.run is None) for message in driver.claim()] == [(WORKFLOW, False), (URL, True)]


def test_a_run_that_was_cancelled_is_not_tried_again(driver: Driver, sdk: Sdk) -> None:
    sdk.start(**failure_headers())
    (step,) = driver.claim()
    driver.engine.workflows.cancel("wfr_1")
    driver.answer(step, 500)
    driver.advance(100_000)
    assert driver.claim() == []
    assert driver.engine.dead_letters.page(Filter(), cursor=None, count=9).items == ()


def test_a_cancelled_run_is_left_by_what_it_waited_for(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    sdk.send(sdk.step(1, Upstash_Delay="1m"), sdk.call(2))
    driver.engine.workflows.cancel("wfr_1")
    driver.advance(100)
    assert driver.claim() == []


@pytest.mark.parametrize("status", [200, 500])
def test_the_delivery_that_ends_its_run_is_the_last(driver: Driver, sdk: Sdk, status: int) -> None:
    sdk.start()
    (step,) = driver.claim()
    driver.engine.workflows.end("wfr_1", b"3")
    driver.answer(step, status)
    driver.advance(100_000)
    assert driver.claim() == []


def test_a_run_ends_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.engine.workflows.end("wfr_1", b'"first"')
    driver.engine.workflows.end("wfr_1", b'"second"')
    driver.engine.workflows.cancel("wfr_1")
    (log,) = driver.engine.run_log.page(sdk.own, cursor=None, count=9).items
    assert (log.run.state, log.run.response) == ("RUN_SUCCESS", b'"first"')


def test_two_branches_that_fail_together_fail_the_run_once(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0", **failure_headers())
    driver.deliver()
    sdk.send(*(sdk.plan(target, 3) for target in (1, 2, 3)))
    one, two, three = driver.claim()
    driver.answer(one, 500, b"first")
    driver.answer(two, 500, b"second")
    assert refusal(lambda: sdk.send(sdk.step(3, concurrent=3))) == 400
    driver.answer(three, 500)
    (call,) = driver.claim()
    assert call.call_type == "failureCall"
    driver.answer(call)
    assert driver.claim() == []


def test_a_run_outlives_the_server(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    driver = Driver(Store.open(path))
    sdk = Sdk(driver)
    sdk.start(b"payload", Upstash_Forward_X_User="joe")
    driver.deliver()
    sdk.result(1)
    (killed,) = driver.claim()
    driver.engine.close()

    driver = Driver(Store.open(path))
    sdk = Sdk(driver)
    driver.engine.claiming.recover()
    (again,) = driver.claim()
    assert (again.id, again.body, again.options) == (killed.id, killed.body, killed.options)
    assert sdk.result(1).deduplicated
    sdk.result(2)
    driver.answer(again)
    assert [ids_of(message) for message in driver.claim()] == [[1, 2]]
    driver.engine.close()


def test_what_was_under_way_when_the_server_died_is_not_delivered_to_a_run_that_is_over(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    driver = Driver(Store.open(path))
    Sdk(driver).start()
    driver.claim()
    driver.engine.workflows.end("wfr_1", None)
    driver.engine.close()

    driver = Driver(Store.open(path))
    driver.engine.claiming.recover()
    assert driver.claim() == []
    driver.engine.close()


@pytest.mark.parametrize(("headers", "status"), [({"Upstash-Workflow-RunId": "wfr_1"}, 412), ({}, 400)])
def test_an_item_that_is_wrong_is_not_taken_for_the_end_of_its_run(headers: dict[str, str], status: int) -> None:
    local = Local()
    item = {"destination": WORKFLOW, "headers": headers, "body": {"n": 1}}
    assert local("POST", "/v2/batch", [item]) == (status, {"error": "batch item 0: body must be a text"})
    local.engine.close()
