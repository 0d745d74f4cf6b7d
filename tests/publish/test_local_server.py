"""Both clients against the local server: what is asked for is what happens, resource by resource."""

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from qstash_integrations import APIError, AsyncQStash, QStash
from qstash_integrations.server.app import running
from tests.publish.clients import method

pytestmark = pytest.mark.system

NOWHERE = "http://127.0.0.1:9/ship"
LATER = {"url": NOWHERE, "delay": "1h"}
Ask = Callable[..., Any]


@pytest.fixture(params=["QStash", "AsyncQStash"])
def ask(request: pytest.FixtureRequest) -> Generator[Ask]:
    """``ask("queue.get", "mail")`` of an empty server of its own."""
    with running() as server:
        if request.param == "QStash":
            with QStash(server.token, base_url=server.url) as client:

                def ask_sync(verb: str, *args: Any, **options: Any) -> Any:
                    result = method(client, verb)(*args, **options)
                    return list(result) if verb.endswith(".iter") else result

                yield ask_sync
            return
        with asyncio.Runner() as runner:
            twin = AsyncQStash(server.token, base_url=server.url)

            def ask_async(verb: str, *args: Any, **options: Any) -> Any:
                async def answer() -> Any:
                    result = method(twin, verb)(*args, **options)
                    return [item async for item in result] if verb.endswith(".iter") else await result

                return runner.run(answer())

            yield ask_async


def test_messages(ask: Ask) -> None:
    receipt = ask(
        "publish_json", **LATER, body={"id": 3}, headers={"X-Job": "7"}, label=["a", "b"], deduplication_id="one"
    )
    again = ask("publish_json", **LATER, deduplication_id="one")
    assert (again.message_id, again.deduplicated) == (receipt.message_id, True)
    message = ask("message.get", receipt.message_id)
    assert (message.url, message.body, message.labels) == (NOWHERE, '{"id":3}', ("a", "b"))
    assert message.headers == {"Content-Type": ["application/json"], "X-Job": ["7"]}
    others = ask("batch", [{**LATER, "label": "c"}, {**LATER, "queue": "mail"}, {**LATER, "label": "c"}])
    assert len({other.message_id for other in others}) == 3
    assert ask("message.cancel", receipt.message_id) is None
    with pytest.raises(APIError) as caught:
        ask("message.cancel", receipt.message_id)
    assert caught.value.status == 404
    assert [ask("message.cancel_many", filter={"label": "c"}, count=1) for _ in range(3)] == [1, 1, 0]
    assert ask("message.cancel_many", [other.message_id for other in others]) == 1
    assert ask("message.cancel_all") == 0


def test_queues(ask: Ask) -> None:
    assert ask("queue.list") == []
    ask("queue.upsert", "mail", parallelism=2)
    ask("queue.pause", "mail")
    ask("enqueue", queue="mail", url=NOWHERE)
    queue = ask("queue.get", "mail")
    assert (queue.name, queue.parallelism, queue.paused, queue.lag) == ("mail", 2, True, 1)
    ask("queue.resume", "mail")
    assert [queue.paused for queue in ask("queue.list")] == [False]
    ask("queue.delete", "mail")
    ask("queue.delete", "mail")
    with pytest.raises(APIError, match=r"^QStash answered 404: "):
        ask("queue.get", "mail")


def test_schedules(ask: Ask) -> None:
    """Creating one with the id of another replaces that."""
    options = {"cron": "CRON_TZ=Europe/Berlin 0 7 1 1 *", "schedule_id": "yearly"}
    assert ask("schedule.create", destination="http://a.example", body="first", **options) == "yearly"
    assert ask("schedule.create_json", destination=NOWHERE, delay="10s", queue="mail", **options) == "yearly"
    ask("schedule.pause", "yearly")
    [schedule] = ask("schedule.list")
    assert (schedule.destination, schedule.body, schedule.delay) == (NOWHERE, "null", 10)
    assert (schedule.cron, schedule.queue, schedule.paused) == ("CRON_TZ=Europe/Berlin 0 7 1 1 *", "mail", True)
    ask("schedule.resume", "yearly")
    assert ask("schedule.get", "yearly").paused is False
    ask("schedule.delete", "yearly")
    assert ask("schedule.list") == []


