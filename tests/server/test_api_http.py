"""What holds for every call: who may make it, how large it may be, and that errors are JSON."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qstash_integrations.server.api.local import LOCAL_ROUTES
from qstash_integrations.server.api.routes import ROUTES
from qstash_integrations.server.model import Limits
from tests.hosts import NOTHING_SENT, Request
from tests.server.local import TOKEN, URL, Got, Local
from tests.server.workflow_sdk import Sdk
from tests.signing import CURRENT, NEXT

INVALID_TOKEN = Got(401, {"error": "unable to authenticate: invalid token"})
ALLOWED = [("Host", "localhost"), ("Authorization", f"Bearer {TOKEN}")]


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_the_token_opens_every_call(local: Local) -> None:
    assert local("GET", "/v2/keys") == Got(200, {"current": CURRENT, "next": NEXT})
    assert local("GET", f"/v2/keys?qstash_token={TOKEN}", token=None).status == 200


@pytest.mark.sampled("token")
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
@pytest.mark.parametrize("path", ["/v2/keys", "/v2/publish/https://a.example", "/v2/nothing", "/x", "/_local/keys"])
def test_without_the_token_nothing_is_said(local: Local, path: str, token: str | None) -> None:
    assert local("POST", path, b"not json", token=token) == INVALID_TOKEN


def test_a_401_says_how_to_authenticate(local: Local) -> None:
    answer = local.send(Request("/v2/keys", [("Host", "localhost")], method="GET"))
    assert answer.headers["www-authenticate"] == "Bearer"


def test_host_and_origin_are_looked_at_before_the_token(local: Local) -> None:
    answer = local.send(Request("/v2/keys", [("Host", "evil.example")], method="GET"))
    assert (answer.status, json.loads(answer.body)) == (421, {"error": "this server is not addressed by that Host"})
    answer = local.send(Request("/v2/keys", [("Host", "localhost"), ("Origin", "http://evil.example")], method="GET"))
    assert answer.status == 403


def test_a_host_that_comes_twice_is_none(local: Local) -> None:
    answer = local.send(Request("/v2/keys", [*ALLOWED, ("Host", "localhost")], method="GET"))
    assert answer.status == 421


def test_an_unknown_path_is_404(local: Local) -> None:
    assert local("GET", "/v2/nothing") == Got(404, {"error": "this path is not part of the QStash API"})
    assert local("GET", "/x").status == 404
    assert local("GET", "/_local/nothing").status == 404


def test_a_wrong_method_is_405_and_says_which_are_right(local: Local) -> None:
    answer = local.send(Request("/v2/queues", ALLOWED, method="PUT"))
    assert (answer.status, answer.headers["allow"]) == (405, "POST, GET")
    assert json.loads(answer.body) == {"error": "PUT is not possible here"}


def test_a_body_that_is_too_large_is_412(local: Local) -> None:
    small = Local(limits=Limits(body=100))
    assert small("POST", "/v2/publish/https://a.example", b"x" * 100).status == 201
    assert small("POST", "/v2/publish/https://a.example", b"x" * 101) == Got(
        412, {"error": "quota maxMessageSize exceeded, current limit: 100"}
    )
    small.store.close()


def test_a_body_of_unknown_length_is_cut_off_at_the_same_size() -> None:
    small = Local(limits=Limits(body=100))
    request = Request("/v2/publish/https://a.example", ALLOWED, [b"x" * 60, b"x" * 60], chunked=True)
    assert small.send(request).status == 412
    assert small.send(request._replace(body=[b"x" * 60, b"x" * 40])).status == 201
    small.store.close()


@pytest.mark.parametrize("length", ["9" * 5000, "101"])
def test_a_length_that_is_too_large_is_believed(length: str) -> None:
    small = Local(limits=Limits(body=100))
    request = Request("/v2/publish/https://a.example", [*ALLOWED, ("Content-Length", length)], b"x")
    assert small.send(request).status == 412
    small.store.close()


def test_too_many_or_too_large_headers_are_431(local: Local) -> None:
    many = [*ALLOWED, *((f"X-{number}", "v") for number in range(100))]
    assert local.send(Request("/v2/keys", many, method="GET")).status == 431
    assert local.send(Request("/v2/keys", [*ALLOWED, ("X", "y" * 40_000)], method="GET")).status == 431


def test_an_endless_path_is_414(local: Local) -> None:
    assert local("POST", f"/v2/publish/https://a.example/{'x' * 20_000}").status == 414


def test_a_client_that_leaves_is_not_answered(local: Local) -> None:
    request = Request("/v2/publish/https://a.example", ALLOWED, b"x", chunked=True, hang_up=True)
    assert local.send(request) == NOTHING_SENT
    assert local.engine.claiming.claim(1) == []


@pytest.mark.parametrize(
    "request_of",
    [
        Request("/v2/publish/https://a.example", [("Host", "localhost")], b"x", readable=False),
        Request("/v2/nothing", ALLOWED, b"x", readable=False),
        Request("/v2/batch", [*ALLOWED, ("Content-Length", "999999999")], b"x", readable=False),
    ],
    ids=["no token", "no route", "too large"],
)
def test_a_body_that_is_of_no_use_is_not_read(local: Local, request_of: Request) -> None:
    assert local.send(request_of).status in (401, 404, 412)


@pytest.mark.sampled("call")
@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"a":NaN}', b"9" * 10_000, b"{}{}", b"[]", b'"x"'])
@pytest.mark.parametrize("call", ["POST /v2/queues", "POST /v2/topics/g/endpoints", "DELETE /v2/messages"])
def test_a_body_that_is_no_json_object_is_400(local: Local, call: str, body: bytes) -> None:
    method, path = call.split()
    status, answer = local(method, path, body)
    assert status == 400
    assert set(answer) == {"error"}


def test_json_needs_no_content_type_and_may_hold_broken_surrogates(local: Local) -> None:
    got = local("POST", "/v2/batch", b'[{"destination":"https://a.example","body":"\\ud800"}]')
    assert got.status == 200
    message = local("GET", f"/v2/messages/{got.json[0]['messageId']}").json
    assert message["body"] == "\ufffd"


def test_calls_that_may_make_something_due_wake_the_worker(local: Local) -> None:
    local("GET", "/v2/keys")
    local("POST", "/v2/publish/nonsense")
    assert local.changes == 0
    local("POST", "/v2/publish/https://a.example")
    assert local.changes == 1


def test_a_failure_of_our_own_is_told_to_the_log_and_not_to_the_caller(
    local: Local, caplog: pytest.LogCaptureFixture
) -> None:
    local.store.close()
    assert local("GET", "/v2/queues") == Got(500, {"error": "internal error; the log of the local server says more"})
    assert "the local QStash failed in GET queues" in caplog.text
    assert TOKEN not in caplog.text


GETS = [
    *(f"/v2/{route.pattern}" for route in ROUTES if route.method == "GET"),
    *(f"/_local/{route.pattern}" for route in LOCAL_ROUTES if route.method == "GET"),
]


@pytest.mark.parametrize("path", GETS)
def test_D2_a_get_changes_nothing(local: Local, path: str) -> None:
    """A link that somebody is made to follow does no harm, then."""
    local("POST", "/v2/queues", {"queueName": "mail", "parallelism": 1})
    local("POST", "/v2/topics/mail/endpoints", {"endpoints": [{"url": URL}]})
    local("POST", f"/v2/schedules/{URL}", b"", {"Upstash-Cron": "* * * * *", "Upstash-Schedule-Id": "daily"})
    message_id = local.publish(Retries="0", Flow_Control_Key="crm", Flow_Control_Value="rate=1")
    local.deliver(500)
    Sdk(local, "failed").start(Upstash_Retries="0")
    local.deliver(500)
    Sdk(local, "daily").start()
    (letter,) = local("GET", "/v2/workflows/dlq" if "workflows" in path else "/v2/dlq").json["messages"]
    there = message_id if "messages" in path else letter["dlqId"] if "dlq" in path else "daily"
    before = local.connection.total_changes
    target = path.replace("{*", "{").format(id=there, name="mail", key="crm", attempt="1", event="paid")
    target += "?cron=*+*+*+*+*" if path == "/_local/cron" else ""
    assert local("GET", target, token=None).status == 401
    assert local.send(Request(target, ALLOWED, method="GET")).status == 200
    assert local.connection.total_changes == before


def test_a_full_disk_is_507_and_stores_nothing() -> None:
    small = Local(max_bytes=1_000_000)
    answers = [small("POST", "/v2/publish/https://a.example", b"x" * 100_000) for _ in range(8)]
    full = [got for got in answers if got.status != 201]
    assert {got.status for got in full} == {507}
    assert set(full[0].json) == {"error"}
    assert len(small.engine.claiming.claim(100)) == len(answers) - len(full)
    small.store.close()


TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=40)
PATHS = st.sampled_from(
    ["publish/", "enqueue/q/", "batch", "messages/", "queues/", "schedules/", "topics/", "topics/g/endpoints", "dlq/",
     "dlq/retry/", "events", "logs", "flowControl/", "flowControl/k/pin", "keys", ""]
)  # fmt: skip
OPTIONS = st.sampled_from(
    ["Delay", "Not-Before", "Retries", "Retry-Delay", "Method", "Timeout", "Callback", "Failure-Callback", "Cron",
     "Schedule-Id", "Label", "Redact-Fields", "Flow-Control-Key", "Flow-Control-Value", "Deduplication-Id",
     "Content-Based-Deduplication", "Queue-Name", "Forward-X", "Header-Forward", "Callback-Retries"]
)  # fmt: skip


@settings(max_examples=50)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PATCH"]),
    path=PATHS,
    rest=st.one_of(TARGETS, TARGETS.map("https://a.example/".__add__)),
    query=TARGETS,
    options=st.dictionaries(OPTIONS, st.binary(max_size=20), max_size=3),
    body=st.one_of(st.binary(max_size=40), st.recursive(st.none() | st.text(max_size=5) | st.integers(), st.lists)),
)
def test_nothing_that_a_caller_sends_is_a_server_error(
    method: str, path: str, rest: str, query: str, options: dict[str, bytes], body: object
) -> None:
    headers: dict[str, str | bytes] = {f"Upstash-{name}": value for name, value in options.items()}
    local = Local()
    status, answer = local(method, f"/v2/{path}{rest}?{query}", body, headers)
    local.store.close()
    assert status < 500, answer
