"""Every call of every resource of the official JavaScript SDK, unchanged."""

import queue

import pytest

from qstash_integrations.server.attempt import Attempt
from tests.server.destination import SOON, Destination
from tests.server.javascript_sdk.sdk import JavaScript, JavaScriptError, needs_javascript, verified

pytestmark = needs_javascript()


def failed(js: JavaScript, there: Destination, attempts: queue.SimpleQueue[Attempt], **options: object) -> str:
    """The id of a message that failed for good."""
    request = {"url": f"{there.url}/missing", "body": "x", "retries": 0, **options}
    message_id = str(js("client.publish(request)", request=request)["messageId"])
    attempts.get(timeout=SOON)
    return message_id


def test_a_queue_is_made_filled_paused_and_deleted(js: JavaScript, there: Destination) -> None:
    js("client.queue({queueName: 'mail'}).upsert({parallelism: 1, paused: true})")
    for number in range(2):
        js("client.queue({queueName: 'mail'}).enqueueJSON({url, body: {}})", url=f"{there.url}/{number}")
    js("client.queue({queueName: 'mail'}).enqueue({url, body: 'x', delay: 1})", url=f"{there.url}/2")
    mail = js("client.queue({queueName: 'mail'}).get()")
    assert (mail["name"], mail["parallelism"], mail["lag"], mail["paused"]) == ("mail", 1, 3, True)
    assert there.nothing_more()
    js("client.queue({queueName: 'mail'}).resume()")
    assert [verified(js, there).target for _ in range(3)] == ["/0", "/1", "/2"]
    js("client.queue({queueName: 'mail'}).pause()")
    assert [(one["name"], one["paused"]) for one in js("client.queue().list()")] == [("mail", True)]
    js("client.queue({queueName: 'mail'}).delete()")
    assert js("client.queue().list()") == []


def test_a_url_group_is_made_published_to_and_deleted(js: JavaScript, there: Destination) -> None:
    endpoints = [{"url": f"{there.url}/a", "name": "a"}, {"url": f"{there.url}/b"}]
    js("client.urlGroups.addEndpoints({name: 'both', endpoints})", endpoints=endpoints)
    assert sorted(js("client.urlGroups.get('both')")["endpoints"], key=str) == sorted(endpoints, key=str)
    answers = js("client.publishJSON({urlGroup: 'both', body: {}})")
    got = {verified(js, there).header("Upstash-Message-Id") for _ in range(2)}
    assert got == {answer["messageId"] for answer in answers}
    js("client.topics.removeEndpoints({name: 'both', endpoints: [{name: 'a'}]})")
    assert js("client.urlGroups.list()")[0]["endpoints"] == [{"url": f"{there.url}/b"}]
    js("client.urlGroups.delete('both')")
    assert js("client.urlGroups.list()") == []


def test_a_schedule_is_made_paused_replaced_and_deleted(js: JavaScript, there: Destination) -> None:
    request = {
        "destination": f"{there.url}/tick",
        "cron": "0 0 1 1 * ",
        "scheduleId": "new-year",
        "body": '{"full":true}',
        "headers": {"Test-Header": "test-value"},
        "delay": 10,
        "timeout": "30s",
        "retries": 5,
        "retryDelay": "7000 * retried",
        "queueName": "mail",
        "label": "yearly",
        "callback": f"{there.url}/callback",
        "failureCallback": f"{there.url}/failed",
        "flowControl": {"key": "crm", "rate": 3, "period": "1d"},
        "redact": {"body": True},
    }
    assert js("client.schedules.create(request)", request=request) == {"scheduleId": "new-year"}
    schedule = js("client.schedules.get('new-year')")
    assert (schedule["cron"], schedule["delay"], schedule["timeout"], schedule["retries"]) == ("0 0 1 1 *", 10, 30, 5)
    assert schedule["header"] == {"Content-Type": ["application/json"], "Test-Header": ["test-value"]}
    assert (schedule["queueName"], schedule["label"]) == ("mail", "yearly")
    assert (schedule["flowControlKey"], schedule["ratePerSecond"], schedule["period"]) == ("crm", 3, 86_400)
    assert schedule["body"].startswith("REDACTED:")
    assert schedule["isPaused"] is False
    js("client.schedules.pause({schedule: 'new-year'})")
    assert js("client.schedules.get('new-year')")["isPaused"] is True
    js("client.schedules.resume({schedule: 'new-year'})")
    js("client.schedules.create({destination, cron: '0 0 2 1 *', scheduleId: 'new-year'})", destination=there.url)
    (replaced,) = js("client.schedules.list()")
    assert (replaced["destination"], replaced["isPaused"], "body" in replaced) == (there.url, False, False)
    js("client.schedules.delete('new-year')")
    assert js("client.schedules.list()") == []


