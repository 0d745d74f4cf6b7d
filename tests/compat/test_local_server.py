"""Programs written for the original package, against the local server: only the import and the placeholders differ."""

import time
from collections.abc import Callable, Generator
from typing import Any

import anyio
import pytest

from qstash_integrations.compat import AsyncClient, Client, QstashException, Receiver, SignatureException
from qstash_integrations.server.app import running
from qstash_integrations.server.app.config import LocalServer
from tests.wsgi_server import running as serving

pytestmark = pytest.mark.system

NOWHERE = "http://127.0.0.1:9/ship"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[LocalServer]:
    with running() as server:
        monkeypatch.setenv("QSTASH_URL", server.url)
        yield server


@pytest.fixture
def client(server: LocalServer) -> Generator[Client]:
    client = Client(server.token)
    yield client
    client.qstash.close()


def test_the_readme_publishes_schedules_and_makes_topics(client: Client, server: LocalServer) -> None:
    res = client.publish_json(
        {"url": NOWHERE, "body": {"hello": "world"}, "headers": {"test-header": "test-value"}, "delay": 60}
    )
    message = client.messages().get(res["messageId"])
    assert message["header"] == {"Content-Type": ["application/json"], "Test-Header": ["test-value"]}
    assert (message["body"], message["url"]) == ('{"hello":"world"}', NOWHERE)

    res = client.schedules().create({"destination": NOWHERE, "cron": "*/5 * * * *"})
    assert client.schedules().get(res["scheduleId"])["cron"] == "*/5 * * * *"

    careful = Client(server.token, {"attempts": 2, "backoff": lambda retry_count: (2**retry_count) * 20})
    careful.topics().upsert_or_add_endpoints("my-topic", [{"name": "one", "url": NOWHERE}])
    careful.topics().upsert_or_add_endpoints({"name": "my-topic", "endpoints": [{"url": f"{NOWHERE}/2"}]})
    receipts = careful.publish_json(
        {
            "topic": "my-topic",
            "body": {"key": "value"},
            "retries": 3,
            "delay": 4,
            "callback": "http://127.0.0.1:9/callback",
            "failure_callback": "http://127.0.0.1:9/failure_callback",
            "headers": {"test-header": "test-value"},
            "content_based_deduplication": True,
        }
    )
    assert [receipt["url"] for receipt in receipts] == [NOWHERE, f"{NOWHERE}/2"]
    careful.qstash.close()


def test_messages_topics_and_schedules(client: Client) -> None:
    message_id = client.publish({"url": NOWHERE, "body": "hi", "delay": 60})["messageId"]
    client.messages().delete(message_id)
    with pytest.raises(QstashException):
        client.messages().cancel(message_id)

    topics = client.topics()
    topics.add_endpoints("my-topic", [{"name": "one", "url": NOWHERE}, {"url": f"{NOWHERE}/2"}])
    assert [topic["name"] for topic in topics.list()] == ["my-topic"]
    topics.remove_endpoints({"name": "my-topic", "endpoints": [{"name": "one"}]})
    assert [endpoint["url"] for endpoint in topics.get("my-topic")["endpoints"]] == [f"{NOWHERE}/2"]
    topics.delete("my-topic")
    assert topics.list() == []

    schedules = client.schedules()
    schedules.create({"cron": "1 1 1 1 1", "destination": NOWHERE, "body": {"hello": "world"}})
    for schedule in schedules.list():
        assert schedule["body"] == '{"hello":"world"}'
        schedules.delete(schedule["scheduleId"])
    assert len(schedules.list()) == 0


def test_queues_dead_letters_events_and_keys(client: Client, server: LocalServer) -> None:
    queue = client.queue({"queue_name": "mail"})
    queue.upsert({"parallelism": 2})
    assert (queue.get()["parallelism"], [found["name"] for found in queue.list()]) == (2, ["mail"])
    ids = [
        queue.enqueue({"url": NOWHERE, "body": "hi", "retries": 0})["messageId"],
        queue.enqueue_json({"url": NOWHERE, "body": {"id": 3}, "retries": 0})["messageId"],
        *(receipt["messageId"] for receipt in client.batch_json([{"url": NOWHERE, "retries": 0, "body": 1}])),
    ]

    dlq = client.dlq()
    wait_for(lambda: len(dlq.list_messages()["messages"]) == 3)
    letters = dlq.list_messages({"cursor": None})["messages"]
    assert sorted(letter["messageId"] for letter in letters) == sorted(ids)
    assert dlq.get(letters[0]["dlqId"])["responseStatus"] == 0
    dlq.delete(letters[0]["dlqId"])
    assert len(dlq.list_messages()["messages"]) == 2

    states = {event["state"] for event in client.events()["events"] if event["messageId"] == ids[0]}
    assert {"CREATED", "FAILED"} <= states
    queue.delete()
    assert queue.list() == []

    before = client.keys().get()
    assert (before["current"], before["next"]) == (server.keys.current, server.keys.next)
    assert client.keys().rotate()["current"] == before["next"]


def test_the_receiver_verifies_what_the_server_delivers(client: Client, server: LocalServer) -> None:
    outcomes: list[Any] = []
    receiver = Receiver({"current_signing_key": server.keys.current, "next_signing_key": server.keys.next})

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        signature, url = environ["HTTP_UPSTASH_SIGNATURE"], f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}"
        outcomes.append(receiver.verify({"signature": signature, "body": body, "url": url}))
        try:
            receiver.verify({"signature": signature, "body": body + b"!", "url": url})
        except SignatureException as error:
            outcomes.append(error.reason)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with serving(app) as port:
        client.publish_json({"url": f"http://127.0.0.1:{port}/hooks", "body": {"city": "Zürich"}})
        wait_for(lambda: len(outcomes) == 2)
    assert outcomes == [True, "body_mismatch"]


def test_the_async_client_is_the_same(server: LocalServer) -> None:
    async def program() -> None:
        client = AsyncClient(server.token)
        res = await client.publish_json({"url": NOWHERE, "body": {"hello": "world"}, "delay": 60})
        assert (await client.messages().get(res["messageId"]))["body"] == '{"hello":"world"}'
        topics = client.topics()
        await topics.upsert_or_add_endpoints({"name": "my-topic", "endpoints": [{"url": NOWHERE}]})
        assert [topic["name"] for topic in await topics.list()] == ["my-topic"]
        res = await client.schedules().create({"destination": NOWHERE, "cron": "*/5 * * * *"})
        assert (await client.schedules().get(res["scheduleId"]))["destination"] == NOWHERE
        await client.queue({"queue_name": "mail"}).upsert({"parallelism": 1})
        assert (await client.queue({"queue_name": "mail"}).get())["lag"] == 0
        assert (await client.dlq().list_messages())["messages"] == []
        assert {event["state"] for event in (await client.events())["events"]} == {"CREATED"}
        assert (await client.keys().get())["current"] == server.keys.current
        await client.qstash.aclose()

    anyio.run(program)


def wait_for(fact: Callable[[], bool]) -> None:
    """The server delivers at once, in a thread of its own."""
    ends_at = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