def test_url_groups(ask: Ask) -> None:
    ask("url_group.upsert_endpoints", "signups", [{"url": "http://127.0.0.1:9/a", "name": "the shop"}])
    ask("url_group.upsert_endpoints", "signups", [{"url": "http://127.0.0.1:9/b"}])
    group = ask("url_group.get", "signups")
    assert [(endpoint.url, endpoint.name) for endpoint in group.endpoints] == [
        ("http://127.0.0.1:9/a", "the shop"),
        ("http://127.0.0.1:9/b", None),
    ]
    receipts = ask("publish", url_group="signups", delay="1h")
    assert [receipt.url for receipt in receipts] == ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]
    ask(
        "url_group.set_defaults",
        "signups",
        retries=7,
        label="group",
        delay="1h",
        headers={"X-Shop": "eu"},
        forward_headers=False,
    )
    receipts = ask("publish", url_group="signups", label="own")
    message = ask("message.get", receipts[0].message_id)
    assert (message.max_retries, message.label, message.headers["X-Shop"]) == (7, "own", ["eu"])
    ask("url_group.set_defaults", "signups")
    receipts = ask("publish", url_group="signups", delay="1h")
    assert ask("message.get", receipts[0].message_id).max_retries == 3
    ask("url_group.remove_endpoints", "signups", [{"name": "the shop"}])
    assert [len(group.endpoints) for group in ask("url_group.list")] == [1]
    ask("url_group.delete", "signups")
    assert ask("url_group.list") == []


def test_dead_letters(ask: Ask) -> None:
    for label in ("a", "a", "b", "c", "c"):
        ask("publish", url=NOWHERE, retries=0, label=label, body="hi")
    wait_for(lambda: len(ask("dlq.list").messages) == 5)
    first = ask("dlq.list", count=2)
    second = ask("dlq.list", count=100, cursor=first.cursor)
    assert (len(first.messages), len(second.messages), second.cursor) == (2, 3, None)
    found = ask("dlq.iter", count=2)
    assert [letter.label for letter in found] == ["a", "a", "b", "c", "c"]
    assert ask("dlq.get", found[0].dlq_id) == found[0]
    assert (found[0].url, found[0].body, found[0].response_status) == (NOWHERE, "hi", 0)
    ask("dlq.delete", found[0].dlq_id)
    assert ask("dlq.delete_many", [found[0].dlq_id, found[1].dlq_id]) == 1
    receipt = ask("dlq.retry", found[2].dlq_id, retries=0, label="again")
    assert receipt.message_id != found[2].message_id
    wait_for(lambda: [letter.label for letter in ask("dlq.iter", filter={"label": "again"})] == ["again"])
    assert len(ask("dlq.retry_many", filter={"label": "c"}, count=1, retries=3)) == 1
    assert ask("dlq.delete_many", filter={"label": ["c", "again"]}) == 2
    assert (ask("dlq.retry_all"), ask("dlq.delete_all")) == ([], 0)


def test_logs(ask: Ask) -> None:
    receipt = ask("publish", **LATER, body="hi", label="signup")
    ask("publish", **LATER)
    ask("message.cancel", receipt.message_id)
    entries = ask("log.iter", filter={"message_id": receipt.message_id}, count=1)
    states = [entry.state for entry in entries]
    assert (states[0], states[-1]) == ("CANCELED", "CREATED")
    assert {(entry.message_id, entry.url, entry.label) for entry in entries} == {
        (receipt.message_id, NOWHERE, "signup")
    }
    assert entries[-1].body_base64 == "aGk="
    assert len(ask("log.list", filter={"state": "CREATED"}).logs) == 2
    assert ask("log.list", filter={"to_time": 0}).logs == ()


def test_signing_keys(ask: Ask) -> None:
    before = ask("signing_key.get")
    after = ask("signing_key.rotate")
    assert after.current == before.next
    assert after.next not in (before.current, before.next)
    assert ask("signing_key.get") == after


def test_flow_control(ask: Ask) -> None:
    key = "crm.eu_1"
    ask("publish", **LATER, flow_control={"key": key, "parallelism": 3, "rate": 5, "period": "1m"})
    flow = ask("flow_control.get", key)
    assert (flow.key, flow.parallelism_max, flow.rate_max, flow.rate_period) == (key, 3, 5, 60)
    ask("flow_control.pause", key)
    ask("flow_control.pin", key, rate=7)
    flow = ask("flow_control.get", key)
    assert (flow.is_paused, flow.rate_max, flow.is_pinned_rate, flow.is_pinned_parallelism) == (True, 7, True, False)
    ask("flow_control.resume", key)
    ask("flow_control.unpin", key, rate=True)
    ask("flow_control.reset_rate", key)
    [flow] = ask("flow_control.list", search="eu")
    assert (flow.is_paused, flow.is_pinned_rate, flow.rate_count) == (False, False, 0)
    assert ask("flow_control.get_global_parallelism").parallelism_max > 0


def wait_for(fact: Callable[[], bool]) -> None:
    """The server delivers at once, in a thread of its own."""
    ends_at = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
