"""Real processes that are killed and frozen in the midst of their handlers, behind real servers."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from tests.once.attempts import DUPLICATE, attempt
from tests.server.destination import free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here"),
]

ROOT = Path(__file__).parents[2]
LEASE = 2.0  # of site.py
PATIENCE = 60.0  # for what a slow machine takes


class Answer(NamedTuple):
    status: int
    body: bytes
    retry_after: float


class Site:
    """A server that runs, with its processes and what it prints."""

    def __init__(self, place: Path, command: str, store: str) -> None:
        self._place = place
        self._place.mkdir()
        self._port = free_port()
        self._printed = place / "printed"
        self._threads = ThreadPoolExecutor(8)
        with self._printed.open("wb") as printed:
            self.server = subprocess.Popen(
                [sys.executable, "-m", *command.format(port=self._port).split()],
                cwd=ROOT,
                env={**os.environ, "PLACE": str(place), "STORE": store},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def wait_until_up(self) -> None:
        _wait_for(self._is_up)

    def deliver(self) -> Answer:
        """One attempt at the message, with a token of its own."""
        request = attempt()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request("POST", request.target, bytes(request.body), dict(request.headers))  # type: ignore[arg-type]
            response = connection.getresponse()
            return Answer(response.status, response.read(), float(response.getheader("retry-after", "0")))
        finally:
            connection.close()

    def start(self) -> "Future[Answer]":
        """The same, of which nobody waits for the end."""
        return self._threads.submit(self.deliver)

    def handler(self, but: int = 0) -> int:
        """The process in which a handler is at work, waited for; ``but`` is one of which that is known."""
        _wait_for(lambda: self.at_work() - {but})
        return min(self.at_work() - {but})

    def end(self, process: int, status: int) -> None:
        """Let the handler in this process end."""
        written = self._place / "status"
        written.write_text(str(status))
        written.rename(self._place / f"end-{process}")

    def wait_for(self, text: str) -> None:
        _wait_for(lambda: text in self._printed.read_text())

    def close(self) -> None:
        for process in self.at_work():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
            self.end(process, 500)
        self.server.terminate()
        self.server.wait(PATIENCE)
        self._threads.shutdown()

    def at_work(self) -> set[int]:
        return {int(path.name) for path in self._place.iterdir() if path.name.isdigit()}

    def _is_up(self) -> bool:
        assert self.server.poll() is None, self._printed.read_text()
        try:
            socket.create_connection(("127.0.0.1", self._port)).close()
        except ConnectionRefusedError:
            return False
        return True


GUNICORN = "gunicorn --no-control-socket --preload --workers 2 --bind 127.0.0.1:{port} tests.once.site:wsgi"
UVICORN = "uvicorn --port {port} tests.once.site:asgi"
COMMANDS = {
    "gunicorn": ("sqlite", GUNICORN),
    "uvicorn": ("redis", f"{UVICORN} --workers 2"),
}


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "claims.db")
    return f"unix://{request.getfixturevalue('redis_socket')} {uuid4().hex}"


@pytest.fixture
def start(tmp_path: Path, store: str) -> Generator[Callable[[str], Site]]:
    sites: list[Site] = []

    def start(command: str) -> Site:
        sites.append(Site(tmp_path / f"site{len(sites)}", command, store))
        sites[-1].wait_until_up()
        return sites[-1]

    yield start
    for site in sites:
        site.close()


@pytest.mark.parametrize(("store", "command"), COMMANDS.values(), ids=COMMANDS, indirect=["store"])
def test_S05_the_message_of_a_killed_handler_runs_again_within_a_lease(
    start: Callable[[str], Site], command: str
) -> None:
    site = start(command)
    first = site.start()
    killed = site.handler()
    # By then its lease was renewed more than once.
    time.sleep(LEASE * 1.5)
    assert site.deliver().status == 409
    os.kill(killed, signal.SIGKILL)
    killed_at = time.monotonic()
    with pytest.raises((http.client.HTTPException, OSError)):
        first.result()
    waited = 0.0
    while True:
        again = site.start()
        _wait_for(partial(_is_decided, again, site, killed))
        if not again.done():
            break
        # As QStash does, which comes again when it is told to.
        answer = again.result()
        assert answer.status == 409
        assert 1 <= answer.retry_after <= LEASE
        time.sleep(answer.retry_after)
        waited += answer.retry_after
    assert waited <= LEASE + 1
    assert time.monotonic() - killed_at < 60
    site.end(site.handler(but=killed), 200)
    assert again.result().body == b"shipped"
    # QStash has its answer before the mark is made.
    _wait_for(lambda: site.deliver().body == DUPLICATE)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_S05_a_frozen_process_that_wakes_up_is_fenced(start: Callable[[str], Site]) -> None:
    frozen_site, site = (start(UVICORN) for _ in range(2))
    first = frozen_site.start()
    frozen = frozen_site.handler()
    os.kill(frozen, signal.SIGSTOP)
    time.sleep(LEASE)
    second = site.start()
    successor = site.handler()
    frozen_site.end(frozen, 200)
    os.kill(frozen, signal.SIGCONT)
    assert first.result().status == 200
    frozen_site.wait_for("another took its message over")
    # Neither done nor free: the second is still at work, and alone decides.
    assert site.deliver().status == frozen_site.deliver().status == 409
    site.end(successor, 200)
    assert second.result().body == b"shipped"
    _wait_for(lambda: site.deliver().body == frozen_site.deliver().body == DUPLICATE)


def _is_decided(attempt: "Future[Answer]", site: Site, killed: int) -> bool:
    return attempt.done() or bool(site.at_work() - {killed})


def _wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
