"""Which of many: a filter says it exactly, and nothing at all never means everything."""

from datetime import UTC, datetime
from typing import Any

import pytest

from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations._core.publishing.filters import DlqFilter, Filter, LogFilter, MessageFilter, filter_query
from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client

MOMENT = datetime(2027, 1, 15, 8, tzinfo=UTC)
COMMON: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "nothing": ({}, []),
    "None is not given": ({"url": None}, []),
    "url": ({"url": "https://a.example/x?y=1,2"}, [("url", "https://a.example/x?y=1,2")]),
    "url_group": ({"url_group": "signups"}, [("topicName", "signups")]),
    "queue": ({"queue": ["mail", "sms"]}, [("queueName", "mail"), ("queueName", "sms")]),
    "schedule_id": ({"schedule_id": ("daily",)}, [("scheduleId", "daily")]),
    "label": ({"label": "signup"}, [("label", "signup")]),
    "flow_control_key": ({"flow_control_key": "crm"}, [("flowControlKey", "crm")]),
    "caller_ip": ({"caller_ip": "203.0.113.9"}, [("callerIp", "203.0.113.9")]),
    "a span in milliseconds": (
        {"from_time": 0, "to_time": 1_800_000_000_000},
        [("fromDate", "0"), ("toDate", "1800000000000")],
    ),
    "a span of moments": (
        {"from_time": MOMENT, "to_time": MOMENT},
        [("fromDate", "1800000000000"), ("toDate", "1800000000000")],
    ),
    "several": ({"label": "a", "queue": "b"}, [("label", "a"), ("queueName", "b")]),
}
OWN: dict[str, tuple[type[Filter], Any, list[tuple[str, str]]]] = {
    "a host": (
        MessageFilter,
        {"host": "a.example", "path": ["/x", "/y"]},
        [("host", "a.example"), ("path", "/x"), ("path", "/y")],
    ),
    "a dead letter's message": (DlqFilter, {"message_id": "msg_1"}, [("messageId", "msg_1")]),
    "a dead letter's status": (DlqFilter, {"response_status": 500}, [("responseStatus", "500")]),
    "dead letters' statuses": (
        DlqFilter,
        {"response_status": [500, 0]},
        [("responseStatus", "500"), ("responseStatus", "0")],
    ),
    "log entries of messages": (
        LogFilter,
        {"message_ids": ["msg_1", "msg_2"]},
        [("messageIds", "msg_1"), ("messageIds", "msg_2")],
    ),
    "log entries of a state": (
        LogFilter,
        {"state": "IN_PROGRESS", "host": "a.example"},
        [("state", "IN_PROGRESS"), ("host", "a.example")],
    ),
    "log entries of a message": (
        LogFilter,
        {"message_id": "msg_1", "path": "/x"},
        [("messageId", "msg_1"), ("path", "/x")],
    ),
}


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("kind", [MessageFilter, DlqFilter, LogFilter])
@pytest.mark.parametrize(("wanted", "query"), COMMON.values(), ids=COMMON)
def test_what_every_filter_can_say(kind: type[Filter], wanted: Any, query: list[tuple[str, str]]) -> None:
    assert list(filter_query(wanted, kind)) == query


@pytest.mark.parametrize(("kind", "wanted", "query"), OWN.values(), ids=OWN)
def test_what_one_kind_of_filter_can_say(kind: type[Filter], wanted: Any, query: list[tuple[str, str]]) -> None:
    assert list(filter_query(wanted, kind)) == query


