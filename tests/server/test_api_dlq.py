"""The dead letter queue."""

from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import NOW


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def dead(local: Local, destination: str = URL, status: int = 404, body: bytes = b"", **headers: str) -> str:
    """The id of a dead letter."""
    message_id = local.publish(destination, b"", Retries="0", **headers)
    local.deliver(status, body, X_Answer="1")
    (letter,) = local("GET", f"/v2/dlq?messageId={message_id}").json["messages"]
    return str(letter["dlqId"])


def test_a_dead_letter_shows_its_message_and_the_last_answer(local: Local) -> None:
    message_id = local.publish(URL, b'{"id":9}', Retries="0", Retry_Delay="7000 * retried", Label="a")
    local.deliver(404, b"404 Not Found", X_Answer="1")
    (letter,) = local("GET", "/v2/dlq").json["messages"]
    dlq_id = letter["dlqId"]
    assert dlq_id.startswith(f"{NOW * 1000}-")
    assert letter == {
        "messageId": message_id,
        "dlqId": dlq_id,
        "url": URL,
        "method": "POST",
        "body": '{"id":9}',
        "maxRetries": 0,
        "retryDelayExpression": "7000 * retried",
        "notBefore": NOW * 1000,
        "createdAt": NOW * 1000,
        "callerIP": "127.0.0.1",
        "label": "a",
        "labels": ["a"],
        "responseStatus": 404,
        "responseHeader": {"X-Answer": ["1"]},
        "responseBody": "404 Not Found",
    }
    assert local("GET", f"/v2/dlq/{dlq_id}") == Got(200, letter)


def test_where_nothing_was_answered_the_error_explains_it(local: Local) -> None:
    letter = local("GET", f"/v2/dlq/{dead(local, status=0)}").json
    assert (letter["responseStatus"], letter["responseBody"]) == (0, "Connection refused")


def test_an_answer_that_is_no_text_is_base64(local: Local) -> None:
    letter = local("GET", f"/v2/dlq/{dead(local, body=bytes([255]))}").json
    assert letter["responseBodyBase64"] == "/w=="
    assert "responseBody" not in letter


@pytest.mark.parametrize(
    ("trim", "shown"),
    {
        "0": {},
        "1": {"body": "g", "responseBody": "n"},
        "2": {"body": "g", "responseBody": "no"},
        "3": {"body": "g\xfc", "responseBody": "no"},
        "99": {"body": "g\xfcn", "responseBody": "no"},
        "": {"body": "g\xfcn", "responseBody": "no"},
    }.items(),
)
def test_bodies_are_cut_to_the_bytes_that_are_wanted(local: Local, trim: str, shown: dict[str, str]) -> None:
    """Where that goes through a character, before it."""
    local.publish(URL, "g\xfcn".encode(), Retries="0")
    local.deliver(500, b"no")
    (letter,) = local("GET", f"/v2/dlq?trimBody={trim}").json["messages"]
    assert {name: value for name, value in letter.items() if name.lower().endswith("body")} == shown
    assert local("GET", f"/v2/dlq/{letter['dlqId']}").json["body"] == "g\xfcn"


def test_bodies_that_are_no_text_are_cut_as_well(local: Local) -> None:
    local.publish(URL, b"\xff\xff\xff", Retries="0")
    local.deliver(500, b"\xff")
    (letter,) = local("GET", "/v2/dlq?trimBody=2").json["messages"]
    assert (letter["bodyBase64"], letter["responseBodyBase64"]) == ("//8=", "/w==")


def test_a_redacted_body_is_cut_as_it_is_shown(local: Local) -> None:
    dead(local, Redact_Fields="body")
    local.publish(URL, b"secret", Retries="0", Redact_Fields="body")
    local.deliver(500)
    (letter,) = local("GET", "/v2/dlq?order=latestFirst&count=1&trimBody=12").json["messages"]
    # REDACTED: and the beginning of the hash
    assert letter["body"] == "REDACTED:2bb"


