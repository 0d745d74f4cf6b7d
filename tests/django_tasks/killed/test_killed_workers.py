"""Real workers that are killed in the midst of their runs, behind gunicorn and the local server."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from qstash_integrations.django.tasks.models import StoredTask
from qstash_integrations.server.app import LocalServer, environment, running
from tests.django_tasks.killed import jobs
from tests.django_tasks.shop import BACKEND
from tests.server.destination import free_port, listens

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(420),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here"),
]

ROOT = Path(__file__).parents[3]
PATIENCE = 180.0  # seconds, for what a slow machine takes
# A run holds its row for three seconds.
TASKS = {
    "default": {"BACKEND": BACKEND, "OPTIONS": {"timeout": "2s", "GRACE": "1s", "retry_delay": 500}},
}
# A run of the soak may wait for the disk and for three other workers.
SOAK = {"default": {"BACKEND": BACKEND, "OPTIONS": {"timeout": "10s", "GRACE": "2s", "retry_delay": 500, "retries": 3}}}
MANY = int(os.environ.get("QSTASH_TEST_SOAK", "2000"))
MOST_ON_SQLITE = 200  # where writers wait for one another


class Site:
    """gunicorn with its workers."""

    def __init__(self, place: Path, server: LocalServer, tasks: Any, workers: int) -> None:
        self.port = free_port()
        self.printed = place / "printed"
        there = environment(server, f"http://127.0.0.1:{self.port}")
        self.settings = {name.removeprefix("QSTASH_"): value for name, value in there.items()}
        # A new connection to PostgreSQL is a new process.
        database = {**connections.settings["default"], "CONN_MAX_AGE": 3600}
        known = ("ENGINE", "NAME", "HOST", "USER", "OPTIONS", "CONN_MAX_AGE")
        environ = {
            **os.environ,
            **there,
            "DATABASE": json.dumps({name: database[name] for name in known if database.get(name)}),
            "TASKS": json.dumps(tasks),
        }
        command = f"gunicorn --no-control-socket --preload --workers {workers} --bind 127.0.0.1:{self.port}"
        with self.printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command.split(), "tests.django_tasks.killed.site"],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.printed.read_text()
        return listens(self.port)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(child) for child in children.split()]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def site(place: Path, tasks: Any, workers: int) -> Generator[Site]:
    with running() as server:
        made = Site(place, server, tasks, workers)
        try:
            wait_for(made.is_up)
            with override_settings(TASKS=tasks, QSTASH=made.settings, ROOT_URLCONF="tests.django_tasks.urls"):
                yield made
        finally:
            made.close()


def wait_for(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, Counter(StoredTask.objects.values_list("status", "runs"))
        time.sleep(0.1)


def all_over() -> bool:
    return not StoredTask.objects.exclude(status__in=["FAILED", "SUCCESSFUL"]).exists()


def reasons(row: StoredTask) -> set[str]:
    return {error["exception_class_path"].rpartition(".")[2] for error in row.errors}


@pytest.fixture(autouse=True)
def concurrent(database: None) -> None:
    """SQLite for several processes."""
    settings = connections.settings["default"]
    if settings["ENGINE"].endswith("sqlite3"):
        settings["OPTIONS"] = {"timeout": 30, "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"}
        connections["default"].close()
        del connections["default"]


def test_no_task_is_lost_with_its_worker(tmp_path: Path) -> None:
    with site(tmp_path, TASKS, workers=3):
        for number in range(3):
            jobs.killed.using(retries=0).enqueue(number)
            jobs.killed.using(retries=1).enqueue(number)
            jobs.killed_once.using(retries=1).enqueue(number)
            jobs.loses_its_answer.using(retries=1).enqueue(number)
        wait_for(all_over)
    found = Counter(
        (row.task.rpartition(".")[2], row.most_runs, row.status, row.runs, *reasons(row))
        for row in StoredTask.objects.all()
    )
    assert found == {
        ("killed", 1, "FAILED", 1, "WorkerLost"): 3,
        ("killed", 2, "FAILED", 2, "WorkerLost"): 3,
        ("killed_once", 2, "SUCCESSFUL", 2, "WorkerLost"): 3,
        ("loses_its_answer", 2, "SUCCESSFUL", 1): 3,
    }


def test_a_soak_of_tasks_into_workers_that_are_killed_at_random(tmp_path: Path) -> None:
    kills, over = 0, threading.Event()
    many = min(MANY, MOST_ON_SQLITE) if connections["default"].vendor == "sqlite" else MANY
    with site(tmp_path, SOAK, workers=4) as gunicorn:

        def kill() -> None:
            nonlocal kills
            while not over.wait(0.5):
                if len(workers := gunicorn.workers()) > 1:
                    with suppress(ProcessLookupError):
                        os.kill(random.choice(workers), signal.SIGKILL)
                        kills += 1

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            for number in range(many):
                jobs.works.enqueue(number, 0.002)
            wait_for(lambda: not StoredTask.objects.filter(status="READY", runs=0).exists())
        finally:
            over.set()
            killer.join()
        wait_for(all_over)
    rows = list(StoredTask.objects.all())
    assert (len(rows), kills > 0) == (many, True)
    for row in rows:
        assert row.lease_until is None
        assert len(row.worker_ids) == row.runs <= row.most_runs
        if row.status == "SUCCESSFUL":
            assert row.return_value == row.args[0]
        else:
            assert row.errors
