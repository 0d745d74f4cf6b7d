"""Dead letters and log entries: page by page, or one after the other."""

import json
from typing import Any

import anyio
import pytest

from qstash_integrations import AsyncQStash, QStash, TransportError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client
from tests.publish.loopback import TOKEN

API = "https://qstash.upstash.io/v2"
Pages = dict[str, tuple[int, str | None]]
LETTER: dict[str, Any] = {
    "dlqId": "1767225999123-4",
    "messageId": "msg_1",
    "url": "https://crm.example/in",
    "method": "POST",
    "maxRetries": 0,
    "notBefore": 1767225960000,
    "createdAt": 1767225900000,
    "body": "TESTONLYbody",
    "queueName": "mail",
    "responseStatus": 500,
    "responseHeader": {"X-Why": ["TESTONLYwhy"]},
    "responseBody": "TESTONLYanswer",
}
ENTRY: dict[str, Any] = {
    "time": 1767225901200,
    "messageId": "msg_1",
    "state": "ERROR",
    "url": "https://a.example/in",
    "error": "500",
    "nextDeliveryTime": 1767225902200,
    "method": "POST",
    "header": {"Content-Type": ["application/json"]},
    "body": "eyJpZCI6OX0=",
    "maxRetries": 3,
    "timeout": 7200000,
    "responseStatus": 500,
    "responseBody": "bm8=",
    "callbackHeaders": {"X-A": ["1"]},
    "failureCallbackHeaders": {"X-B": ["2"]},
    "retryDelayExpression": "15000",
    "label": "signup",
    "labels": ["signup", "eu"],
    "flowControlKey": "crm",
    "rate": 3,
    "period": 60,
    "topicName": "signups",
    "endpointName": "a",
    "queueName": "mail",
    "scheduleId": "daily",
    "callerIP": "203.0.113.9",
}


def test_a_dead_letter_is_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps(LETTER).encode())) as sent:
        letter = make_client()("dlq.get", "1767225999123-4")
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/dlq/1767225999123-4")
    assert (letter.dlq_id, letter.message_id, letter.url) == ("1767225999123-4", "msg_1", "https://crm.example/in")
    assert (letter.body, letter.queue, letter.max_retries) == ("TESTONLYbody", "mail", 0)
    assert (letter.response_status, letter.response_headers) == (500, {"X-Why": ["TESTONLYwhy"]})
    assert (letter.response_body, letter.response_body_base64) == ("TESTONLYanswer", None)
    assert "TESTONLY" not in repr(letter)


def test_a_dead_letter_that_got_no_answer_and_does_not_repeat_its_id(make_client: MakeClient) -> None:
    rest = {name: value for name, value in LETTER.items() if not name.startswith("response") and name != "dlqId"}
    with outbox(APIResponse(200, json.dumps(rest).encode())):
        letter = make_client()("dlq.get", "1-1")
    assert (letter.dlq_id, letter.response_status, letter.response_body) == ("1-1", 0, None)
    with (
        outbox(APIResponse(200, json.dumps({"messages": [rest]}).encode())),
        pytest.raises(TransportError, match=r"no dlqId$"),
    ):
        make_client()("dlq.list")


def test_a_dead_letter_is_published_anew(make_client: MakeClient) -> None:
    with outbox(APIResponse(201, b'{"messageId":"msg_9"}')) as sent:
        receipt = make_client()("dlq.retry", "1-1", retries=0, timeout="30s", method="PUT", label=["a", "b"])
    assert receipt.message_id == "msg_9"
    assert list(sent[0].headers[2:]) == [
        ("Upstash-Retries", "0"),
        ("Upstash-Timeout", "30s"),
        ("Upstash-Method", "PUT"),
        ("Upstash-Label", "a,b"),
    ]


@pytest.mark.parametrize("verb", ["dlq.retry_many", "dlq.retry_all"])
def test_many_dead_letters_are_published_anew(make_client: MakeClient, verb: str) -> None:
    args = (["1-1", "1-2"],) if verb == "dlq.retry_many" else ()
    with outbox(APIResponse(201, b'{"cursor":"","responses":[{"messageId":"msg_8"},{"messageId":"msg_9"}]}')) as sent:
        receipts = make_client()(verb, *args, callback="https://a.example/done")
    assert [receipt.message_id for receipt in receipts] == ["msg_8", "msg_9"]
    assert ("Upstash-Callback", "https://a.example/done") in sent[0].headers
    with outbox(APIResponse(201, b'{"cursor":"","responses":[]}')):
        assert make_client()(verb, *args) == []
    with outbox(APIResponse(201, b"{}")), pytest.raises(TransportError, match=r"^QStash's answer has no responses$"):
        make_client()(verb, *args)