@pytest.mark.parametrize("trim", ["-1", "x", "1.5"])
def test_a_trim_that_is_no_number_is_refused(local: Local, trim: str) -> None:
    dead(local)
    got = local("GET", f"/v2/dlq?trimBody={trim}")
    assert got == Got(400, {"error": f"invalid trimBody {trim!r}: it must be a whole number"})


def test_pages_follow_one_another_and_the_last_one_has_no_cursor(local: Local) -> None:
    ids = [dead(local) for _ in range(5)]
    first = local("GET", "/v2/dlq?count=2").json
    second = local("GET", f"/v2/dlq?count=2&cursor={first['cursor']}").json
    third = local("GET", f"/v2/dlq?count=2&cursor={second['cursor']}").json
    assert [letter["dlqId"] for page in (first, second, third) for letter in page["messages"]] == ids
    assert "cursor" not in third
    newest = local("GET", "/v2/dlq?order=latestFirst&count=1").json
    assert newest["messages"][0]["dlqId"] == ids[-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3), ("label=a", 1), ("label=a&label=b", 2), ("url=https://b.example/", 1), ("responseStatus=404,500", 3),
        ("responseStatus=500", 1), ("flowControlKey=f", 1), ("callerIp=127.0.0.1", 3), ("topicName=none", 0),
        ("queueName=none", 0), ("scheduleId=none", 0), ("fromDate=1800000000000", 3), ("toDate=1799999999999", 0),
        ("api=x&trimBody=100", 3), ("dlqIds=1-99999", 0), ("dlqIds=nonsense", 0),
    ],
)  # fmt: skip
def test_dead_letters_are_found_by_filters(local: Local, query: str, found: int) -> None:
    dead(local, Label="a")
    dead(local, Label="b", status=500)
    dead(local, "https://b.example/", Flow_Control_Key="f", Flow_Control_Value="rate=5")
    assert len(local("GET", f"/v2/dlq?{query}").json["messages"]) == found


@pytest.mark.parametrize("call", ["GET /v2/dlq", "DELETE /v2/dlq", "POST /v2/dlq/retry"])
@pytest.mark.parametrize("query", ["labeel=a", "host=a.example", "path=/", "count=101", "count=x", "label="])
def test_a_query_that_makes_no_sense_is_400_and_changes_nothing(local: Local, call: str, query: str) -> None:
    dead(local)
    method, path = call.split()
    assert local(method, f"{path}?{query}").status == 400
    assert len(local("GET", "/v2/dlq").json["messages"]) == 1


def test_a_dead_letter_is_deleted_once(local: Local) -> None:
    dlq_id = dead(local)
    assert local("DELETE", f"/v2/dlq/{dlq_id}") == Got(200, None)
    assert local("DELETE", f"/v2/dlq/{dlq_id}").status == 404
    assert local("GET", f"/v2/dlq/{dlq_id}").status == 404


@pytest.mark.parametrize("style", ["json", "query"])
def test_dead_letters_are_deleted_by_ids_and_unknown_ones_are_skipped(local: Local, style: str) -> None:
    one, two, three = (dead(local) for _ in range(3))
    if style == "json":
        got = local("DELETE", "/v2/dlq", {"dlqIds": [one, two, "nonsense"]})
    else:
        got = local("DELETE", f"/v2/dlq?dlqIds={one}&dlqIds={two},0-0")
    assert got == Got(200, {"deleted": 2})
    assert [letter["dlqId"] for letter in local("GET", "/v2/dlq").json["messages"]] == [three]
    assert local("DELETE", "/v2/dlq", {"dlqIds": ["nonsense"]}) == Got(200, {"deleted": 0})


def test_dead_letters_are_deleted_by_filter_a_part_at_a_time(local: Local) -> None:
    for label in "aab":
        dead(local, Label=label)
    first = local("DELETE", "/v2/dlq?label=a&count=1").json
    assert (first["deleted"], "cursor" in first) == (1, True)
    assert local("DELETE", f"/v2/dlq?label=a&count=1&cursor={first['cursor']}").json == {"deleted": 1}
    assert local("DELETE", "/v2/dlq") == Got(200, {"deleted": 1})


