"""Workflow runs that failed: restarted, resumed, and told of once more."""

from collections.abc import Sequence

import pytest

from qstash_integrations.server.model import Filter, Header, Message, Refused, Run, RunFilter
from qstash_integrations.server.model.run_history import FailedRun
from tests.server.driver import Driver, headers
from tests.server.workflow_sdk import WORKFLOW, Sdk, failure_headers, header_of, ids_of, list_of

ALL = Filter(of_runs=True)


@pytest.fixture
def sdk(driver: Driver) -> Sdk:
    return Sdk(driver)


def letters(driver: Driver) -> list[str]:
    return [failed.letter.id for failed in driver.engine.failed_runs.page(ALL, cursor=None, count=100).items]


def fail(driver: Driver) -> str:
    """The DLQ id of a run whose only delivery fails for good."""
    driver.deliver(489, b"broken", upstash_nonretryable_error="true")
    (dlq_id,) = letters(driver)
    return dlq_id


def failing_after_a_step(sdk: Sdk, driver: Driver, **options: str) -> str:
    sdk.start(b'{"n":7}', Upstash_Forward_X_User="joe", Upstash_Label="a", Upstash_Retries="5", **options)
    driver.deliver()
    sdk.result(1, out='"one"')
    return fail(driver)


def test_a_failed_run_is_apart_from_other_dead_letters(driver: Driver, sdk: Sdk) -> None:
    plain = driver.fail_for_good()
    dlq_id = failing_after_a_step(sdk, driver)
    assert letters(driver) == [dlq_id]
    found = driver.engine.dead_letters.page(Filter(of_runs=False), cursor=None, count=9).items
    assert [letter.id for letter in found] == [plain]
    failed = driver.engine.failed_runs.get(dlq_id)
    assert (failed.run.id, failed.payload) == ("wfr_1", b'{"n":7}')
    assert ("X-User", "joe") in failed.headers
    with pytest.raises(Refused, match="not found"):
        driver.engine.failed_runs.get(plain)
    with pytest.raises(Refused, match="resume or restart"):
        driver.engine.dead_letters.retry(dlq_id)


def test_a_restarted_run_begins_anew_with_all_that_the_first_was_started_with(driver: Driver, sdk: Sdk) -> None:
    dlq_id = failing_after_a_step(sdk, driver)
    driver.advance(60)
    run = driver.engine.failed_runs.restart(dlq_id)

    (message,) = driver.claim()
    assert run.id not in ("", "wfr_1")
    assert list_of(message) == ['{"n":7}']
    assert header_of(message, "Upstash-Workflow-RunId") == run.id
    assert header_of(message, "Upstash-Workflow-CreatedAt") == "1800000060000"
    assert header_of(message, "Upstash-Workflow-Init") == "true"
    assert header_of(message, "Upstash-Workflow-Sdk-Version") == "1"
    assert header_of(message, "X-User") == "joe"
    assert (message.options.retries, run.labels) == (5, ("a",))
    assert letters(driver) == []
    driver.answer(message)
    # Later messages of the new run take the same settings.
    again = Sdk(driver, run.id)
    again.result(1)
    (step,) = driver.claim()
    assert (ids_of(step), header_of(step, "X-User"), step.options.retries) == ([1], "joe", 5)


def test_a_resumed_run_goes_on_where_it_failed(driver: Driver, sdk: Sdk) -> None:
    dlq_id = failing_after_a_step(sdk, driver)
    run = driver.engine.failed_runs.resume(dlq_id)

    (message,) = driver.claim()
    first, step = list_of(message)
    assert (first, step["out"]) == ('{"n":7}', '"one"')
    assert header_of(message, "Upstash-Workflow-RunId") == run.id
    assert header_of(message, "Upstash-Workflow-Init") == "false"
    assert (header_of(message, "X-User"), message.options.retries) == ("joe", 5)
    entries = driver.engine.workflows.steps(run.id)
    assert entries[-1]["messageId"] == message.id
    assert letters(driver) == []
    driver.answer(message)
    Sdk(driver, run.id).result(2)
    (after,) = driver.claim()
    assert ids_of(after) == [1, 2]


