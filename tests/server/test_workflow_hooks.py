"""Webhooks of workflow runs: anybody may call one who knows it, in any way, and no more than so much."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations.server.model import Limits, Message
from tests.hosts import Request
from tests.server.driver import NOW
from tests.server.local import Local
from tests.server.workflow_sdk import Sdk, list_of

HOOK = "/v2/workflows/hooks/user/wfr_1/evt_a"


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(now=NOW)
    Sdk(local).start()
    local.deliver()
    yield local
    local.engine.close()


def wait(local: Local, step_id: int = 1) -> int:
    return Sdk(local).wait("evt_a", step_id, stepType="WaitForWebhook").status


def call(local: Local, method: str = "POST", body: bytes = b"", **headers: str) -> int:
    return local(method, HOOK, body, headers, token=None).status


def came(local: Local) -> list[Any]:
    """The requests that steps have waited for."""
    return [request(message) for message in local.engine.claiming.claim(100)]


def request(message: Message) -> Any:
    step = list_of(message)[-1]
    assert step["stepType"] == "WaitForWebhook"
    return json.loads(b64decode(step["out"], validate=True))


def test_a_step_gets_the_request_that_it_waits_for(local: Local) -> None:
    wait(local)
    status = local("PUT", f"{HOOK}?a=1&b=%20", "Grüße".encode(), {"x-test-header": "v"}, token=None).status
    (got,) = came(local)
    assert status == 200
    assert (got["method"], b64decode(got["body"]).decode()) == ("PUT", "Grüße")
    assert (got["proto"], got["host"], got["url"]) == ("http", "127.0.0.1:8080", f"{HOOK}?a=1&b=%20")
    assert got["header"]["X-Test-Header"] == ["v"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_any_method_will_do(local: Local, method: str) -> None:
    wait(local)
    assert call(local, method) == 200
    (got,) = came(local)
    assert (got["method"], "body" in got) == (method, False)


def test_what_authorizes_the_caller_reaches_the_workflow(local: Local) -> None:
    wait(local)
    call(local, Authorization="Basic eA==")
    assert came(local)[0]["header"]["Authorization"] == ["Basic eA=="]


def test_calls_serve_one_wait_after_the_other(local: Local) -> None:
    for body in (b"first", b"second"):
        assert call(local, body=body) == 200
    for step_id in (1, 2, 3, 4):
        assert wait(local, step_id) == 200
    call(local, body=b"third")
    assert [b64decode(got["body"]) for got in came(local)] == [b"first", b"second", b"third"]


def test_a_call_wakes_the_worker(local: Local) -> None:
    before = local.changes
    call(local, "GET")
    assert local.changes == before + 1


@pytest.mark.parametrize("run_id", ["wfr_2", "%00", "wfr_over"])
def test_a_run_that_is_not_active_has_no_webhooks(local: Local, run_id: str) -> None:
    Sdk(local, "wfr_over").start()
    local("DELETE", "/v2/workflows/runs/wfr_over")
    assert local("POST", f"/v2/workflows/hooks/user/{run_id}/evt_a", token=None).status == 404


def test_nothing_is_read_for_a_run_that_is_not_active(local: Local) -> None:
    target = "/v2/workflows/hooks/user/wfr_2/evt_a"
    answer = local.send(Request(target, [("Host", "localhost")], b"x", readable=False))
    assert answer.status == 404


def test_a_call_is_no_larger_than_it_may_be() -> None:
    local = Local(limits=Limits(hook_body=10), now=NOW)
    Sdk(local).start()
    assert call(local, body=b"x" * 11) == 413
    assert call(local, body=b"x" * 10) == 200
    local.engine.close()


def test_only_so_many_calls_are_kept_for_a_run() -> None:
    local = Local(limits=Limits(kept_events=2), now=NOW)
    Sdk(local).start()
    assert [call(local) for _ in range(3)] == [200, 200, 429]
    local.engine.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_of_other_origins_are_turned_away(local: Local, headers: dict[str, str], status: int) -> None:
    host = {"Host": "127.0.0.1:8080"} | headers
    answer = local.send(Request(HOOK, list(host.items())))
    assert answer.status == status


def test_nothing_else_is_open(local: Local) -> None:
    for target in ("/v2/workflows/hooks/user", "/v2/notify/evt_a", "/v2/workflows/logs", "/v2/none"):
        assert local("POST", target, token=None).status == 401