def test_a_retry_is_a_new_message_and_the_letter_is_gone(local: Local) -> None:
    dlq_id = dead(local, Label="a", Forward_X="1")
    status, answer = local("POST", f"/v2/dlq/retry/{dlq_id}", b"", {"Upstash-Retries": "7"})
    assert (status, list(answer)) == (201, ["messageId"])
    message = local("GET", f"/v2/messages/{answer['messageId']}").json
    assert (message["label"], message["header"], message["maxRetries"]) == ("a", {"X": ["1"]}, 7)
    assert local("DELETE", f"/v2/dlq/{dlq_id}").status == 404
    assert local("POST", f"/v2/dlq/retry/{dlq_id}").status == 404


def test_a_retry_keeps_the_content_type_whatever_the_call_came_with(local: Local) -> None:
    headers = {"Content-Type": "text/plain", "Upstash-Retries": "0"}
    local("POST", f"/v2/publish/{URL}", b"x", headers)
    local.deliver(500)
    (letter,) = local("GET", "/v2/dlq").json["messages"]
    got = local("POST", f"/v2/dlq/retry/{letter['dlqId']}", b"", {"Content-Type": "application/json"})
    message = local("GET", f"/v2/messages/{got.json['messageId']}").json
    assert message["header"] == {"Content-Type": ["text/plain"]}


def test_many_retries_answer_with_an_empty_cursor_at_the_end(local: Local) -> None:
    ids = [dead(local) for _ in range(3)]
    status, answer = local("POST", f"/v2/dlq/retry?dlqIds={ids[0]},{ids[1]}")
    assert (status, answer["cursor"]) == (201, "")
    assert [list(response) for response in answer["responses"]] == [["messageId"], ["messageId"]]
    assert [letter["dlqId"] for letter in local("GET", "/v2/dlq").json["messages"]] == [ids[2]]
    assert local("POST", "/v2/dlq/retry?label=none") == Got(201, {"cursor": "", "responses": []})


@pytest.mark.parametrize("style", ["json", "query"])
def test_a_retry_of_letters_of_which_one_is_unknown_retries_none(local: Local, style: str) -> None:
    one, gone = dead(local), dead(local)
    local("DELETE", f"/v2/dlq/{gone}")
    if style == "json":
        got = local("POST", "/v2/dlq/retry", {"dlqIds": [one, gone]})
    else:
        got = local("POST", f"/v2/dlq/retry?dlqIds={one},{gone}")
    assert got == Got(404, {"error": f"dead letter '{gone}' not found"})
    assert [letter["dlqId"] for letter in local("GET", "/v2/dlq").json["messages"]] == [one]
    assert local.engine.claiming.claim(10) == []


def test_an_id_of_another_server_means_no_letter_of_this_one(local: Local) -> None:
    """One in memory that was started anew gives the same numbers at other times."""
    dlq_id = dead(local)
    foreign = f"1700000000000-{dlq_id.partition('-')[2]}"
    assert local("GET", f"/v2/dlq?dlqIds={foreign}").json == {"messages": []}
    assert local("DELETE", f"/v2/dlq?dlqIds={foreign}").json == {"deleted": 0}
    assert local("POST", f"/v2/dlq/retry?dlqIds={foreign}").status == 404
    assert local("GET", f"/v2/dlq?dlqIds={dlq_id}").json["messages"] != []


def test_many_retries_go_a_part_at_a_time_with_new_settings(local: Local) -> None:
    for _ in range(3):
        dead(local, Label="a")
    answer = local("POST", "/v2/dlq/retry?label=a&count=2&upstash-retries=9").json
    assert len(answer["responses"]) == 2
    assert answer["cursor"] != ""
    message = local("GET", f"/v2/messages/{answer['responses'][0]['messageId']}").json
    assert message["maxRetries"] == 9
