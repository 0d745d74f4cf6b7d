"""Publish, enqueue, batch, get, cancel: where each goes, and what a message is."""

import json
from typing import Any

import pytest

from qstash_integrations import APIError, TransportError
from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations._core.publishing.operations import batch as batches
from qstash_integrations._core.publishing.operations import message as messages
from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client
from tests.publish.loopback import URL

API = "https://qstash.upstash.io/v2"


VERBS: dict[str, tuple[str, dict[str, Any], str, bytes | None]] = {
    "publish": ("publish", {"url": URL, "body": "hi"}, f"{API}/publish/{URL}", b"hi"),
    "publish to a group": ("publish", {"url_group": "signups"}, f"{API}/publish/signups", None),
    "publish_json": ("publish_json", {"url": URL, "body": "hi"}, f"{API}/publish/{URL}", b'"hi"'),
    "enqueue": ("enqueue", {"queue": "mail", "url": URL}, f"{API}/enqueue/mail/{URL}", None),
    "enqueue_json": ("enqueue_json", {"queue": "mail", "url": URL}, f"{API}/enqueue/mail/{URL}", b"null"),
    "enqueue to a group": ("enqueue", {"queue": "mail", "url_group": "a.b"}, f"{API}/enqueue/mail/a.b", None),
}


@pytest.mark.parametrize("where", ["", "message."], ids=["on the client", "on client.message"])
@pytest.mark.parametrize(("verb", "options", "url", "body"), VERBS.values(), ids=VERBS)
def test_a_verb_and_its_call(
    make_client: MakeClient, where: str, verb: str, options: Any, url: str, body: bytes | None
) -> None:
    client = make_client()
    with outbox() as sent:
        assert client(where + verb, **options).message_id == "msg_1"
        assert client(where + verb, options).message_id == "msg_1"
    assert [(request.method, request.url, request.body) for request in sent] == [("POST", url, body)] * 2


def test_a_batch_of_all_kinds(make_client: MakeClient) -> None:
    client = make_client(retry=False)
    answer = [
        {"messageId": "msg_1"},
        [{"messageId": "msg_2", "url": URL}, {"messageId": "msg_3", "url": "https://b.example"}],
    ]
    batch = [{"url": URL, "body": {"id": 3}, "delay": "4s", "queue": "mail"}, {"url_group": "signups", "queue": None}]
    for verb in ("batch", "batch_json", "message.batch", "message.batch_json"):
        with outbox(APIResponse(200, json.dumps(answer).encode())) as sent:
            first, group = client(verb, batch)
        assert (first.message_id, first.deduplicated) == ("msg_1", False)
        assert [(receipt.message_id, receipt.url) for receipt in group] == [
            ("msg_2", URL),
            ("msg_3", "https://b.example"),
        ]
        assert (sent[0].method, sent[0].url) == ("POST", f"{API}/batch")
        first_item, second_item = json.loads(sent[0].body or b"")
        assert first_item == {
            "destination": URL,
            "headers": {"Content-Type": "application/json", "Upstash-Delay": "4s"},
            "body": '{"id":3}',
            "queue": "mail",
        }
        assert second_item["destination"] == "signups"
        assert "queue" not in second_item


def test_a_batch_may_come_from_a_generator(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b'[{"messageId":"msg_1"}]')):
        [receipt] = make_client()("batch", ({"url": URL} for _ in range(1)))
    assert receipt.message_id == "msg_1"


DESTINATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "none"),
    "none but None": ({"url": None}, "none"),
    "two": ({"url": URL, "url_group": "signups"}, "url and url_group"),
    "all": ({"url": URL, "url_group": "g", "api": {}}, "url and url_group and api"),
}