WRONG: dict[str, tuple[type[Filter], Any, type[Exception], str]] = {
    "a text": (DlqFilter, "signup", TypeError, "filter must be a dict such as {'label': 'signup'}, not str"),
    "misspelled": (DlqFilter, {"labeel": "a"}, TypeError, "unknown part of filter 'labeel'; did you mean 'label'?"),
    "a host of dead letters": (
        DlqFilter,
        {"host": "a"},
        TypeError,
        "unknown part of filter 'host'; there are caller_ip, flow",
    ),
    "a status of messages": (
        MessageFilter,
        {"response_status": 500},
        TypeError,
        "unknown part of filter 'response_status'",
    ),
    "an empty text": (DlqFilter, {"label": ""}, ValueError, "filter['label'] is empty"),
    "an empty list": (DlqFilter, {"label": []}, ValueError, "filter['label'] is empty; leave it out to mean any"),
    "an empty text in a list": (DlqFilter, {"label": ["a", ""]}, ValueError, "filter['label'] is empty"),
    "a number": (DlqFilter, {"label": 3}, TypeError, "filter['label'] must be a str, not int"),
    "a status as text": (
        DlqFilter,
        {"response_status": "500"},
        TypeError,
        "filter['response_status'] must be an int, not str",
    ),
    "a moment without a zone": (
        LogFilter,
        {"from_time": datetime(2027, 1, 15)},
        ValueError,
        "filter['from_time'] is a datetime without a time zone",
    ),
    "seconds": (
        LogFilter,
        {"to_time": 1_800_000_000},
        ValueError,
        "filter['to_time'] must be Unix milliseconds, not 1800000000",
    ),
    "a moment as text": (
        LogFilter,
        {"to_time": "2027"},
        TypeError,
        "filter['to_time'] must be an aware datetime or Unix milliseconds, not str",
    ),
}


@pytest.mark.parametrize(("kind", "wanted", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_filter_is_refused_by_name(kind: type[Filter], wanted: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        filter_query(wanted, kind)
    assert str(caught.value).startswith(text)


BULK = {
    "message.cancel_many": ("message_ids", "cancel_all"),
    "dlq.delete_many": ("dlq_ids", "delete_all"),
    "dlq.retry_many": ("dlq_ids", "retry_all"),
}
EVERYTHING: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "nothing": ((), {}, TypeError, "give {ids} or a filter; {all}() means all of them"),
    "None": ((None,), {"filter": None}, TypeError, "give {ids} or a filter; {all}() means all of them"),
    "both": ((["1-1"],), {"filter": {"label": "a"}}, TypeError, "give {ids} or a filter; {all}() means all of them"),
    "no ids": (([],), {}, ValueError, "{ids} must be 1 to 100 ids, not 0; {all}() means all of them"),
    "too many ids": (
        (["1-1"] * 101,),
        {},
        ValueError,
        "{ids} must be 1 to 100 ids, not 101; {all}() means all of them",
    ),
    "one id": (("1-1",), {}, TypeError, "{ids} must be a list of ids, not str"),
    "an empty filter": ((), {"filter": {}}, ValueError, "filter is empty; {all}() means all of them"),
    "a filter of None": ((), {"filter": {"label": None}}, ValueError, "filter is empty; {all}() means all of them"),
}


@on_one_client
@pytest.mark.parametrize(("verb", "names"), BULK.items(), ids=BULK)
@pytest.mark.parametrize(("args", "options", "error", "text"), EVERYTHING.values(), ids=EVERYTHING)
def test_nothing_at_all_never_means_everything(
    make_client: MakeClient,
    verb: str,
    names: tuple[str, str],
    args: Any,
    options: Any,
    error: type[Exception],
    text: str,
) -> None:
    with outbox() as sent, pytest.raises(error) as caught:
        make_client()(verb, *args, **options)
    assert (str(caught.value), sent) == (text.replace("{ids}", names[0]).replace("{all}", names[1]), [])


def test_a_count_goes_with_a_filter(make_client: MakeClient) -> None:
    with outbox() as sent, pytest.raises(TypeError, match=r"^count goes with a filter, not with dlq_ids$"):
        make_client()("dlq.delete_many", ["1-1"], count=3)
    assert sent == []


def test_a_filter_is_encoded_for_the_query(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b'{"messages":[]}')) as sent:
        make_client()("dlq.list", filter={"url": "https://a.example/x?y=1&z=\xe9#"}, cursor="a/b+c", count=3)
    assert sent[0].url == (
        "https://qstash.upstash.io/v2/dlq?cursor=a%2Fb%2Bc&count=3&url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1%26z%3D%C3%A9%23"
    )