def claimed(driver: Driver) -> dict[str, Message]:
    return {str(ids_of(message)): message for message in driver.claim()}


def test_a_run_that_failed_in_a_group_resumes_with_every_branch(driver: Driver, sdk: Sdk) -> None:
    """What was done stays done; what was dropped, what only waited, and what failed is delivered again."""
    sdk.start()
    driver.deliver()
    sdk.send(sdk.plan(1, 4), sdk.plan(2, 4), sdk.plan(3, 4), sdk.plan(4, 4, Upstash_Delay="60s", sleepFor="60s"))
    messages = claimed(driver)
    sdk.send(sdk.step(1, concurrent=4))
    driver.answer(messages["[-1]"])
    (result,) = driver.claim()
    driver.answer(result)
    # Answered without a result: it waits for an event.
    driver.answer(messages["[-1, -2]"])
    driver.answer(messages["[-1, -2, -3]"], 489, upstash_nonretryable_error="true")
    (dlq_id,) = letters(driver)

    driver.engine.failed_runs.resume(dlq_id)

    assert sorted(claimed(driver)) == ["[-1, -2, -3]", "[-1, -2]"]
    driver.advance(60)
    assert list(claimed(driver)) == ["[-1, -2, -3, -4]"]


def test_a_call_that_was_under_way_is_made_again(driver: Driver, sdk: Sdk) -> None:
    sdk.start()
    driver.deliver()
    sdk.send(sdk.plan(1, 2), sdk.plan(2, 2))
    first, second = driver.claim()
    sdk.send(sdk.call(1, Upstash_Delay="1h"))
    driver.answer(first)
    driver.answer(second, 489, upstash_nonretryable_error="true")
    (dlq_id,) = letters(driver)

    driver.engine.failed_runs.resume(dlq_id)

    call, plan = sorted(driver.claim(), key=lambda message: message.url)
    assert (call.url, call.body) == ("https://api.example.com/price", b"what is it?")
    assert ids_of(plan) == [-1, -2]
    driver.answer(call, 200, b"42")
    (back,) = driver.claim()
    assert header_of(back, "Upstash-Workflow-CallType") == "fromCallback"


def test_a_call_whose_result_could_not_be_told_is_told_again(driver: Driver, sdk: Sdk) -> None:
    sdk.start(Upstash_Retries="0")
    driver.deliver()
    sdk.send(sdk.call(1))
    driver.deliver(200, b"42")
    driver.deliver(500)
    (dlq_id,) = letters(driver)

    run = driver.engine.failed_runs.resume(dlq_id)

    (back,) = driver.claim()
    assert header_of(back, "Upstash-Workflow-RunId") == run.id
    assert header_of(back, "Upstash-Workflow-CallType") == "fromCallback"
    assert header_of(back, "Upstash-Workflow-Sdk-Version") is None
    assert b'"status":200' in back.body


OVERRIDES = headers(retries="1", delay="30s", label="b,c", flow_control_key="crm", flow_control_value="parallelism=1")


@pytest.mark.parametrize("resumed", [False, True])
def test_headers_of_the_call_replace_settings(driver: Driver, sdk: Sdk, resumed: bool) -> None:
    dlq_id = failing_after_a_step(sdk, driver, **failure_headers())
    given: Sequence[Header] = (*OVERRIDES, ("Upstash-Failure-Callback", "https://b.example/failed"))
    driver.deliver()
    (run,) = repeat(driver, dlq_id, given, resumed)
    assert driver.claim() == []
    driver.advance(30)
    (message,) = driver.claim()
    assert (run.labels, run.flow_key, message.options.retries) == (("b", "c"), "crm", 1)
    assert header_of(message, "Upstash-Label") == "b,c"
    driver.answer(message, 489, upstash_nonretryable_error="true")
    (told,) = driver.claim()
    assert told.url == "https://b.example/failed"
    assert header_of(told, "Upstash-Workflow-Is-Failure") == "true"
    assert header_of(told, "Upstash-Workflow-RunId") == run.id