@pytest.mark.parametrize(("message", "given"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_a_message_has_one_destination(message: dict[str, Any], given: str) -> None:
    with pytest.raises(ValueError, match=f"^give exactly one of url, url_group and api, not {given}$"):
        messages.publish(message, None)


def test_queues_are_for_enqueue() -> None:
    with pytest.raises(TypeError, match=r"^publish takes no queue; use enqueue, which does$"):
        messages.publish({"url": URL, "queue": "mail"}, None)
    with pytest.raises(TypeError, match=r"^queue must be a str, not NoneType$"):
        messages.enqueue({"url": URL}, None)


ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "both": (({"url": URL},), {"delay": 3}, "give keywords or one dict, not both"),
    "a text": ((URL,), {}, "give keywords or one dict, not str"),
    "a list": (([{"url": URL}],), {}, "give keywords or one dict, not list"),
}


@pytest.mark.sampled("args", "options", "text")
@on_one_client
@pytest.mark.parametrize(("args", "options", "text"), ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize("verb", ["publish", "publish_json", "enqueue", "enqueue_json", "schedule.create"])
def test_keywords_or_one_dict(make_client: MakeClient, verb: str, args: Any, options: Any, text: str) -> None:
    with pytest.raises(TypeError, match=f"^{text}$"):
        make_client()(verb, *args, **options)


BATCHES: dict[str, tuple[Any, str]] = {
    "one message": ({"url": URL}, "messages must be a list of dicts, not dict"),
    "a text": ("https://x.example", "messages must be a list of dicts, not str"),
    "nothing": (None, "messages must be a list of dicts, not NoneType"),
    "texts": (["https://x.example"], "messages[0]: a message must be a dict, not str"),
}


@pytest.mark.parametrize(("batch", "text"), BATCHES.values(), ids=BATCHES)
def test_a_batch_is_a_list_of_dicts(batch: Any, text: str) -> None:
    with pytest.raises(TypeError) as caught:
        batches.batch(batch, None)
    assert str(caught.value) == text


def test_a_client_makes_ids_where_the_caller_gives_none() -> None:
    makes = iter(("id-1", "id-2", "id-3"))
    publish = messages.publish({"url": URL}, makes.__next__)
    own = messages.publish({"url": URL, "deduplication_id": "mine"}, makes.__next__)
    content = messages.publish({"url": URL, "content_based_deduplication": True}, makes.__next__)
    off = messages.publish({"url": URL, "content_based_deduplication": False}, makes.__next__)
    batch = batches.batch([{"url": URL}, {"url": URL, "deduplication_id": "mine"}], makes.__next__)
    assert publish.headers == (("Upstash-Deduplication-Id", "id-1"),)
    assert own.headers == (("Upstash-Deduplication-Id", "mine"),)
    assert content.headers == (("Upstash-Content-Based-Deduplication", "true"),)
    assert off.headers[-1] == ("Upstash-Deduplication-Id", "id-2")
    assert [item["headers"] for item in json.loads(batch.body or b"")] == [
        {"Upstash-Deduplication-Id": "id-3-0"},
        {"Upstash-Deduplication-Id": "mine"},
    ]
    assert all(operation.repeatable for operation in (publish, own, content, off, batch))
    assert not messages.publish({"url": URL}, None).repeatable


MESSAGE = {
    "messageId": "msg_1",
    "url": "https://crm.example/in?x=1",
    "method": "POST",
    "header": {"Content-Type": ["application/json"], "X-Job": ["77"]},
    "body": '{"id":9}',
    "maxRetries": 3,
    "notBefore": 1767225960000,
    "createdAt": 1767225900000,
    "callerIP": "203.0.113.9",
    "label": "signup",
    "labels": ["signup", "eu"],
    "flowControlKey": "crm",
    "rate": 10,
    "period": 60,
    "topicName": "signups",
    "endpointName": "crm",
    "queueName": "mail",
    "scheduleId": "daily",
    "callback": "https://a.example/done",
    "callbackHeader": {"X-A": ["1"]},
    "retryDelayExpression": "1000",
    "unheardOf": 3,
}


def test_a_message_is_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(MESSAGE).encode())) as sent:
        message = make_client()("message.get", "msg_1")
    assert (sent[0].method, sent[0].url, sent[0].body) == ("GET", f"{API}/messages/msg_1", None)
    assert (message.message_id, message.url, message.method) == ("msg_1", "https://crm.example/in?x=1", "POST")
    assert message.headers == {"Content-Type": ["application/json"], "X-Job": ["77"]}
    assert (message.body, message.body_base64) == ('{"id":9}', None)
    assert (message.max_retries, message.not_before, message.created_at) == (3, 1767225960000, 1767225900000)
    assert (message.caller_ip, message.label, message.labels) == ("203.0.113.9", "signup", ("signup", "eu"))
    flow = message.flow_control
    assert (flow.key, flow.parallelism, flow.rate, flow.period) == ("crm", None, 10, 60)
    assert (message.url_group, message.endpoint, message.queue, message.schedule_id) == (
        "signups",
        "crm",
        "mail",
        "daily",
    )
    assert (message.callback, message.callback_headers) == ("https://a.example/done", {"X-A": ["1"]})
    assert (message.failure_callback, message.retry_delay_expression) == (None, "1000")
    # Bodies and headers may hold secrets.
    assert "77" not in repr(message)
    assert '{"id":9}' not in repr(message)


def test_a_message_of_the_least_fields(make_client: MakeClient) -> None:
    least = {name: MESSAGE[name] for name in ("messageId", "url", "method", "maxRetries", "notBefore", "createdAt")}
    with outbox(APIResponse(200, json.dumps(least).encode())):
        message = make_client()("message.get", "msg_1")
    assert (message.headers, message.body, message.flow_control, message.labels) == (None, None, None, ())
    for name in least:
        rest = {key: value for key, value in least.items() if key != name}
        with (
            outbox(APIResponse(200, json.dumps(rest).encode())),
            pytest.raises(TransportError, match=f"^QStash's answer has no {name}$"),
        ):
            make_client()("message.get", "msg_1")


def test_a_message_that_is_gone(make_client: MakeClient) -> None:
    with outbox(APIResponse(404, b'{"error":"message msg_1 not found"}')), pytest.raises(APIError) as caught:
        make_client()("message.get", "msg_1")
    assert (caught.value.status, caught.value.detail) == (404, "message msg_1 not found")


@pytest.mark.parametrize("answer", [b'{"cancelled":1}', b"", b"Accepted"], ids=["JSON", "nothing", "text"])
def test_a_message_is_cancelled(make_client: MakeClient, answer: bytes) -> None:
    with outbox(APIResponse(202, answer)) as sent:
        assert make_client()("message.cancel", "msg_1") is None
    assert [(request.method, request.url, request.body) for request in sent] == [
        ("DELETE", f"{API}/messages/msg_1", None)
    ]
