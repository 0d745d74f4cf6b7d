"""Each method of each resource: the API call it makes, and how its answer is read."""

import json
from typing import Any

import pytest

from qstash_integrations import TransportError
from qstash_integrations._core.publishing.client import APIResponse
from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client
from tests.publish.loopback import URL

API = "https://qstash.upstash.io/v2"
JSON = ("Content-Type", "application/json")
Row = tuple[str, tuple[Any, ...], dict[str, Any], str, Any]

# What is called, and the request: method and target, body as JSON.
CALLS: dict[str, Row] = {
    "cancel by ids": (
        "message.cancel_many",
        (["msg_1", "msg_2"],),
        {},
        "DELETE /messages?messageIds=msg_1&messageIds=msg_2",
        None,
    ),
    "cancel by a filter": (
        "message.cancel_many",
        (),
        {"filter": {"label": ["a", "b"], "host": "x.example"}, "count": 500},
        "DELETE /messages?label=a&label=b&host=x.example&count=500",
        None,
    ),
    "cancel all": ("message.cancel_all", (), {}, "DELETE /messages", None),
    "cancel some": ("message.cancel_all", (), {"count": 5}, "DELETE /messages?count=5", None),
    "queue.upsert": (
        "queue.upsert",
        ("mail",),
        {},
        "POST /queues",
        {"queueName": "mail", "parallelism": 1, "paused": False},
    ),
    "queue.upsert, all of it": (
        "queue.upsert",
        ("mail",),
        {"parallelism": 3, "paused": True},
        "POST /queues",
        {"queueName": "mail", "parallelism": 3, "paused": True},
    ),
    "queue.delete": ("queue.delete", ("mail",), {}, "DELETE /queues/mail", None),
    "queue.pause": ("queue.pause", ("mail",), {}, "POST /queues/mail/pause", None),
    "queue.resume": ("queue.resume", ("mail",), {}, "POST /queues/mail/resume", None),
    "url_group.upsert_endpoints": (
        "url_group.upsert_endpoints",
        ("signups", [{"url": URL, "name": "the shop"}, {"url": "https://b.example", "name": None}]),
        {},
        "POST /topics/signups/endpoints",
        {"endpoints": [{"url": URL, "name": "the shop"}, {"url": "https://b.example"}]},
    ),
    "url_group.remove_endpoints": (
        "url_group.remove_endpoints",
        ("signups", [{"name": "the shop"}, {"url": "https://b.example"}]),
        {},
        "DELETE /topics/signups/endpoints",
        {"endpoints": [{"name": "the shop"}, {"url": "https://b.example"}]},
    ),
    "url_group.set_defaults": (
        "url_group.set_defaults",
        ("signups",),
        {"retries": 5, "headers": {"X-Shop": "eu"}, "label": ["a", "b"], "content_type": "text/csv", "timeout": None},
        "PATCH /topics/signups",
        {
            "headers": {
                "Content-Type": ["text/csv"],
                "Upstash-Retries": ["5"],
                "Upstash-Forward-X-Shop": ["eu"],
                "Upstash-Label": ["a,b"],
            }
        },
    ),
    "url_group.set_defaults that pass headers on": (
        "url_group.set_defaults",
        ("signups",),
        {"forward_headers": True},
        "PATCH /topics/signups",
        {"headers": {"Upstash-Header-Forward": ["true"]}},
    ),
    "url_group.set_defaults to none": (
        "url_group.set_defaults",
        ("signups",),
        {},
        "PATCH /topics/signups",
        {"headers": {}},
    ),
    "url_group.delete": ("url_group.delete", ("signups",), {}, "DELETE /topics/signups", None),
    "dlq.delete": ("dlq.delete", ("1-1",), {}, "DELETE /dlq/1-1", None),
    "dlq.delete_many by ids": ("dlq.delete_many", (["1-1", "1-2"],), {}, "DELETE /dlq?dlqIds=1-1&dlqIds=1-2", None),
    "dlq.delete_many by a filter": (
        "dlq.delete_many",
        (),
        {"filter": {"response_status": [500, 0]}, "count": 7},
        "DELETE /dlq?responseStatus=500&responseStatus=0&count=7",
        None,
    ),
    "dlq.delete_all": ("dlq.delete_all", (), {"count": 100}, "DELETE /dlq?count=100", None),
    "dlq.retry": ("dlq.retry", ("1-1",), {}, "POST /dlq/retry/1-1", None),
    "dlq.retry_many by ids": ("dlq.retry_many", (("1-1",),), {}, "POST /dlq/retry?dlqIds=1-1", None),
    "dlq.retry_many by a filter": (
        "dlq.retry_many",
        (),
        {"filter": {"queue": "mail"}},
        "POST /dlq/retry?queueName=mail",
        None,
    ),
    "dlq.retry_all": ("dlq.retry_all", (), {}, "POST /dlq/retry", None),
    "signing_key.rotate": ("signing_key.rotate", (), {}, "POST /keys/rotate", None),
    "flow_control.pause": ("flow_control.pause", ("crm",), {}, "POST /flowControl/crm/pause", None),
    "flow_control.resume": ("flow_control.resume", ("crm",), {}, "POST /flowControl/crm/resume", None),
    "a flow-control key of any text": (
        "flow_control.pause",
        ("a b/c?d\xe9",),
        {},
        "POST /flowControl/a%20b%2Fc%3Fd%C3%A9/pause",
        None,
    ),
    "flow_control.pin": (
        "flow_control.pin",
        ("crm",),
        {"parallelism": 3, "rate": 10, "period": "1m"},
        "POST /flowControl/crm/pin?parallelism=3&rate=10&period=60",
        None,
    ),
    "flow_control.pin with one dict": (
        "flow_control.pin",
        ("crm", {"rate": 10}),
        {},
        "POST /flowControl/crm/pin?rate=10",
        None,
    ),
    "flow_control.unpin": (
        "flow_control.unpin",
        ("crm",),
        {"rate": True, "parallelism": False},
        "POST /flowControl/crm/unpin?rate=true",
        None,
    ),
    "flow_control.unpin with one dict": (
        "flow_control.unpin",
        ("crm", {"parallelism": True, "rate": True}),
        {},
        "POST /flowControl/crm/unpin?parallelism=true&rate=true",
        None,
    ),
    "flow_control.reset_rate": ("flow_control.reset_rate", ("crm",), {}, "POST /flowControl/crm/resetRate", None),
}
ANSWER: dict[str, Any] = {
    "cancelled": 2,
    "deleted": 2,
    "messageId": "msg_9",
    "responses": [],
    "current": "a",
    "next": "b",
}