def repeat(driver: Driver, dlq_id: str, overrides: Sequence[Header], resumed: bool) -> list[Run]:
    wanted = Filter(dlq_ids=(dlq_id,), of_runs=True)
    runs, cursor = driver.engine.failed_runs.repeat_all(wanted, count=9, overrides=overrides, resumed=resumed)
    assert cursor is None
    return runs


def test_many_are_repeated_or_none(driver: Driver) -> None:
    for number in range(3):
        Sdk(driver, f"wfr_{number}").start(Upstash_Retries="0")
    driver.deliver(500)
    first, *_ = letters(driver)
    with pytest.raises(Refused, match="not found"):
        driver.engine.failed_runs.repeat_all(Filter(dlq_ids=(first, "1-9"), of_runs=True), count=9, resumed=True)
    assert len(letters(driver)) == 3
    runs, cursor = driver.engine.failed_runs.repeat_all(ALL, count=2, resumed=False)
    assert (len(runs), len(letters(driver))) == (2, 1)
    assert cursor is not None


def test_a_failure_function_that_failed_is_called_again(driver: Driver, sdk: Sdk) -> None:
    dlq_id = failing_after_a_step(sdk, driver, **failure_headers())
    with pytest.raises(Refused, match="CALLBACK_INPROGRESS"):
        driver.engine.failed_runs.tell_again(dlq_id)
    (told,) = driver.claim()
    driver.answer(told, 489, upstash_nonretryable_error="true")
    assert states(driver) == ["CALLBACK_FAIL"]
    assert [failed.letter.id for failed in found(driver, "CALLBACK_FAIL")] == [dlq_id]
    assert found(driver, "CALLBACK_SUCCESS") == []

    run = driver.engine.failed_runs.tell_again(dlq_id)

    (again,) = driver.claim()
    assert (run.id, again.url, again.body) == ("wfr_1", WORKFLOW, told.body)
    assert states(driver) == ["CALLBACK_INPROGRESS"]
    driver.answer(again)
    assert states(driver) == ["CALLBACK_SUCCESS"]
    assert letters(driver) == [dlq_id]


def test_a_failure_function_under_way_can_be_stopped(driver: Driver, sdk: Sdk) -> None:
    dlq_id = failing_after_a_step(sdk, driver, **failure_headers())
    driver.engine.failed_runs.stop_telling(dlq_id)
    assert driver.claim() == []
    assert states(driver) == ["CALLBACK_CANCELED"]
    with pytest.raises(Refused, match="no failure callback under way"):
        driver.engine.failed_runs.stop_telling(dlq_id)


def test_a_run_forgets_its_dead_letter(driver: Driver, sdk: Sdk) -> None:
    dlq_id = failing_after_a_step(sdk, driver)
    assert driver.engine.failed_runs.get(dlq_id).run.dlq_id == dlq_id
    run = driver.engine.failed_runs.get(dlq_id).run
    driver.engine.failed_runs.delete(dlq_id)
    (log,) = driver.engine.run_log.page(RunFilter(ids=(run.id,)), cursor=None, count=1).items
    assert (log.run.state, log.run.dlq_id) == ("RUN_FAILED", None)


def states(driver: Driver) -> list[str | None]:
    page = driver.engine.failed_runs.page(ALL, cursor=None, count=9)
    return [failed.failure_call.state if failed.failure_call else None for failed in page.items]


def found(driver: Driver, state: str) -> list[FailedRun]:
    wanted = Filter(failure_states=(state,), of_runs=True)
    return list(driver.engine.failed_runs.page(wanted, cursor=None, count=9).items)
