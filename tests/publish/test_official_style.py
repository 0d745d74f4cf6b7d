"""One program in the official SDK's words runs unchanged on its clients and on ours, against the local server."""

import asyncio
import json
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
import qstash as official

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations.server.app import running
from qstash_integrations.server.app.config import LocalServer

pytestmark = pytest.mark.system

NOWHERE = "http://127.0.0.1:9/ship"
Ask = Callable[[Callable[[Any], Any]], Any]
CLIENTS: dict[str, Any] = {
    "the official QStash": official.QStash,
    "the official AsyncQStash": official.AsyncQStash,
    "QStash": QStash,
    "AsyncQStash": AsyncQStash,
}


@pytest.fixture(params=CLIENTS.values(), ids=list(CLIENTS))
def ask(request: pytest.FixtureRequest) -> Generator[Ask]:
    """``ask(lambda client: client.queue.list())`` of an empty server of its own."""
    with running() as server:
        if request.param in (official.QStash, QStash):
            yield from ask_at_once(made(request.param, server))
        else:
            yield from ask_in_a_loop(made(request.param, server))


def made(kind: Any, server: LocalServer) -> Any:
    def backoff(retry: int) -> float:
        return 10.0 * retry

    return kind(server.token, retry={"retries": 1, "backoff": backoff}, base_url=server.url)


def ask_at_once(client: Any) -> Generator[Ask]:
    yield lambda call: call(client)
    # The official one has no way of its own to close it.
    client.close() if isinstance(client, QStash) else client.http._client.close()


def ask_in_a_loop(client: Any) -> Generator[Ask]:
    async def awaited(call: Callable[[Any], Any]) -> Any:
        return await call(client)

    with asyncio.Runner() as runner:
        yield lambda call: runner.run(awaited(call))
        runner.run(client.aclose() if isinstance(client, AsyncQStash) else client.http._client.aclose())


def test_messages(ask: Ask) -> None:
    receipt = ask(
        lambda client: client.message.publish_json(
            url=NOWHERE,
            body={"id": 3},
            headers={"X-Job": "7"},
            method="PUT",
            delay="1h",
            retries=5,
            retry_delay="1000 * retried",
            callback="http://127.0.0.1:9/told",
            failure_callback="http://127.0.0.1:9/failed",
            deduplication_id="one",
            timeout="10s",
            label="signup",
            flow_control={"key": "crm", "parallelism": 3, "rate": 5, "period": "1m"},
            redact={"header": ["Authorization"]},
        )
    )
    message = ask(lambda client: client.message.get(receipt.message_id))
    assert (message.message_id, message.url, message.method) == (receipt.message_id, NOWHERE, "PUT")
    assert json.loads(message.body) == {"id": 3}
    assert (message.max_retries, message.label) == (5, "signup")
    assert message.headers == {"Content-Type": ["application/json"], "X-Job": ["7"]}
    assert (message.callback, message.failure_callback) == ("http://127.0.0.1:9/told", "http://127.0.0.1:9/failed")
    assert (message.retry_delay_expression, message.flow_control.key) == ("1000 * retried", "crm")
    assert (message.flow_control.parallelism, message.flow_control.rate, message.flow_control.period) == (3, 5, 60)
    again = ask(lambda client: client.message.publish(url=NOWHERE, delay=3600, deduplication_id="one"))
    assert (again.message_id, again.deduplicated) == (receipt.message_id, True)


def test_queued_messages_and_batches(ask: Ask) -> None:
    later = round(time.time()) + 3600
    receipts = [
        ask(lambda client: client.message.enqueue_json(queue="mail", url=f"{NOWHERE}/1", body={"id": 4})),
        ask(lambda client: client.message.enqueue(queue="mail", url=f"{NOWHERE}/2", body="hi", content_type="a/b")),
        *ask(
            lambda client: client.message.batch(
                [
                    {"url": NOWHERE, "body": "hi", "delay": "1h"},
                    {"url": NOWHERE, "queue": "mail", "headers": {"X-Job": "8"}},
                ]
            )
        ),
        *ask(lambda client: client.message.batch_json(messages=[{"url": NOWHERE, "body": 5, "not_before": later}])),
    ]
    ids = [receipt.message_id for receipt in receipts]
    assert len(set(ids)) == 5
    found = [ask(lambda client, one=one: client.message.get(one)) for one in ids]
    assert [message.queue for message in found] == ["mail", "mail", None, "mail", None]
    assert (found[1].headers, found[3].headers) == ({"Content-Type": ["a/b"]}, {"X-Job": ["8"]})
    assert (found[4].body, found[4].not_before) == ("5", later * 1000)


def test_cancelling(ask: Ask) -> None:
    ids = [ask(lambda client: client.message.publish(url=NOWHERE, delay="1h")).message_id for _ in range(4)]
    assert ask(lambda client: client.message.cancel(ids[0])) is None
    assert ask(lambda client: client.message.cancel_many(ids[:2])) == 1
    assert ask(lambda client: client.message.cancel_all()) == 2


