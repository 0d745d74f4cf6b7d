"""Every option on its way: written by the client, read by the local server, shown, changed, published once more,
and told apart by the outbox of tests.

Whoever adds a row without a case, or takes a row's consumer away, is told here.
"""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from qstash_integrations import QStash
from qstash_integrations._core.publishing.operations import dlq, schedule
from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations._core.publishing.options import OPTIONS, Place
from qstash_integrations.testing import Outbox
from tests.options.cases import BESIDE, CASES, DONE, NOW
from tests.server.local import URL, Local

OF_MESSAGES = [name for name, option in OPTIONS.items() if "message" in option.of]
OF_SCHEDULES = [name for name, option in OPTIONS.items() if "schedule" in option.of]
OF_RETRIES = [name for name, option in OPTIONS.items() if "retry" in option.of]
OF_CALLBACKS = [name for name, option in OPTIONS.items() if "callback" in option.of]
CRON = {"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "yearly"}


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local()
    local.now = NOW
    yield local
    local.engine.close()


def published(local: Local, name: str) -> str:
    headers = dict((*BESIDE.get(name, ()), *CASES[name].headers))
    status, answer = local("POST", f"/v2/publish/{URL}", b"hi", headers)
    assert status == 201, answer
    return str(answer["messageId"])


def shown(answer: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {field: answer.get(field) for field in expected}


def test_every_row_has_a_case() -> None:
    assert list(CASES) == list(OPTIONS)


@pytest.mark.parametrize("name", [name for name in OF_MESSAGES if name != "queue"])
def test_the_client_writes_it(name: str) -> None:
    case = CASES[name]
    assert list(messages.publish({"url": URL, name: case.value}, None).headers) == case.headers


def test_the_client_names_the_queue_in_the_path() -> None:
    assert messages.enqueue({"url": URL, "queue": "mail"}, None).path == f"/v2/enqueue/mail/{URL}"


@pytest.mark.parametrize("name", OF_SCHEDULES)
def test_the_client_writes_it_for_a_schedule(name: str) -> None:
    case = CASES[name]
    operation = schedule.create({"destination": URL, "cron": "* * * * *", name: case.value})
    assert set(case.headers) <= set(operation.headers)


@pytest.mark.parametrize("name", OF_RETRIES)
def test_the_client_writes_it_for_a_retry(name: str) -> None:
    case = CASES[name]
    assert list(dlq.retry("1-1", {name: case.value}).headers) == case.headers


@pytest.mark.parametrize("name", [name for name in OF_MESSAGES if name != "queue"])
def test_an_outbox_finds_it_and_misses_it(name: str) -> None:
    published: dict[str, Any] = {"url": URL, name: CASES[name].value}
    with Outbox() as outbox:
        QStash().publish(**published)
        outbox.assert_published(**published)
        with pytest.raises(AssertionError, match=name):
            outbox.assert_published(**{**published, name: None})


@pytest.mark.parametrize("name", OF_MESSAGES)
def test_a_message_shows_it(local: Local, name: str) -> None:
    case = CASES[name]
    answer = local("GET", f"/v2/messages/{published(local, name)}").json
    assert shown(answer, case.messages) == case.messages
    assert case.messages or OPTIONS[name].field not in answer


@pytest.mark.parametrize("name", OF_MESSAGES)
def test_a_log_entry_shows_it(local: Local, name: str) -> None:
    case = CASES[name]
    entry = local("GET", f"/v2/logs?messageId={published(local, name)}").json["logs"][0]
    assert shown(entry, case.logs) == case.logs
    assert case.logs or OPTIONS[name].field not in entry


@pytest.mark.parametrize("name", OF_SCHEDULES)
def test_a_schedule_shows_it(local: Local, name: str) -> None:
    case = CASES[name]
    headers = {**CRON, **dict((*BESIDE.get(name, ()), *case.headers))}
    schedule_id = local("POST", f"/v2/schedules/{URL}", b"hi", headers).json["scheduleId"]
    answer = local("GET", f"/v2/schedules/{schedule_id}").json
    assert shown(answer, case.schedules) == case.schedules
    assert case.schedules or OPTIONS[name].field not in answer


@pytest.mark.parametrize("name", OF_MESSAGES)
def test_the_dashboard_is_told_it(local: Local, name: str) -> None:
    case = CASES[name]
    answer = local("GET", f"/_local/messages/{published(local, name)}").json
    assert case.page
    assert shown(answer, case.page) == case.page


@pytest.mark.parametrize("name", OF_MESSAGES)
def test_a_message_published_once_more_has_what_still_holds(local: Local, name: str) -> None:
    case = CASES[name]
    again = local("POST", f"/_local/messages/{published(local, name)}/replay").json["messageId"]
    answer = local("GET", f"/_local/messages/{again}").json
    assert (shown(answer, case.page) == case.page) is not OPTIONS[name].once


@pytest.mark.parametrize("name", OF_RETRIES)
def test_a_retry_changes_it(local: Local, name: str) -> None:
    case = CASES[name]
    local.publish(Retries="0")
    local.deliver(500)
    (letter,) = local("GET", "/v2/dlq").json["messages"]
    again = local("POST", f"/v2/dlq/retry/{letter['dlqId']}", b"", dict(case.headers)).json["messageId"]
    assert shown(local("GET", f"/_local/messages/{again}").json, case.page) == case.page


@pytest.mark.parametrize("name", OF_CALLBACKS)
def test_a_callback_has_its_own(local: Local, name: str) -> None:
    case = CASES[name]
    own = {header.replace("Upstash-", "Upstash-Callback-"): value for header, value in case.headers}
    local("POST", f"/v2/publish/{URL}", b"hi", {"Upstash-Callback": DONE, **own})
    local.deliver(200)
    (listed, _) = local("GET", "/_local/messages").json["messages"]
    assert listed["url"] == DONE
    assert shown(local("GET", f"/_local/messages/{listed['messageId']}").json, case.page) == case.page


def test_every_place_of_the_table_is_one_that_is_looked_at_here() -> None:
    assert get_args(Place) == ("messages", "logs", "schedules")
