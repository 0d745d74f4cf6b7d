"""Tasks with ``once=`` into workers that are killed at random: none is lost, none is stuck, none is done twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from qstash_integrations import QStash
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.server.app import LocalServer, environment, running
from qstash_integrations.server.attempt import Attempt
from tests.server.destination import free_port, listens
from tests.system.soak_app import work
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here"),
]

ROOT = Path(__file__).parents[2]
MANY, WORKERS = 2000, 4
PATIENCE = 200.0  # seconds


class Seen:
    """What came of each message, as the server tells it in a thread of its own."""

    def __init__(self) -> None:
        self.statuses: dict[str, list[int]] = defaultdict(list)

    def __call__(self, attempt: Attempt) -> None:
        self.statuses[attempt.message.id].append(attempt.outcome.status)

    def over(self) -> int:
        """Delivered, or at the end of its retries."""
        return sum(200 in found or len(found) == 5 for found in list(self.statuses.values()))


@contextmanager
def gunicorn(server: LocalServer, port: int, directory: Path) -> Generator[subprocess.Popen[bytes]]:
    environ = {
        **os.environ,
        **environment(server, f"http://127.0.0.1:{port}"),
        "SOAK_STORE": str(directory / "once.db"),
        "SOAK_ENDED": str(directory / "ended"),
    }
    command = f"-m gunicorn --no-control-socket --workers {WORKERS} --bind 127.0.0.1:{port} --log-level error"
    process = subprocess.Popen([sys.executable, *command.split(), "tests.system.soak_app:app"], cwd=ROOT, env=environ)
    try:
        wait_until(lambda: listens(port), 60)
        yield process
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def killing(process: subprocess.Popen[bytes]) -> Generator[set[int]]:
    """One worker every half a second, at whatever it is."""
    killed, over = set[int](), threading.Event()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def kill() -> None:
        while not over.wait(0.5):
            workers = [int(child) for child in children.read_text().split()]
            if len(workers) > 1:
                killed.add(worker := random.choice(workers))
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


def test_every_task_ends_once_however_many_workers_are_killed(tmp_path: Path) -> None:
    (tmp_path / "ended").touch()
    seen, port = Seen(), free_port()
    with running(watch=seen) as server, gunicorn(server, port, tmp_path) as process:
        with (
            override_settings(
                QSTASH_URL=server.url,
                QSTASH_TOKEN=server.token,
                QSTASH_TASKS_URL=f"http://127.0.0.1:{port}/qstash/tasks",
            ),
            killing(process) as killed,
        ):
            assert work.publish_many(work.bind(number) for number in range(MANY)).send() == MANY
            wait_until(lambda: seen.over() >= MANY / 2, PATIENCE)
        wait_until(lambda: seen.over() == MANY, PATIENCE)
        with QStash(server.token, base_url=server.url) as qstash:
            letters = {letter.message_id: letter for letter in qstash.dlq.list(count=100).messages}
    ended = [tuple(map(int, line.split())) for line in (tmp_path / "ended").read_text().splitlines()]
    processes: dict[int, list[int]] = defaultdict(list)
    for number, pid in ended:
        processes[number].append(pid)
    assert len(killed) > 5
    delivered = {message_id for message_id, found in seen.statuses.items() if 200 in found}
    assert all(found.count(200) == 1 for message_id, found in seen.statuses.items() if message_id in delivered)
    # Whoever is no success is a dead letter, and says why.
    assert letters.keys() == seen.statuses.keys() - delivered
    assert all(letter.response_status is not None for letter in letters.values())
    # What ended twice was killed in between: after its work, and before it could say so.
    assert all(pid in killed for pids in processes.values() for pid in pids[:-1])
    unfinished = {json.loads(letter.body or "{}")["number"] for letter in letters.values()}
    assert processes.keys() | unfinished == set(range(MANY))
