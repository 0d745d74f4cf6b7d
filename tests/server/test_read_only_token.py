"""A token with which one may look at everything and change nothing."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from qstash_integrations.server.api import LOCAL_NAMES, Access, Api
from qstash_integrations.server.api.local import LOCAL_ROUTES
from qstash_integrations.server.api.routes import ROUTES
from qstash_integrations.server.app import ServerConfig, running
from qstash_integrations.server.app.console import ForPeople
from tests.hosts import Request, asgi_send
from tests.server.local import TOKEN, Local
from tests.server.workflow_sdk import Sdk

READS = "TESTONLY-read-only-token"
CHANGES = [
    (route.method, prefix + route.pattern.translate(str.maketrans("", "", "{*}")))
    for prefix, routes in (("/v2/", ROUTES), ("/_local/", LOCAL_ROUTES))
    for route in routes
    if route.method != "GET" and route.opened is None
]


def send(local: Local, method: str, target: str, token: str = READS) -> int:
    api = Api(local.engine, Access(TOKEN, LOCAL_NAMES, read_only_token=READS))
    headers = [("Host", "localhost"), ("Authorization", f"Bearer {token}")]
    return asgi_send(api)(Request(target, headers, b"", method=method)).status


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    local = Local()
    yield local
    local.engine.close()


@pytest.mark.parametrize(
    "target",
    ["/v2/queues", "/v2/schedules", "/v2/topics", "/v2/dlq", "/v2/logs", "/v2/events", "/v2/flowControl",
     "/v2/globalParallelism", "/_local/overview", "/_local/messages"],
)  # fmt: skip
def test_everything_can_be_read_with_it(local: Local, target: str) -> None:
    assert send(local, "GET", target) == 200


def test_a_message_can_be_read_with_it(local: Local) -> None:
    message_id = local.publish()
    assert send(local, "GET", f"/v2/messages/{message_id}") == 200
    assert send(local, "GET", f"/_local/messages/{message_id}/body") == 200


@pytest.mark.parametrize(("method", "target"), CHANGES)
def test_no_call_that_changes_something_can_be_made_with_it(local: Local, method: str, target: str) -> None:
    assert send(local, method, target) == 403


def test_nothing_can_be_read_with_it_that_would_let_one_do_more(local: Local) -> None:
    message_id = local.publish()
    assert send(local, "GET", "/v2/keys") == 403
    assert send(local, "GET", f"/_local/messages/{message_id}/request") == 403


def test_nothing_can_be_read_with_it_that_a_run_hides(local: Local) -> None:
    Sdk(local).start(b"hidden", Upstash_Redact_Fields="body")
    api = Api(local.engine, Access(TOKEN, LOCAL_NAMES, read_only_token=READS))
    headers = [("Host", "localhost"), ("Authorization", f"Bearer {READS}")]
    shown = {
        target: asgi_send(api)(Request(target, headers, b"", method="GET")).body
        for target in ("/v2/workflows/runs/wfr_1", "/v2/workflows/logs", "/v2/workflows/events", "/_local/messages")
    }
    assert {target for target, body in shown.items() if b"hidden" in body or b64encode(b"hidden") in body} == set()
    assert send(local, "GET", "/v2/workflows/runs/wfr_1", TOKEN) == 200


def test_a_wrong_token_is_still_no_token(local: Local) -> None:
    assert send(local, "GET", "/v2/queues", READS[:-1]) == 401
    assert send(local, "GET", "/v2/keys", TOKEN) == 200


def test_it_may_stand_in_the_query(local: Local) -> None:
    api = Api(local.engine, Access(TOKEN, LOCAL_NAMES, read_only_token=READS))
    host = [("Host", "localhost")]
    assert asgi_send(api)(Request(f"/v2/queues?qstash_token={READS}", host, b"", method="GET")).status == 200
    target = f"/v2/publish/https://a.example?qstash_token={READS}"
    assert asgi_send(api)(Request(target, host, b"", method="POST")).status == 403


def test_a_server_prints_the_one_that_it_has() -> None:
    lines: list[str] = []
    with running(ServerConfig(port=0, read_only_token=READS)) as server:
        ForPeople(lines.append, colour=False).started(server)
        assert READS not in repr(server)
    assert f"With this token one may read everything and change nothing: {READS}" in lines
