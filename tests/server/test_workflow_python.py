"""The official ``upstash-workflow`` against the local server, unchanged, in FastAPI and in Flask."""

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qstash_integrations.server.app import LocalServer
from qstash_integrations.server.app.credentials import DEV_KEYS, DEV_TOKEN
from tests.server.client import client
from tests.server.crash import Killable
from tests.server.destination import SOON, destination
from tests.server.workflow_apps import App, Serving, fastapi, flask
from tests.waiting import wait_until

pytestmark = pytest.mark.system

PRICE = "12 €, für Grüße".encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s" % (
    len(PRICE),
    PRICE,
)
TEAPOT = b"HTTP/1.1 418 I'm a teapot\r\nRetry-After: 0\r\nContent-Length: 5\r\n\r\nshort"
Steps = Generator[Any, Any, None]


@pytest.fixture(params=[fastapi, flask], ids=["fastapi", "flask"])
def serving(request: pytest.FixtureRequest) -> Serving:
    serving: Serving = request.param
    return serving


def environment(url: str, *, signed: bool = True) -> dict[str, str]:
    """What an app is told of the server at ``url``."""
    env = {"QSTASH_TOKEN": DEV_TOKEN, "QSTASH_URL": url}
    if signed:
        env |= {"QSTASH_CURRENT_SIGNING_KEY": DEV_KEYS.current, "QSTASH_NEXT_SIGNING_KEY": DEV_KEYS.next}
    return env


def start(server: LocalServer, app: App, path: str, payload: Any = None) -> None:
    """As a publish, which the app turns into a run."""
    with client(server) as api:
        api.post(
            f"/v2/publish/{app.url}{path}", json=payload, headers={"Upstash-Forward-X-User": "joe"}
        ).raise_for_status()


def active(server: LocalServer) -> list[dict[str, Any]]:
    return [run for run in runs(server) if run["workflowState"] == "RUN_STARTED"]


def runs(server: LocalServer) -> list[dict[str, Any]]:
    with client(server) as api:
        found: list[dict[str, Any]] = api.get("/v2/workflows/logs").raise_for_status().json()["runs"]
        return found


def test_a_run_goes_from_step_to_step(server: LocalServer, serving: Serving) -> None:
    def steps(context: Any) -> Steps:
        one = yield context.run("one", lambda: context.request_payload["n"] + 1)
        two = yield context.run("two", lambda: {"grüße": one * 2})
        user = next(value for name, value in context.headers.items() if name.lower() == "x-user")
        app.told.put((context.request_payload, user, two))

    with serving(App(steps, env=environment(server.url))) as app:
        start(server, app, "/steps", {"n": 1})
        assert app.next() == ({"n": 1}, "joe", {"grüße": 4})
        wait_until(lambda: not active(server))
    # The publish, which starts the run, its payload, and two steps.
    assert app.calls == {"/steps": 4}
    assert [run["workflowState"] for run in runs(server)] == ["RUN_SUCCESS"]


def test_a_run_may_be_started_by_a_call_to_its_app(server: LocalServer, serving: Serving) -> None:
    def steps(context: Any) -> Steps:
        one = yield context.run("one", lambda: 1)
        app.told.put((context.request_payload, one))

    with serving(App(steps, env=environment(server.url, signed=False))) as app:
        httpx.post(f"{app.url}/steps", content="hello", trust_env=False).raise_for_status()
        assert app.next() == ("hello", 1)
        wait_until(lambda: not active(server))


def test_a_run_sleeps(server: LocalServer, serving: Serving) -> None:
    def sleeping(context: Any) -> Steps:
        yield context.sleep("a while", "1s")
        woken = yield context.run("woken", time.monotonic)
        yield context.sleep_until("a moment", time.time() + 1)
        app.told.put((woken, time.monotonic()))

    began = time.monotonic()
    with serving(App(sleeping, env=environment(server.url))) as app:
        start(server, app, "/sleeping")
        woken, woken_again = app.next()
    assert woken >= began + 1
    assert woken_again > woken


