"""The official SDK against the local server, unchanged: the same calls with its sync and its async client.

What it publishes arrives at a real endpoint, where its own Receiver accepts every signature.
"""

import asyncio
import json
import queue
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import pytest
import qstash as sdk
from qstash.errors import QStashError

from qstash_integrations.server.app import LocalServer
from qstash_integrations.server.attempt import Attempt
from tests.server.destination import OK, SOON, Destination, Received, destination

pytestmark = pytest.mark.system

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n404 Not Found"
Call = Callable[..., Any]


@pytest.fixture
def there() -> Iterator[Destination]:
    with destination(OK, missing=NOT_FOUND) as there:
        yield there


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, server: LocalServer) -> Iterator[Call]:
    """``call("message.publish", ...)`` with either client."""
    if request.param == "sync":
        client = sdk.QStash(server.token, base_url=server.url, retry=False)

        def call(name: str, *args: Any, **options: Any) -> Any:
            return attrgetter(name)(client)(*args, **options)

        yield call
        http(client).close()
        return
    with asyncio.Runner() as runner:
        twin = sdk.AsyncQStash(server.token, base_url=server.url, retry=False)

        def call_async(name: str, *args: Any, **options: Any) -> Any:
            return runner.run(attrgetter(name)(twin)(*args, **options))

        yield call_async
        runner.run(http(twin).aclose())


def http(client: object) -> Any:
    """What the SDK's clients leave open: they have no close of their own."""
    return attrgetter("http._client")(client)


def verified(server: LocalServer, there: Destination) -> Received:
    """The next delivery, which the official Receiver accepted."""
    got = there.next()
    sdk.Receiver(server.keys.current, server.keys.next).verify(
        signature=got.header("Upstash-Signature") or "", body=got.body.decode(), url=f"{there.url}{got.target}"
    )
    return got


def states(call: Call, message_id: str) -> list[str]:
    logs = call("log.list", filter={"message_id": message_id}).logs
    assert {log.message_id for log in logs} == {message_id}
    return [log.state.value for log in logs]


def test_a_message_is_published_delivered_and_verified(
    server: LocalServer, there: Destination, call: Call, attempts: queue.SimpleQueue[Attempt]
) -> None:
    answer = call(
        "message.publish_json",
        url=f"{there.url}/hook?x=1",
        body={"id": 3, "name": "né"},
        headers={"X-Tenant": "42"},
        method="PUT",
        retries=5,
        retry_delay="1000 * (1 + retried)",
        timeout=90,
        label="orders",
        content_based_deduplication=True,
        flow_control={"key": "crm", "rate": 100, "period": "1h30m3s"},
        redact={"header": ["X-Tenant"]},
    )
    got = verified(server, there)
    assert (got.method, json.loads(got.body)) == ("PUT", {"id": 3, "name": "né"})
    assert (got.header("X-Tenant"), got.header("Content-Type")) == ("42", "application/json")
    message = call("message.get", answer.message_id)
    assert (message.url, message.max_retries, message.label) == (f"{there.url}/hook?x=1", 5, "orders")
    assert message.headers["X-Tenant"][0].startswith("REDACTED:")
    assert (message.flow_control.key, message.flow_control.rate, message.flow_control.period) == ("crm", 100, 5403)
    attempts.get(timeout=SOON)
    assert states(call, answer.message_id) == ["DELIVERED", "ACTIVE", "CREATED"]


def test_a_duplicate_is_reported(there: Destination, call: Call) -> None:
    first, second = (call("message.publish", url=there.url, body="x", deduplication_id="once") for _ in range(2))
    assert (first.deduplicated, second.deduplicated) == (False, True)
    assert first.message_id == second.message_id


def test_callbacks_are_verified_too(server: LocalServer, there: Destination, call: Call) -> None:
    answer = call(
        "message.publish",
        url=f"{there.url}/missing",
        body="hi",
        retries=0,
        callback=f"{there.url}/callback",
        failure_callback=f"{there.url}/failed",
    )
    assert verified(server, there).target == "/missing"
    told = {got.target: json.loads(got.body) for got in (verified(server, there) for _ in range(2))}
    assert set(told) == {"/callback", "/failed"}
    assert {body["sourceMessageId"] for body in told.values()} == {answer.message_id}
    assert {body["status"] for body in told.values()} == {404}


def test_a_queue_is_made_filled_paused_and_deleted(server: LocalServer, there: Destination, call: Call) -> None:
    call("queue.upsert", "mail", parallelism=1, paused=True)
    for number in range(3):
        call("message.enqueue_json", queue="mail", url=f"{there.url}/{number}", body={"n": number})
    mail = call("queue.get", "mail")
    assert (mail.parallelism, mail.lag, mail.paused) == (1, 3, True)
    assert there.nothing_more()
    call("queue.resume", "mail")
    assert [verified(server, there).target for _ in range(3)] == ["/0", "/1", "/2"]
    call("queue.pause", "mail")
    assert [one.name for one in call("queue.list")] == ["mail"]
    call("queue.delete", "mail")
    assert call("queue.list") == []


def test_a_batch_reaches_urls_groups_and_queues(server: LocalServer, there: Destination, call: Call) -> None:
    endpoints = [{"url": f"{there.url}/a", "name": "a"}, {"url": f"{there.url}/b"}]
    call("url_group.upsert_endpoints", "both", endpoints=endpoints)
    answers = call(
        "message.batch_json",
        [
            {"url": f"{there.url}/one", "body": {"n": 1}, "headers": {"X": "1"}},
            {"url_group": "both", "body": {"n": 2}},
            {"url": f"{there.url}/queued", "queue": "mail", "body": {"n": 3}},
        ],
    )
    assert [one.url for one in answers[1]] == [f"{there.url}/a", f"{there.url}/b"]
    got = {one.target: json.loads(one.body)["n"] for one in (verified(server, there) for _ in range(4))}
    assert got == {"/one": 1, "/a": 2, "/b": 2, "/queued": 3}