def test_messages_are_cancelled(js: JavaScript, there: Destination) -> None:
    ids = [js("client.publish({url, body: 'x', delay: '10d'})", url=there.url)["messageId"] for _ in range(8)]
    labelled = {"url": there.url, "body": "x", "delay": 864_000, "label": "one"}
    js("client.publish(request)", request=labelled)
    assert js("client.messages.cancel(id)", id=ids[0]) == {"cancelled": 1}
    assert js("client.messages.cancel(ids)", ids=ids[1:3]) == {"cancelled": 2}
    assert js("client.messages.cancel({filter: {label: ['one', 'two']}})") == {"cancelled": 1}
    assert js("client.messages.cancel({all: true, count: 1})") == {"cancelled": 1}
    assert js("client.messages.delete(id)", id=ids[4]) is None
    assert js("client.messages.deleteMany(ids)", ids=ids[5:7]) == 2
    assert js("client.messages.deleteAll()") == 1
    with pytest.raises(JavaScriptError, match="QstashError 404: "):
        js("client.messages.get(id)", id=ids[0])


def test_dead_letters_are_found_retried_and_deleted(
    js: JavaScript, there: Destination, attempts: queue.SimpleQueue[Attempt]
) -> None:
    ids = [failed(js, there, attempts, label=f"label-{number}") for number in range(4)]
    page = js("client.dlq.listMessages({count: 3})")
    rest = js("client.dlq.listMessages({cursor})", cursor=page["cursor"])
    letters = page["messages"] + rest["messages"]
    assert [letter["messageId"] for letter in letters] == ids
    assert {(letter["responseStatus"], letter["responseBody"]) for letter in letters} == {(404, "404 Not Found")}
    assert {letter["responseHeader"]["Content-Type"][0] for letter in letters} == {"text/plain"}
    assert "cursor" not in rest
    first, second, third, _ = (letter["dlqId"] for letter in letters)
    listed = js("client.dlq.listMessages({filter: {label: ['label-0', 'label-2']}})")
    assert [letter["dlqId"] for letter in listed["messages"]] == [first, third]
    assert len(js("client.dlq.listMessages({dlqIds: [first]})", first=first)["messages"]) == 1
    retried = js("client.dlq.retry(first)", first=first)
    assert retried["responses"][0]["messageId"] not in ids
    attempts.get(timeout=SOON)
    assert js("client.dlq.delete(second)", second=second) == {"deleted": 1}
    with pytest.raises(JavaScriptError, match="QstashError 404: "):
        js("client.dlq.delete(second)", second=second)
    assert js("client.dlq.deleteMany({dlqIds: [third]})", third=third) == {"deleted": 1}
    with pytest.raises(JavaScriptError, match=r"QstashError 400: .*labeel"):
        js("client.dlq.retry({filter: {labeel: 'x'}})")
    assert js("client.dlq.delete({all: true})") == {"deleted": 2}


def test_flow_control_is_pinned_paused_and_reset(js: JavaScript, there: Destination) -> None:
    js("client.publish({url, flowControl: {key: 'crm', parallelism: 5}, delay: '1d'})", url=there.url)
    js("client.flowControl.pin('crm', {parallelism: 3, rate: 20, period: 120})")
    flow = js("client.flowControl.get('crm')")
    assert (flow["parallelismMax"], flow["rateMax"], flow["ratePeriod"]) == (3, 20, 120)
    assert (flow["isPinnedParallelism"], flow["isPinnedRate"], flow["isPaused"]) == (True, True, False)
    js("client.flowControl.unpin('crm', {parallelism: true, rate: true})")
    js("client.flowControl.pause('crm')")
    js("client.flowControl.resetRate('crm')")
    flow = js("client.flowControl.get('crm')")
    assert (flow["isPinnedParallelism"], flow["isPinnedRate"], flow["isPaused"]) == (False, False, True)
    js("client.flowControl.resume('crm')")
    assert js("client.flowControl.get('crm')")["isPaused"] is False
    assert js("client.flowControl.getGlobalParallelism()") == {"parallelismMax": 100, "parallelismCount": 0}


def test_logs_come_in_pages_and_by_filter(js: JavaScript, there: Destination) -> None:
    for label in ("one", "two", "two"):
        js("client.publish({url, label, delay: '1d'})", url=there.url, label=label)
    page = js("client.logs({count: 2})")
    rest = js("client.logs({cursor})", cursor=page["cursor"])
    assert [log["label"] for log in page["logs"] + rest["logs"]] == ["two", "two", "one"]
    assert [log["label"] for log in js("client.logs({filter: {label: 'one', state: 'CREATED'}})")["logs"]] == ["one"]
    assert js("client.logs({filter: {label: 'three'}})")["logs"] == []
