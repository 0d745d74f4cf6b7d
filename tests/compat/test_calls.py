"""Every call of the original package becomes the API call that it always was."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations.compat import QstashException
from tests.compat.clients import API, ASKS, Ask, QStashStub

URL = "https://my-api.example"
ENDPOINTS = [{"name": "endpoint1", "url": "https://one.example"}, {"url": "https://two.example"}]
IN_A_BATCH = [{"url": URL, "body": {"id": 3}, "queue": "mail"}, {"topic": "my-topic", "body": "hi"}]
# Both clients translate by the same functions.
on_one_client = pytest.mark.parametrize("ask", [ASKS["Client"]], ids=["Client"])
# What is called, and what of it arrives at QStash: method, path and body.
CALLS: dict[str, tuple[Callable[[Any], Any], str, str, Any]] = {
    "publish": (lambda c: c.publish({"url": URL, "body": "hi"}), "POST", f"/publish/{URL}", b"hi"),
    "publish_json": (
        lambda c: c.publish_json({"url": URL, "body": {"hello": "world"}}),
        "POST",
        f"/publish/{URL}",
        {"hello": "world"},
    ),
    "publish_json of None": (lambda c: c.publish_json({"url": URL, "body": None}), "POST", f"/publish/{URL}", b"null"),
    "publish_json of nothing": (lambda c: c.publish_json({"url": URL}), "POST", f"/publish/{URL}", None),
    "publish_json to a topic": (
        lambda c: c.publish_json({"topic": "my-topic", "body": {"key": "value"}}),
        "POST",
        "/publish/my-topic",
        {"key": "value"},
    ),
    "events": (lambda c: c.events(), "GET", "/events", None),
    "events from a cursor": (lambda c: c.events({"cursor": "17-3"}), "GET", "/events?cursor=17-3", None),
    "events from a number": (
        lambda c: c.events({"cursor": 1700000000000}),
        "GET",
        "/events?cursor=1700000000000",
        None,
    ),
    "events from cursor 0": (lambda c: c.events({"cursor": 0}), "GET", "/events", None),
    "messages.get": (lambda c: c.messages().get("msg_1"), "GET", "/messages/msg_1", None),
    "messages.cancel": (lambda c: c.messages().cancel("msg_1"), "DELETE", "/messages/msg_1", None),
    "messages.delete": (lambda c: c.messages().delete("msg_1"), "DELETE", "/messages/msg_1", None),
    "topics.add_endpoints, two arguments": (
        lambda c: c.topics().add_endpoints("my-topic", ENDPOINTS),
        "POST",
        "/topics/my-topic/endpoints",
        {"endpoints": ENDPOINTS},
    ),
    "topics.upsert_or_add_endpoints, two arguments": (
        lambda c: c.topics().upsert_or_add_endpoints("my-topic", ENDPOINTS),
        "POST",
        "/topics/my-topic/endpoints",
        {"endpoints": ENDPOINTS},
    ),
    "topics.upsert_or_add_endpoints, one dict": (
        lambda c: c.topics().upsert_or_add_endpoints({"name": "my-topic", "endpoints": ENDPOINTS}),
        "POST",
        "/topics/my-topic/endpoints",
        {"endpoints": ENDPOINTS},
    ),
    "topics.remove_endpoints": (
        lambda c: c.topics().remove_endpoints({"name": "my-topic", "endpoints": [{"name": "endpoint1"}]}),
        "DELETE",
        "/topics/my-topic/endpoints",
        {"endpoints": [{"name": "endpoint1"}]},
    ),
    "topics.get": (lambda c: c.topics().get("my-topic"), "GET", "/topics/my-topic", None),
    "topics.list": (lambda c: c.topics().list(), "GET", "/topics", None),
    "topics.delete": (lambda c: c.topics().delete("my-topic"), "DELETE", "/topics/my-topic", None),
    "dlq.list_messages": (lambda c: c.dlq().list_messages(), "GET", "/dlq", None),
    "dlq.list_messages from None": (lambda c: c.dlq().list_messages({"cursor": None}), "GET", "/dlq", None),
    "dlq.list_messages from a cursor": (
        lambda c: c.dlq().list_messages({"cursor": "2-2"}),
        "GET",
        "/dlq?cursor=2-2",
        None,
    ),
    "dlq.get": (lambda c: c.dlq().get("1-1"), "GET", "/dlq/1-1", None),
    "dlq.delete": (lambda c: c.dlq().delete("1-1"), "DELETE", "/dlq/1-1", None),
    "schedules.create": (
        lambda c: c.schedules().create({"destination": URL, "cron": "*/5 * * * *"}),
        "POST",
        f"/schedules/{URL}",
        None,
    ),
    "schedules.create with a body": (
        lambda c: c.schedules().create({"destination": URL, "cron": "*/5 * * * *", "body": "hi"}),
        "POST",
        f"/schedules/{URL}",
        b'"hi"',
    ),
    "schedules.create with a type of its own": (
        lambda c: c.schedules().create(
            {"destination": URL, "cron": "* * * * *", "body": "hi", "headers": {"content-type": "text/plain"}}
        ),
        "POST",
        f"/schedules/{URL}",
        b"hi",
    ),
    "schedules.get": (lambda c: c.schedules().get("scd_1"), "GET", "/schedules/scd_1", None),
    "schedules.list": (lambda c: c.schedules().list(), "GET", "/schedules", None),
    "schedules.delete": (lambda c: c.schedules().delete("scd_1"), "DELETE", "/schedules/scd_1", None),
    "queue.upsert": (
        lambda c: c.queue({"queue_name": "mail"}).upsert({"parallelism": 2}),
        "POST",
        "/queues",
        {"queueName": "mail", "parallelism": 2, "paused": False},
    ),
    "queue.enqueue": (
        lambda c: c.queue({"queue_name": "mail"}).enqueue({"topic": "my-topic", "body": "hi"}),
        "POST",
        "/enqueue/mail/my-topic",
        b"hi",
    ),
    "queue.enqueue_json": (
        lambda c: c.queue({"queue_name": "mail"}).enqueue_json({"url": URL, "body": {"id": 3}}),
        "POST",
        f"/enqueue/mail/{URL}",
        {"id": 3},
    ),
    "queue.get": (lambda c: c.queue({"queue_name": "mail"}).get(), "GET", "/queues/mail", None),
    "queue.list": (lambda c: c.queue().list(), "GET", "/queues", None),
    "queue.delete": (lambda c: c.queue({"queue_name": "mail"}).delete(), "DELETE", "/queues/mail", None),
    "keys.get": (lambda c: c.keys().get(), "GET", "/keys", None),
    "keys.rotate": (lambda c: c.keys().rotate(), "POST", "/keys/rotate", None),
}


@on_one_client
@pytest.mark.parametrize(("call", "method", "path", "body"), CALLS.values(), ids=CALLS)
def test_a_call_is_one_request(
    ask: Ask, sent: QStashStub, call: Callable[[Any], Any], method: str, path: str, body: Any
) -> None:
    ask(call)
    [request] = sent
    assert (request.method, request.url) == (method, API + path)
    assert (json.loads(request.body or b"null") if isinstance(body, dict) else request.body) == body


def test_a_message_travels_with_all_its_options(ask: Ask, sent: QStashStub) -> None:
    message = {
        "topic": "my-topic",
        "body": {"key": "value"},
        "retries": 3,
        "delay": 4,
        "callback": "https://my-api.example/callback",
        "failure_callback": "https://my-api.example/failure_callback",
        "headers": {"test-header": "test-value"},
        "content_based_deduplication": True,
    }
    before = json.dumps(message)
    ask(lambda client: client.publish_json(message))
    assert json.dumps(message) == before
    assert {
        ("Content-Type", "application/json"),
        ("Upstash-Retries", "3"),
        ("Upstash-Delay", "4s"),
        ("Upstash-Callback", "https://my-api.example/callback"),
        ("Upstash-Failure-Callback", "https://my-api.example/failure_callback"),
        ("Upstash-Forward-test-header", "test-value"),
        ("Upstash-Content-Based-Deduplication", "true"),
    } <= set(sent[0].headers)


def test_a_batch_knows_topics_and_queues(ask: Ask, sent: QStashStub) -> None:
    ask(lambda client: client.batch(IN_A_BATCH))
    ask(lambda client: client.batch_json(IN_A_BATCH))
    items = [
        [(item["destination"], item["body"], item.get("queue")) for item in json.loads(request.body or b"")]
        for request in sent
    ]
    assert items == [
        [(URL, '{"id":3}', "mail"), ("my-topic", "hi", None)],
        [(URL, '{"id":3}', "mail"), ("my-topic", '"hi"', None)],
    ]


REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "url and topic": (
        lambda c: c.publish_json({"url": URL, "topic": "my-topic"}),
        QstashException,
        "give exactly one of url and topic, not url and topic",
    ),
    "neither": (lambda c: c.publish({"body": "hi"}), QstashException, "give exactly one of url and topic, not none"),
    "no dict": (
        lambda c: c.publish(URL),
        TypeError,
        "give one dict, not str; keywords are for qstash_integrations.QStash",
    ),
    "an unknown option": (
        lambda c: c.publish({"url": URL, "dealy": 3}),
        TypeError,
        "unknown option 'dealy'; did you mean 'delay'?",
    ),
    "a queue without a name": (
        lambda c: c.queue().get(),
        ValueError,
        'the queue has no name; give client.queue({"queue_name": ...})',
    ),
    "a misspelled queue_name": (
        lambda c: c.queue({"name": "mail"}),
        TypeError,
        "unknown part of the request 'name'; there are queue_name",
    ),
    "a topic without a name": (
        lambda c: c.topics().upsert_or_add_endpoints({"endpoints": ENDPOINTS}),
        ValueError,
        "url_group is empty",
    ),
    "a topic without endpoints": (
        lambda c: c.topics().upsert_or_add_endpoints("my-topic"),
        TypeError,
        "endpoints must be a list of dicts, not NoneType",
    ),
    "a schedule without cron": (
        lambda c: c.schedules().create({"destination": URL}),
        TypeError,
        "cron is missing; give five fields such as '*/5 * * * *'",
    ),
    "a way out of the path": (
        lambda c: c.schedules().delete("../keys/rotate"),
        ValueError,
        "schedule_id must be letters, digits, '-', '_' or '.', up to 512 of them, not '../keys/rotate'",
    ),
}


@on_one_client
@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said_before_anything_is_sent(
    ask: Ask, sent: QStashStub, call: Callable[[Any], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        ask(call)
    assert str(caught.value) == message
    assert sent == []
