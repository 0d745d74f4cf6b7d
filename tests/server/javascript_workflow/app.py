"""The app in Node, beside a server, and what its workflows tell."""

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests import npm
from tests.server.destination import SOON
from tests.server.javascript_sdk.sdk import VERSION
from tests.waiting import wait_until

WORKFLOW = "@upstash/workflow@1.3.3"
APP = Path(__file__).with_name("app.mjs")


class AppError(Exception):
    """What an expression threw."""


class App:
    """``app("client.logs(filter)", filter=...)`` awaits the expression in the app; what is undefined is left out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._lines = process.stdout
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.url: str = json.loads(self._lines.readline())["url"]
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def __call__(self, expression: str, **values: Any) -> Any:
        body = {"expression": expression, "values": values}
        answer = httpx.post(f"{self.url}/do", json=body, trust_env=False, timeout=SOON).raise_for_status().json()
        if "error" in answer:
            raise AppError(answer["error"])
        return answer.get("value")

    def trigger(self, path: str, body: Any = None, **options: Any) -> str:
        """The id of the run."""
        request = {"url": f"{self.url}{path}", "retries": 0, "body": body, **options}
        return str(self("client.trigger(request)", request=request)["workflowRunId"])

    def told(self) -> Any:
        """The next thing that a workflow tells, waiting for it."""
        return self._told.get(timeout=2 * SOON)

    def tells_nothing_more(self) -> bool:
        return self._told.empty()

    def begin(self) -> None:
        """Forget what was counted."""
        self("[calls, seen.ran, lost].forEach((counts) => Object.keys(counts).forEach((name) => delete counts[name]))")

    def was_called(self, path: str, times: int) -> bool:
        """Whether it was, once it was called as often."""
        wait_until(lambda: self("calls[path] ?? 0", path=path) >= times)
        found: int = self("calls[path] ?? 0", path=path)
        return found == times

    def log(self, run_id: str) -> Any:
        (run,) = self("client.logs({workflowRunId})", workflowRunId=run_id)["runs"]
        return run

    def _listen(self) -> None:
        for line in self._lines:
            self._told.put(json.loads(line)["told"])


def install(home: Path) -> None:
    npm.install(home, WORKFLOW, f"@upstash/qstash@{VERSION}")
    shutil.copy(APP, home)


@contextmanager
def running_app(home: Path, environment: Mapping[str, str]) -> Generator[App]:
    process = subprocess.Popen(
        ["node", APP.name],
        cwd=home,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        app = App(process)
        try:
            yield app
        finally:
            process.kill()
            app.thread.join()