@pytest.mark.parametrize(("verb", "args", "options", "call", "body"), CALLS.values(), ids=CALLS)
def test_a_method_and_its_call(
    make_client: MakeClient, verb: str, args: Any, options: Any, call: str, body: Any
) -> None:
    with outbox(APIResponse(200, json.dumps(ANSWER).encode())) as sent:
        make_client()(verb, *args, **options)
    method, _, target = call.partition(" ")
    assert [(request.method, request.url) for request in sent] == [(method, API + target)]
    assert sent[0].body == (None if body is None else json.dumps(body).encode())
    assert (JSON in sent[0].headers) == (body is not None)


NOTHING = [name for name, row in CALLS.items() if row[0].partition(".")[0] in ("queue", "url_group", "flow_control")]


@on_one_client
@pytest.mark.parametrize("name", NOTHING)
def test_an_answer_that_says_nothing_is_none_at_all(make_client: MakeClient, name: str) -> None:
    verb, args, options, _, _ = CALLS[name]
    for answer in (b"", b"OK", b"{}"):
        with outbox(APIResponse(200, answer)):
            assert make_client()(verb, *args, **options) is None


COUNTS = {
    "message.cancel_many": ((["msg_1"],), b'{"cancelled":2}'),
    "message.cancel_all": ((), b'{"cancelled":2}'),
    "dlq.delete_many": ((["1-1"],), b'{"deleted":2}'),
    "dlq.delete_all": ((), b'{"deleted":2,"cursor":"1-3"}'),
}


@on_one_client
@pytest.mark.parametrize(("verb", "call"), COUNTS.items(), ids=COUNTS)
def test_how_many_there_were(make_client: MakeClient, verb: str, call: tuple[Any, bytes]) -> None:
    args, answer = call
    with outbox(APIResponse(200, answer)):
        assert make_client()(verb, *args) == 2
    for odd in (b"{}", b'{"cancelled":"2","deleted":true}'):
        with (
            outbox(APIResponse(200, odd)),
            pytest.raises(TransportError, match=r"^QStash's answer has no (cancelled|deleted)$"),
        ):
            make_client()(verb, *args)


QUEUE = {
    "name": "mail",
    "parallelism": 2,
    "createdAt": 1767225900000,
    "updatedAt": 1767225911000,
    "lag": 4,
    "paused": True,
}