@pytest.mark.parametrize(("path", "status", "calls"), [("price", 200, 1), ("teapot", 418, 2)])
def test_a_run_has_others_called(server: LocalServer, serving: Serving, path: str, status: int, calls: int) -> None:
    def calling(context: Any) -> Steps:
        answer = yield context.call("the price", url=f"{there.url}/{path}", method="POST", body={"für": 1}, retries=1)
        app.told.put((answer.status, answer.body))

    with destination(price=ANSWER, teapot=TEAPOT) as there, serving(App(calling, env=environment(server.url))) as app:
        start(server, app, "/calling")
        assert app.next() == (status, PRICE.decode() if status == 200 else "short")
        received = [there.next() for _ in range(calls)]
        assert there.nothing_more()
        assert all(json.loads(request.body) == {"für": 1} for request in received)
        assert not [name for request in received for name, _ in request.headers if name.lower().startswith("upstash-w")]
        wait_until(lambda: not active(server))
    # The start, the payload, the call's result and the step that is made of it.
    assert app.calls == {"/calling": 4}


def test_a_run_that_fails_has_its_failure_function_called(server: LocalServer, serving: Serving) -> None:
    def failing(context: Any) -> Steps:
        yield context.run("one", lambda: 1)
        yield context.run("two", lambda: [][1])

    with serving(App(failing, env=environment(server.url))) as app:
        start(server, app, "/failing", {"n": 1})
        assert app.next() == ("failed", {"n": 1}, 500, "list index out of range")
        wait_until(lambda: [run["failureFunction"]["state"] for run in runs(server)] == ["CALLBACK_SUCCESS"])
    assert app.calls == {"/failing": 4}
    assert runs(server)[0]["dlqId"]


def test_a_run_that_is_cancelled_during_a_step_is_left_alone(server: LocalServer, serving: Serving) -> None:
    def cancelled(context: Any) -> Steps:
        yield context.run("one", lambda: cancel(context.workflow_run_id))
        app.told.put("gone on")

    def cancel(run_id: str) -> int:
        with client(server) as api:
            return api.delete(f"/v2/workflows/runs/{run_id}").raise_for_status().status_code

    with serving(App(cancelled, env=environment(server.url))) as app:
        start(server, app, "/cancelled")
        wait_until(lambda: [run["workflowState"] for run in runs(server)] == ["RUN_CANCELED"])
        wait_until(lambda: with_nothing_under_way(server))
    assert app.told.empty()
    assert app.calls == {"/cancelled": 2}
    assert "dlqId" not in runs(server)[0]


def test_a_step_whose_answer_was_lost_counts_once(server: LocalServer, serving: Serving) -> None:
    ran: list[str] = []

    def losing(context: Any) -> Steps:
        yield context.run("one", lambda: ran.append("one"))
        yield context.run("two", lambda: ran.append("two"))
        app.told.put(ran.copy())

    with serving(App(losing, env=environment(server.url), lost={"/losing": 2})) as app:
        start(server, app, "/losing")
        assert set(app.next()) == {"one", "two"}
        wait_until(lambda: not active(server))
        wait_until(lambda: with_nothing_under_way(server))
    assert app.told.empty()
    assert ran.count("two") == 1


def test_a_run_outlives_a_server_that_is_killed(serving: Serving, tmp_path: Path) -> None:
    current = Killable(tmp_path / "qstash.db")
    ran: list[int] = []

    def enduring(context: Any) -> Steps:
        total = 0
        for number in range(1, 4):
            total += yield context.run(f"step {number}", lambda number=number: survived(number))
        app.told.put(total)

    def survived(number: int) -> int:
        """The server dies and comes back while the step is at work, the first time."""
        ran.append(number)
        if ran.count(number) == 1:
            current.kill()
        return number

    with serving(App(enduring, env=environment(current.url, signed=False))) as app:
        try:
            httpx.post(f"{app.url}/enduring", trust_env=False).raise_for_status()
            # Three servers start meanwhile, which takes its time where other tests run beside.
            assert app.next(patience=6 * SOON) == 6
            wait_until(lambda: states(current.url) == ["RUN_SUCCESS"])
        finally:
            current.stop()
    assert set(ran) == {1, 2, 3}


def states(url: str) -> list[str]:
    found = httpx.get(f"{url}/v2/workflows/logs", headers={"Authorization": f"Bearer {DEV_TOKEN}"}, trust_env=False)
    return [run["workflowState"] for run in found.json()["runs"]]


def with_nothing_under_way(server: LocalServer) -> bool:
    with client(server) as api:
        unfinished: int = api.get("/_local/overview").raise_for_status().json()["unfinished"]
        return unfinished == 0