def test_url_groups(ask: Ask) -> None:
    ask(
        lambda client: client.url_group.upsert_endpoints(
            url_group="signups", endpoints=[{"url": f"{NOWHERE}/a", "name": "a"}, {"url": f"{NOWHERE}/b"}]
        )
    )
    group = ask(lambda client: client.url_group.get("signups"))
    assert (group.name, [(one.url, one.name) for one in group.endpoints]) == (
        "signups",
        [(f"{NOWHERE}/a", "a"), (f"{NOWHERE}/b", None)],
    )
    receipts = ask(lambda client: client.message.publish_json(url_group="signups", body={"id": 3}, delay="1h"))
    assert [receipt.url for receipt in receipts] == [f"{NOWHERE}/a", f"{NOWHERE}/b"]
    ask(lambda client: client.url_group.remove_endpoints(url_group="signups", endpoints=[{"name": "a"}]))
    assert [one.name for one in ask(lambda client: client.url_group.list())] == ["signups"]
    ask(lambda client: client.url_group.delete("signups"))
    assert ask(lambda client: client.url_group.list()) == []


def test_queues(ask: Ask) -> None:
    ask(lambda client: client.queue.upsert("mail", parallelism=2, paused=True))
    queue = ask(lambda client: client.queue.get("mail"))
    assert (queue.name, queue.parallelism, queue.paused, queue.lag) == ("mail", 2, True, 0)
    ask(lambda client: client.queue.resume("mail"))
    ask(lambda client: client.queue.pause("mail"))
    ask(lambda client: client.queue.resume(queue="mail"))
    assert [found.paused for found in ask(lambda client: client.queue.list())] == [False]
    ask(lambda client: client.queue.delete("mail"))
    assert ask(lambda client: client.queue.list()) == []


def test_schedules(ask: Ask) -> None:
    made_id = ask(
        lambda client: client.schedule.create_json(destination=NOWHERE, cron="*/5 * * * *", body={"id": 3}, retries=1)
    )
    schedule = ask(lambda client: client.schedule.get(made_id))
    assert (schedule.schedule_id, schedule.cron, schedule.destination) == (made_id, "*/5 * * * *", NOWHERE)
    assert (schedule.retries, schedule.paused, schedule.method) == (1, False, "POST")
    own_id = ask(
        lambda client: client.schedule.create(
            destination=NOWHERE,
            cron="CRON_TZ=Europe/Berlin 0 7 1 1 *",
            body="hi",
            content_type="text/plain",
            schedule_id="yearly",
            queue="mail",
            delay="10s",
        )
    )
    ask(lambda client: client.schedule.pause("yearly"))
    schedule = ask(lambda client: client.schedule.get(schedule_id="yearly"))
    assert (own_id, schedule.paused, schedule.queue, schedule.delay) == ("yearly", True, "mail", 10)
    assert (schedule.body, schedule.headers) == ("hi", {"Content-Type": ["text/plain"]})
    ask(lambda client: client.schedule.resume("yearly"))
    for found in ask(lambda client: client.schedule.list()):
        ask(lambda client, found=found: client.schedule.delete(found.schedule_id))
    assert ask(lambda client: client.schedule.list()) == []


def test_dead_letters_and_logs(ask: Ask) -> None:
    for label in ("a", "a", "b"):
        ask(lambda client, label=label: client.message.publish(url=NOWHERE, retries=0, label=label, body="hi"))
    wait_for(lambda: len(ask(lambda client: client.dlq.list()).messages) == 3)
    page = ask(lambda client: client.dlq.list(count=2))
    rest = ask(lambda client: client.dlq.list(cursor=page.cursor, count=2))
    assert ([letter.label for letter in page.messages], len(rest.messages), rest.cursor) == (["a", "a"], 1, None)
    [letter] = ask(lambda client: client.dlq.list(filter={"label": "b"})).messages
    assert ask(lambda client: client.dlq.get(letter.dlq_id)).response_status == 0
    ask(lambda client: client.dlq.delete(letter.dlq_id))
    assert ask(lambda client: client.dlq.delete_many([one.dlq_id for one in page.messages])) == 2

    logs = ask(lambda client: client.log.list(filter={"message_id": letter.message_id})).logs
    assert {getattr(entry.state, "value", entry.state) for entry in logs} >= {"CREATED", "FAILED"}
    assert len(ask(lambda client: client.log.list(count=1, filter={"label": "a"})).logs) == 1


def test_signing_keys_and_flow_control(ask: Ask) -> None:
    before = ask(lambda client: client.signing_key.get())
    assert ask(lambda client: client.signing_key.rotate()).current == before.next
    limits = {"key": "crm", "parallelism": 3}
    ask(lambda client: client.message.publish(url=NOWHERE, delay="1h", flow_control=limits))
    ask(lambda client: client.flow_control.pin("crm", {"parallelism": 7, "rate": 5, "period": 60}))
    ask(lambda client: client.flow_control.pin(flow_control_key="crm", options={"parallelism": 8}))
    ask(lambda client: client.flow_control.pause("crm"))
    flow = ask(lambda client: client.flow_control.get("crm"))
    assert (flow.key, flow.parallelism_max, flow.rate_max, flow.is_paused) == ("crm", 8, 5, True)
    ask(lambda client: client.flow_control.unpin("crm", options={"parallelism": True, "rate": True}))
    ask(lambda client: client.flow_control.resume("crm"))
    ask(lambda client: client.flow_control.reset_rate("crm"))
    flow = ask(lambda client: client.flow_control.get(flow_control_key="crm"))
    assert (flow.is_pinned_parallelism, flow.is_pinned_rate, flow.rate_count) == (False, False, 0)
    assert ask(lambda client: client.flow_control.get_global_parallelism()).parallelism_max > 0


def wait_for(fact: Callable[[], bool]) -> None:
    """The server delivers at once, in a thread of its own."""
    ends_at = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
