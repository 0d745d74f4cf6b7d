"""What comes back from publishing: receipts, duplicates, and answers that are not QStash's."""

import json
from typing import Any

import pytest

from qstash_integrations import APIError, TransportError
from qstash_integrations._core.publishing.client import APIResponse
from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client
from tests.publish.loopback import URL

RECEIPTS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "accepted": ({}, {"messageId": "msg_1", "url": URL}, ("msg_1", False)),
    "own duplicate": ({"deduplication_id": "a"}, {"messageId": "msg_1", "deduplicated": True}, ("msg_1", True)),
    "duplicate content": (
        {"content_based_deduplication": True},
        {"messageId": "msg_1", "deduplicated": True},
        ("msg_1", True),
    ),
    "a try of this client that had arrived": ({}, {"messageId": "msg_1", "deduplicated": True}, ("msg_1", False)),
    "no truth value": ({"deduplication_id": "a"}, {"messageId": "msg_1", "deduplicated": "yes"}, ("msg_1", False)),
}


@on_one_client
@pytest.mark.parametrize(("options", "answer", "receipt"), RECEIPTS.values(), ids=RECEIPTS)
def test_duplicates_are_reported_for_the_callers_own_ids(
    make_client: MakeClient, options: Any, answer: Any, receipt: Any
) -> None:
    with outbox(APIResponse(202, json.dumps(answer).encode())):
        result = make_client()("publish", url=URL, **options)
    assert (result.message_id, result.deduplicated) == receipt
    assert result.url == answer.get("url")


def test_each_endpoint_of_a_group_tells_of_its_duplicate(make_client: MakeClient) -> None:
    answer = [
        {"messageId": "msg_1", "url": URL},
        {"messageId": "msg_2", "url": "https://b.example", "deduplicated": True},
    ]
    with outbox(APIResponse(201, json.dumps(answer).encode())):
        client = make_client()
        own = client("publish", url_group="signups", deduplication_id="a")
        ours = client("publish", url_group="signups")
    assert [(one.message_id, one.url, one.deduplicated) for one in own] == [
        ("msg_1", URL, False),
        ("msg_2", "https://b.example", True),
    ]
    assert [one.deduplicated for one in ours] == [False, False]


def test_duplicates_in_a_batch(make_client: MakeClient) -> None:
    answer = [{"messageId": "msg_1", "deduplicated": True}, {"messageId": "msg_2", "deduplicated": True}]
    with outbox(APIResponse(200, json.dumps(answer).encode())):
        receipts = make_client()("batch", [{"url": URL, "deduplication_id": "a"}, {"url": URL}])
    assert [receipt.deduplicated for receipt in receipts] == [True, False]


ODD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "QStash's answer is empty"),
    "null": (b"null", "QStash's answer is empty"),
    "no id": (b"{}", "QStash's answer has no messageId"),
    "a number for an id": (b'{"messageId":3}', "QStash's answer has no messageId"),
    "a text": (b'"msg_1"', "QStash's answer has a str where an object was expected"),
    "a list of texts": (b'["msg_1"]', "QStash's answer has a str where an object was expected"),
    "no url in a group": (b'[{"messageId":"msg_1"}]', "QStash's answer has no url"),
    "HTML of a proxy": (
        b"<html>Log in</html>",
        "an answer with status 200 that is not JSON; is QSTASH_URL the QStash API?",
    ),
    "not UTF-8": (b"\xff\xfe\xfd", "an answer with status 200 that is not JSON; is QSTASH_URL the QStash API?"),
    "endless depth": (b"[" * 100_000, "an answer with status 200 that is not JSON; is QSTASH_URL the QStash API?"),
}


@on_one_client
@pytest.mark.parametrize(("body", "text"), ODD.values(), ids=ODD)
def test_an_answer_that_is_not_qstashs_is_told_as_such(make_client: MakeClient, body: bytes, text: str) -> None:
    with outbox(APIResponse(200, body)) as sent, pytest.raises(TransportError) as caught:
        make_client()("publish", url=URL)
    assert (str(caught.value), len(sent)) == (text, 1)
    # What could not be read is a part of the error that the json module raised.
    assert caught.value.__context__ is None


def test_a_batch_has_as_many_results_as_messages(make_client: MakeClient) -> None:
    for body in (b"[]", b'{"messageId":"msg_1"}', b'[{"messageId":"msg_1"},{"messageId":"msg_2"}]'):
        with (
            outbox(APIResponse(200, body)),
            pytest.raises(TransportError, match=r"^QStash's answer is not a list of 1 results$"),
        ):
            make_client()("batch", [{"url": URL}])


def test_an_error_in_a_batch_tells_which_message_and_that_others_went(make_client: MakeClient) -> None:
    body = b'[{"messageId":"msg_1"},{"error":"quota maxDelay exceeded"}]'
    with outbox(APIResponse(200, body)), pytest.raises(APIError) as caught:
        make_client()("batch", [{"url": URL}, {"url": URL}])
    assert str(caught.value) == "QStash answered 400: messages[1]: quota maxDelay exceeded; the others may be accepted"


ERRORS: dict[str, tuple[bytes, str]] = {
    "QStash's own": (b'{"error":"quota maxDelay exceeded"}', "QStash answered 400: quota maxDelay exceeded"),
    "plain text": (b"Method Not Allowed", "QStash answered 400: Method Not Allowed"),
    "nothing": (b"", "QStash answered 400: no reason given"),
    "JSON without error": (b'{"detail":"no"}', 'QStash answered 400: {"detail":"no"}'),
    "not UTF-8": (b"\xff", "QStash answered 400: \ufffd"),
    "endless": (b"x" * 10_000, "QStash answered 400: " + "x" * 500),
    "an endless error": (json.dumps({"error": "x" * 10_000}).encode(), "QStash answered 400: " + "x" * 500),
}


@on_one_client
@pytest.mark.parametrize(("body", "text"), ERRORS.values(), ids=ERRORS)
def test_what_qstash_says_is_in_the_error(make_client: MakeClient, body: bytes, text: str) -> None:
    with outbox(APIResponse(400, body)), pytest.raises(APIError) as caught:
        make_client()("publish", url=URL)
    assert (str(caught.value), caught.value.status) == (text, 400)