def test_a_url_group_is_made_published_to_and_deleted(server: LocalServer, there: Destination, call: Call) -> None:
    endpoints = [{"url": f"{there.url}/a", "name": "a"}, {"url": f"{there.url}/b"}]
    call("url_group.upsert_endpoints", "both", endpoints=endpoints)
    first, second = call("message.publish", url_group="both", body="hi")
    got = {verified(server, there).header("Upstash-Message-Id") for _ in range(2)}
    assert got == {first.message_id, second.message_id}
    call("url_group.remove_endpoints", "both", endpoints=[{"name": "a"}])
    assert [one.url for one in call("url_group.get", "both").endpoints] == [f"{there.url}/b"]
    assert [one.name for one in call("url_group.list")] == ["both"]
    call("url_group.delete", "both")
    call("url_group.delete", "both")
    assert call("url_group.list") == []


def test_a_schedule_is_made_paused_and_deleted(there: Destination, call: Call) -> None:
    schedule_id = call(
        "schedule.create_json",
        destination=f"{there.url}/tick",
        cron="CRON_TZ=Europe/Berlin 0 0 1 1 *",
        schedule_id="new-year",
        body={"full": True},
        label="yearly",
        queue="mail",
        retry_delay="7000 * retried",
        flow_control={"key": "crm", "parallelism": 2},
    )
    assert schedule_id == "new-year"
    schedule = call("schedule.get", schedule_id)
    assert (schedule.cron, schedule.destination) == ("CRON_TZ=Europe/Berlin 0 0 1 1 *", f"{there.url}/tick")
    assert (schedule.label, schedule.queue, schedule.retry_delay_expression) == ("yearly", "mail", "7000 * retried")
    assert (schedule.flow_control.parallelism, schedule.flow_control.rate, schedule.flow_control.period) == (2, None, 1)
    call("schedule.pause", schedule_id)
    assert call("schedule.get", schedule_id).paused is True
    call("schedule.resume", schedule_id)
    assert call("schedule.get", schedule_id).paused is False
    assert [one.schedule_id for one in call("schedule.list")] == [schedule_id]
    call("schedule.delete", schedule_id)
    assert call("schedule.list") == []


def test_dead_letters_are_found_and_deleted(
    there: Destination, call: Call, attempts: queue.SimpleQueue[Attempt]
) -> None:
    ids = [call("message.publish", url=f"{there.url}/missing", body="x", retries=0).message_id for _ in range(3)]
    for _ in ids:
        attempts.get(timeout=SOON)
    letters = call("dlq.list").messages
    assert {letter.message_id for letter in letters} == set(ids)
    assert {(letter.response_status, letter.response_body) for letter in letters} == {(404, "404 Not Found")}
    first, *others = (letter.dlq_id for letter in letters)
    assert call("dlq.get", first).message_id in ids
    call("dlq.delete", first)
    with pytest.raises(QStashError, match="404"):
        call("dlq.delete", first)
    assert call("dlq.delete_many", others) == 2
    assert call("dlq.list", count=1, filter={"label": "x"}).messages == []


def test_messages_are_cancelled(there: Destination, call: Call) -> None:
    ids = [call("message.publish", url=there.url, body="x", delay="10d").message_id for _ in range(4)]
    call("message.cancel", ids[0])
    assert call("message.cancel_many", ids[1:3]) == 2
    assert call("message.cancel_all") == 1
    with pytest.raises(QStashError, match="404"):
        call("message.get", ids[0])


def test_flow_control_is_pinned_paused_and_reset(there: Destination, call: Call) -> None:
    call("message.publish", url=there.url, body="x", flow_control={"key": "crm", "parallelism": 5}, delay="1d")
    call("flow_control.pin", "crm", {"parallelism": 3, "rate": 20, "period": 120})
    flow = call("flow_control.get", "crm")
    assert (flow.parallelism_max, flow.rate_max, flow.rate_period) == (3, 20, 120)
    assert (flow.is_pinned_parallelism, flow.is_pinned_rate, flow.is_paused) == (True, True, False)
    call("flow_control.unpin", "crm", {"parallelism": True, "rate": True})
    call("flow_control.pause", "crm")
    call("flow_control.reset_rate", "crm")
    flow = call("flow_control.get", "crm")
    assert (flow.is_pinned_parallelism, flow.is_pinned_rate, flow.is_paused) == (False, False, True)
    call("flow_control.resume", "crm")
    assert call("flow_control.get_global_parallelism").parallelism_max == 100


def test_keys_are_read_rotated_and_signed_with(server: LocalServer, there: Destination, call: Call) -> None:
    keys = call("signing_key.get")
    assert (keys.current, keys.next) == (server.keys.current, server.keys.next)
    rotated = call("signing_key.rotate")
    assert rotated.current == keys.next
    call("message.publish", url=f"{there.url}/x", body="x")
    assert verified(server, there).target == "/x"


def test_a_wrong_token_is_an_error(server: LocalServer) -> None:
    client = sdk.QStash("wrong", base_url=server.url, retry=False)
    with pytest.raises(QStashError, match="unable to authenticate: invalid token"):
        client.queue.list()
    http(client).close()


def test_the_address_comes_from_the_environment(
    server: LocalServer, there: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_URL", server.url)
    client = sdk.QStash(server.token)
    client.message.publish_json(url=f"{there.url}/x", body="hi")
    assert verified(server, there).body == b'"hi"'
    http(client).close()