def test_a_log_entry_is_read(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, json.dumps({"events": [ENTRY]}).encode())) as sent:
        page = make_client()("log.list", filter={"message_id": "msg_1"}, count=1)
    assert (sent[0].method, sent[0].url) == ("GET", f"{API}/events?count=1&messageId=msg_1")
    [entry] = page.logs
    assert (entry.time, entry.message_id, entry.state, entry.url) == (
        1767225901200,
        "msg_1",
        "ERROR",
        "https://a.example/in",
    )
    assert (entry.error, entry.next_delivery_time, entry.method) == ("500", 1767225902200, "POST")
    assert (entry.headers, entry.body_base64) == ({"Content-Type": ["application/json"]}, "eyJpZCI6OX0=")
    assert (entry.max_retries, entry.timeout, entry.retry_delay_expression) == (3, 7200000, "15000")
    assert (entry.response_status, entry.response_body, entry.response_headers) == (500, "bm8=", None)
    assert (entry.callback_headers, entry.failure_callback_headers) == ({"X-A": ["1"]}, {"X-B": ["2"]})
    assert (entry.label, entry.labels, entry.caller_ip) == ("signup", ("signup", "eu"), "203.0.113.9")
    assert (entry.url_group, entry.endpoint, entry.queue, entry.schedule_id) == ("signups", "a", "mail", "daily")
    assert (entry.flow_control.key, entry.flow_control.rate, entry.flow_control.period) == ("crm", 3, 60)
    assert page.cursor is None
    assert "eyJpZCI6OX0=" not in repr(page)


def test_log_entries_are_read_by_message(make_client: MakeClient) -> None:
    answer = {"messages": [{"messageId": "msg_1", "events": [ENTRY, ENTRY]}], "cursor": "1-2"}
    with outbox(APIResponse(200, json.dumps(answer).encode())) as sent:
        page = make_client()(
            "log.list", group_by="messageId", filter={"state": ["ERROR", "RETRY"]}, order="latestFirst", trim_body=0
        )
    query = "order=latestFirst&trimBody=0&state=ERROR&state=RETRY&groupBy=messageId"
    assert sent[0].url == f"{API}/logs?{query}"
    (group,) = page.messages
    assert (group.message_id, [entry.message_id for entry in group.logs]) == ("msg_1", ["msg_1", "msg_1"])
    assert page.cursor == "1-2"


def test_bodies_of_dead_letters_are_trimmed(make_client: MakeClient) -> None:
    with outbox(APIResponse(200, b'{"messages": []}')) as sent:
        make_client()("dlq.list", order="latestFirst", trim_body=100)
    assert sent[0].url == f"{API}/dlq?order=latestFirst&trimBody=100"


@pytest.mark.sampled("make_client")
@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"trim_body": -1}, ValueError, "trim_body must be a number of bytes, not -1"),
        ({"trim_body": "1"}, TypeError, "trim_body must be an int, not str"),
        ({"order": "newest"}, ValueError, "order must be one of earliestFirst, latestFirst, not 'newest'"),
        ({"group_by": "url"}, ValueError, "group_by must be 'messageId', not 'url'"),
        ({"group_by": "messageId", "count": 101}, ValueError, "count must be a number from 1 to 100, not 101"),
    ],
)
def test_what_no_page_can_be_like_is_refused(
    make_client: MakeClient, asked: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        make_client()("log.list", **asked)
    assert str(caught.value) == text


SPELLINGS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "canceled with two L": ({"state": "CANCELLED"}, "state", "CANCELED"),
    "a state of tomorrow": ({"state": "PONDERED"}, "state", "PONDERED"),
    "response headers": ({"responseHeaders": {"A": ["1"]}}, "response_headers", {"A": ["1"]}),
    "response header": ({"responseHeader": {"A": ["1"]}}, "response_headers", {"A": ["1"]}),
    "retry delay, in short": ({"retryDelayExpression": None, "retryDelayExpr": "1"}, "retry_delay_expression", "1"),
    "another caller": ({"callerIP": None, "callerIp": "203.0.113.1"}, "caller_ip", "203.0.113.1"),
}