def test_queues_are_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(QUEUE).encode())) as sent:
        queue = make_client()("queue.get", "mail")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/queues/mail")
    assert (queue.name, queue.parallelism, queue.lag, queue.paused) == ("mail", 2, 4, True)
    assert (queue.created_at, queue.updated_at) == (1767225900000, 1767225911000)
    with outbox(APIResponse(200, json.dumps([QUEUE]).encode())) as sent:
        assert make_client()("queue.list") == [queue]
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/queues")


GROUP = {
    "name": "signups",
    "createdAt": 1767225900000,
    "updatedAt": 1767225901000,
    "endpoints": [{"name": "a", "url": "https://a.example"}, {"url": "https://b.example"}],
}


def test_url_groups_are_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(GROUP).encode())) as sent:
        group = make_client()("url_group.get", "signups")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/topics/signups")
    assert (group.name, group.created_at, group.updated_at) == ("signups", 1767225900000, 1767225901000)
    assert [(endpoint.name, endpoint.url) for endpoint in group.endpoints] == [
        ("a", "https://a.example"),
        (None, "https://b.example"),
    ]
    with outbox(APIResponse(200, json.dumps([GROUP]).encode())) as sent:
        assert make_client()("url_group.list") == [group]
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/topics")


FLOW = {
    "flowControlKey": "crm",
    "waitListSize": 7,
    "parallelismMax": 5,
    "parallelismCount": 4,
    "rateMax": 10,
    "rateCount": 3,
    "ratePeriod": 60,
    "ratePeriodStart": 1767225900,
    "isPaused": True,
    "isPinnedParallelism": False,
    "isPinnedRate": True,
}


def test_flow_control_keys_are_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(FLOW).encode())) as sent:
        flow = make_client()("flow_control.get", "crm")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/flowControl/crm")
    assert (flow.key, flow.wait_list_size, flow.is_paused) == ("crm", 7, True)
    assert (flow.parallelism_max, flow.parallelism_count, flow.is_pinned_parallelism) == (5, 4, False)
    assert (flow.rate_max, flow.rate_count, flow.rate_period, flow.rate_period_start) == (10, 3, 60, 1767225900)
    assert flow.is_pinned_rate is True
    with outbox(APIResponse(200, json.dumps([FLOW]).encode())) as sent:
        assert make_client()("flow_control.list", search="c m") == [flow]
        assert make_client()("flow_control.list") == [flow]
    assert [request.url for request in sent] == [f"{API}/flowControl?search=c%20m", f"{API}/flowControl"]


def test_a_flow_control_key_of_the_least_fields(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b'{"flowControlKey":"crm"}')):
        flow = make_client()("flow_control.get", "crm")
    assert (flow.wait_list_size, flow.parallelism_max, flow.rate_max, flow.is_paused) == (0, 0, 0, False)


def test_the_global_parallelism(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b'{"parallelismMax":100,"parallelismCount":3}')) as sent:
        parallelism = make_client()("flow_control.get_global_parallelism")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/globalParallelism")
    assert (parallelism.parallelism_max, parallelism.parallelism_count) == (100, 3)


@pytest.mark.parametrize(("verb", "call"), [("get", ("GET", "/keys")), ("rotate", ("POST", "/keys/rotate"))])
def test_the_signing_keys_are_read_and_do_not_show(make_client: MakeClient, verb: str, call: tuple[str, str]) -> None:
    with outbox(APIResponse(200, b'{"current":"sig_TESTONLYa","next":"sig_TESTONLYb"}')) as sent:
        keys = make_client()(f"signing_key.{verb}")
    assert (sent[0].method, sent[0].url) == (call[0], API + call[1])
    assert (keys.current, keys.next) == ("sig_TESTONLYa", "sig_TESTONLYb")
    assert repr(keys) == "SigningKey(***)"


LISTS = {
    "queue.list": "queues",
    "schedule.list": "schedules",
    "url_group.list": "URL groups",
    "flow_control.list": "flow-control keys",
}


@on_one_client
@pytest.mark.parametrize(("verb", "what"), LISTS.items(), ids=LISTS)
def test_a_list_is_a_list(make_client: MakeClient, verb: str, what: str) -> None:
    with outbox(APIResponse(200, b"[]")):
        assert make_client()(verb) == []
    with (
        outbox(APIResponse(200, b"{}")),
        pytest.raises(TransportError, match=f"^QStash's answer is not a list of {what}$"),
    ):
        make_client()(verb)
    with outbox(APIResponse(200, b"[{}]")), pytest.raises(TransportError, match=r"^QStash's answer has no \w+$"):
        make_client()(verb)
