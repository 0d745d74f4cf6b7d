"""What the official JavaScript SDK publishes arrives at a real endpoint, where its Receiver accepts every signature."""

import json
import queue
from pathlib import Path

import pytest

from qstash_integrations.server.app import LocalServer
from qstash_integrations.server.attempt import Attempt
from tests.server.client import client
from tests.server.destination import SOON, Destination
from tests.server.javascript_sdk.sdk import JavaScript, JavaScriptError, javascript, needs_javascript, verified

pytestmark = needs_javascript()


def test_a_message_is_published_delivered_and_verified(
    js: JavaScript, there: Destination, attempts: queue.SimpleQueue[Attempt]
) -> None:
    request = {
        "url": f"{there.url}/hook?x=1",
        "body": {"id": 3, "name": "né"},
        "headers": {"X-Tenant": "42", "Upstash-Forward-X-Other": "7"},
        "method": "PUT",
        "retries": 5,
        "retryDelay": "1000 * (1 + retried)",
        "timeout": 90,
        "label": ["orders", "eu"],
        "contentBasedDeduplication": True,
        "flowControl": {"key": "crm", "rate": 100, "period": "1h30m3s"},
        "redact": {"header": ["X-Tenant"]},
    }
    message_id = js("client.publishJSON(request)", request=request)["messageId"]
    got = verified(js, there)
    assert (got.method, json.loads(got.body)) == ("PUT", {"id": 3, "name": "né"})
    assert (got.header("X-Tenant"), got.header("X-Other")) == ("42", "7")
    assert (got.header("Content-Type"), got.header("Upstash-Telemetry-Sdk")) == ("application/json", None)
    message = js("client.messages.get(id)", id=message_id)
    assert (message["url"], message["maxRetries"], message["labels"]) == (
        f"{there.url}/hook?x=1",
        5,
        ["orders", "eu"],
    )
    assert message["header"]["X-Tenant"][0].startswith("REDACTED:")
    assert (message["flowControlKey"], message["ratePerSecond"], message["period"]) == ("crm", 100, 5403)
    attempts.get(timeout=SOON)
    logs = js("client.logs({filter: {messageId: id}})", id=message_id)
    assert [log["state"] for log in logs["logs"]] == ["DELIVERED", "ACTIVE", "CREATED"]
    assert js("client.events({messageIds: [id]})", id=message_id) == logs
    assert "cursor" not in logs


def test_a_body_is_sent_as_it_is(js: JavaScript, there: Destination) -> None:
    js("client.publish({url, body: 'a text', deduplicationId: 'once'})", url=f"{there.url}/x")
    again = js("client.publish({url, body: 'a text', deduplicationId: 'once'})", url=f"{there.url}/x")
    assert again["deduplicated"] is True
    got = verified(js, there)
    assert (got.body, got.header("Content-Type")) == (b"a text", "text/plain;charset=UTF-8")


def test_a_forged_signature_is_not_verified(js: JavaScript, there: Destination) -> None:
    js("client.publish({url, body: 'hi'})", url=f"{there.url}/x")
    got = there.next()
    request = {"signature": got.header("Upstash-Signature"), "body": "ho", "url": f"{there.url}/x"}
    with pytest.raises(JavaScriptError, match="SignatureError : body hash does not match"):
        js("receiver.verify(request)", request=request)


def test_callbacks_are_verified_too(js: JavaScript, there: Destination) -> None:
    request = {
        "url": f"{there.url}/missing",
        "body": "x",
        "retries": 0,
        "callback": f"{there.url}/callback",
        "failureCallback": f"{there.url}/failed",
    }
    message_id = js("client.publish(request)", request=request)["messageId"]
    told = {got.target: got.body for got in (verified(js, there) for _ in range(3))}
    del told["/missing"]
    assert set(told) == {"/callback", "/failed"}
    for body in map(json.loads, told.values()):
        assert (body["sourceMessageId"], body["status"], body["maxRetries"]) == (message_id, 404, 0)


def test_a_batch_reaches_urls_groups_and_queues(js: JavaScript, there: Destination) -> None:
    endpoints = [{"url": f"{there.url}/a", "name": "a"}, {"url": f"{there.url}/b"}]
    js("client.urlGroups.addEndpoints({name: 'both', endpoints})", endpoints=endpoints)
    requests = [
        {"url": f"{there.url}/one", "body": {"n": 1}, "headers": {"X": "1"}},
        {"urlGroup": "both", "body": {"n": 2}},
        {"url": f"{there.url}/queued", "queueName": "mail", "body": {"n": 3}},
    ]
    answers = js("client.batchJSON(requests)", requests=requests)
    assert [one["url"] for one in answers[1]] == [f"{there.url}/a", f"{there.url}/b"]
    got = {one.target: json.loads(one.body)["n"] for one in (verified(js, there) for _ in range(4))}
    assert got == {"/one": 1, "/a": 2, "/b": 2, "/queued": 3}
    assert len(js("client.batch([{url, body: 'alone'}])", url=f"{there.url}/x")) == 1
    assert verified(js, there).body == b"alone"


def test_after_a_rotation_the_next_key_verifies(js: JavaScript, server: LocalServer, there: Destination) -> None:
    """The SDK has no call for it; its users rotate in the console."""
    with client(server) as api:
        api.post("/v2/keys/rotate")
    js("client.publish({url, body: 'hi'})", url=f"{there.url}/x")
    assert verified(js, there).target == "/x"


@pytest.mark.parametrize(
    ("option", "environment"),
    [({"devMode": True}, {}), ({}, {"QSTASH_DEV": "true"})],
    ids=["devMode", "QSTASH_DEV"],
)
def test_development_mode_uses_this_server(
    home: Path, server: LocalServer, there: Destination, option: dict[str, bool], environment: dict[str, str]
) -> None:
    """Its health check passes: else it would look for a server of its own to download."""
    port = server.url.rpartition(":")[2]
    environment = {**environment, "QSTASH_DEV_PORT": port, "HOME": str(home / "without a cache")}
    with javascript(home, option, option, **environment) as js:
        js("client.publishJSON({url, body: {id: 3}})", url=f"{there.url}/x")
        assert verified(js, there).body == b'{"id":3}'


def test_a_wrong_token_is_an_error(home: Path, server: LocalServer) -> None:
    options = {"baseUrl": server.url, "token": "wrong", "retry": False}
    with (
        javascript(home, options, {}) as js,
        pytest.raises(JavaScriptError, match=r"QstashError 401: .*unable to authenticate: invalid token"),
    ):
        js("client.queue().list()")