@on_one_client
@pytest.mark.parametrize(("change", "name", "value"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_log_entry_in_other_spellings(make_client: MakeClient, change: dict[str, Any], name: str, value: Any) -> None:
    with outbox(APIResponse(200, json.dumps({"events": [{**ENTRY, **change}]}).encode())):
        [entry] = make_client()("log.list").logs
    assert getattr(entry, name) == value


def test_the_last_page_has_no_cursor(make_client: MakeClient) -> None:
    for verb, field in (("dlq.list", "messages"), ("log.list", "events")):
        for cursor, expected in ((None, None), ("", None), ("1-2", "1-2")):
            with outbox(APIResponse(200, json.dumps({field: [], "cursor": cursor}).encode())):
                assert make_client()(verb).cursor == expected
        with (
            outbox(APIResponse(200, b"[]")),
            pytest.raises(TransportError, match=r"^QStash's answer has a list where an object"),
        ):
            make_client()(verb)


PAGED = {"dlq.iter": ("messages", LETTER, "dlq"), "log.iter": ("events", ENTRY, "events")}


def test_iterating_goes_through_the_messages_of_a_log(make_client: MakeClient) -> None:
    asked: list[str] = []
    pages: Pages = {"": (2, "b"), "b": (1, None)}
    with override_transport(paged("messages", {"events": [ENTRY]}, pages, asked)):
        found = [one.message_id for one in make_client()("log.iter", group_by="messageId", trim_body=0)]
    assert found == ["msg_0", "msg_1", "msg_b0"]
    assert asked == ["/logs?trimBody=0&groupBy=messageId", "/logs?cursor=b&trimBody=0&groupBy=messageId"]


def paged(field: str, item: dict[str, Any], pages: Pages, asked: list[str]) -> Any:
    def transport(request: APIRequest) -> APIResponse:
        asked.append(request.url.removeprefix(API))
        start = request.url.partition("cursor=")[2].partition("&")[0]
        size, following = pages[start]
        items = [{**item, "messageId": f"msg_{start}{number}"} for number in range(size)]
        return APIResponse(200, json.dumps({field: items, "cursor": following}).encode())

    return transport


@pytest.mark.parametrize(("verb", "kind"), PAGED.items(), ids=PAGED)
def test_iterating_goes_through_all_pages(make_client: MakeClient, verb: str, kind: tuple[str, Any, str]) -> None:
    field, item, path = kind
    asked: list[str] = []
    pages: Pages = {"": (2, "b"), "b": (0, "c"), "c": (1, None)}
    with override_transport(paged(field, item, pages, asked)):
        found = [one.message_id for one in make_client()(verb, filter={"label": "a"}, count=2)]
    assert found == ["msg_0", "msg_1", "msg_c0"]
    assert asked == [
        f"/{path}?count=2&label=a",
        f"/{path}?cursor=b&count=2&label=a",
        f"/{path}?cursor=c&count=2&label=a",
    ]


@pytest.mark.parametrize(("verb", "kind"), PAGED.items(), ids=PAGED)
def test_a_cursor_that_stands_still_ends_it(make_client: MakeClient, verb: str, kind: tuple[str, Any, str]) -> None:
    asked: list[str] = []
    with override_transport(paged(*kind[:2], {"": (1, "b"), "b": (1, "b")}, asked)):
        assert len(list(make_client()(verb))) == 2
    assert len(asked) == 2


@pytest.mark.parametrize(("verb", "kind"), PAGED.items(), ids=PAGED)
def test_a_page_is_read_only_when_it_is_needed(verb: str, kind: tuple[str, Any, str]) -> None:
    asked: list[str] = []
    resource = verb.partition(".")[0]
    with override_transport(paged(*kind[:2], {"": (2, "b")}, asked)):
        items = getattr(QStash(TOKEN), resource).iter()
        assert asked == []
        assert [next(items).message_id, next(items).message_id] == ["msg_0", "msg_1"]
    assert len(asked) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("verb", "kind"), PAGED.items(), ids=PAGED)
def test_leaving_an_async_loop_early_leaves_nothing_to_clean_up(
    backend: str, verb: str, kind: tuple[str, Any, str]
) -> None:
    asked: list[str] = []

    async def first() -> str:
        async for item in getattr(AsyncQStash(TOKEN), verb.partition(".")[0]).iter():
            found: str = item.message_id
            return found
        raise AssertionError

    with override_transport(paged(*kind[:2], {"": (2, "b")}, asked)):
        assert anyio.run(first, backend=backend) == "msg_0"
    assert len(asked) == 1
