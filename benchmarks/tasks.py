"""Tasks per second, end to end: from the first that is enqueued to the last that has run.

One process enqueues, two run them: gunicorn behind the local QStash, or two workers of django-tasks-db on the same
database. Beside them stands what everybody writes without tasks, ``publish_json`` and a verified view, in the same
Django project. A run appends one byte to a file; nothing counts unless there are as many as were enqueued.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from qstash_integrations.server.app import environment, running
from tests.databases import postgresql
from tests.server.destination import free_port, listens

from .measure import ratio
from .table import Row, Target, at_least, at_most

TASKS, WARM_UP, ROUNDS = 300, 40, 7
PROCESSES = 2
ALL_RAN_WITHIN = 120.0  # seconds
SIDES = ("neutral", "view", "ours", "peer")
_ROOT = Path(__file__).parent.parent


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        sqlite = _seconds_each({"ENGINE": "django.db.backends.sqlite3", "NAME": f"{directory}/db", "OPTIONS": _SQLITE})
    with postgresql() as server, server() as database:
        postgres = _seconds_each(database.django)
    longer, spread = ratio(sqlite, lambda one: one["neutral"] / one["view"])
    return [
        _row(
            "tasks beside publish_json and a view",
            sqlite,
            "neutral",
            "view",
            at_most(longer, 1.15, "times as long as the view", spread),
        ),
        *(
            _row(f"django.tasks on {name}, beside django-tasks-db", seconds, "ours", "peer", _times_the_peer(seconds))
            for name, seconds in (("SQLite", sqlite), ("PostgreSQL", postgres))
        ),
    ]


_SQLITE = {"transaction_mode": "IMMEDIATE", "timeout": 60, "init_command": "PRAGMA journal_mode=WAL"}


def _times_the_peer(seconds: Mapping[str, Sequence[float]]) -> Target:
    times, spread = ratio(seconds, lambda one: one["peer"] / one["ours"])
    return at_least(times, 0.7, "times the peer", spread)


def _row(what: str, seconds: Mapping[str, Sequence[float]], ours: str, peer: str, target: Target) -> Row:
    per_second = (TASKS / median(seconds[side]) for side in (ours, peer))
    return Row("tasks", what, "tasks per second", *per_second, targets=[target])


def _seconds_each(database: Mapping[str, Any]) -> dict[str, list[float]]:
    """Those that every side took in each round, in which the sides take turns."""
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        runs = Path(directory, "runs")
        runs.touch()
        server = stack.enter_context(running())
        port = free_port()
        environ = {
            **os.environ,
            **environment(server, f"http://127.0.0.1:{port}"),
            "DJANGO_SETTINGS_MODULE": "benchmarks.apps.tasks.settings",
            "BENCHMARK_DATABASE": json.dumps(database),
            "BENCHMARK_RUNS": str(runs),
        }
        subprocess.run(_python("-m django migrate -v0"), check=True, cwd=_ROOT, env=environ)
        app = "django.core.wsgi:get_wsgi_application()"
        gunicorn = _python(f"-m gunicorn -w {PROCESSES} --threads 4 -b 127.0.0.1:{port} --log-level warning {app}")
        stack.enter_context(_process(gunicorn, environ))
        _wait_until_it_listens(port)
        enqueuing = {side: stack.enter_context(_enqueuing(side, environ)) for side in SIDES}
        for side in SIDES * ROUNDS:
            with ExitStack() as while_it_runs:
                for _ in range(PROCESSES if side == "peer" else 0):
                    while_it_runs.enter_context(_process(_python("-m django db_worker --backend db -v0"), environ))
                _seconds(enqueuing[side], WARM_UP, runs)
                seconds[side].append(_seconds(enqueuing[side], TASKS, runs))
    return seconds


def _seconds(enqueuing: subprocess.Popen[str], count: int, runs: Path) -> float:
    """From the word to enqueue so many until as many have run."""
    assert enqueuing.stdin
    assert enqueuing.stdout
    wanted = runs.stat().st_size + count
    started_at = time.perf_counter()
    enqueuing.stdin.write(f"{count}\n")
    enqueuing.stdin.flush()
    while runs.stat().st_size < wanted:
        time.sleep(0.002)
        if time.perf_counter() - started_at > ALL_RAN_WITHIN:
            raise SystemExit(f"{wanted - runs.stat().st_size} of {count} tasks did not run in {ALL_RAN_WITHIN:.0f} s")
    seconds = time.perf_counter() - started_at
    assert enqueuing.stdout.readline() == "done\n"
    assert runs.stat().st_size == wanted, "a task ran twice"
    return seconds


@contextmanager
def _enqueuing(side: str, environ: Mapping[str, str]) -> Generator[subprocess.Popen[str]]:
    command = _python(f"-m benchmarks.apps.tasks.enqueue {side}")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, env=environ, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


@contextmanager
def _process(command: list[str], environ: Mapping[str, str]) -> Generator[None]:
    process = subprocess.Popen(command, cwd=_ROOT, env=environ)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _python(arguments: str) -> list[str]:
    return [sys.executable, *arguments.split()]


def _wait_until_it_listens(port: int) -> None:
    for _ in range(600):
        if listens(port):
            return
        time.sleep(0.05)
    raise SystemExit(f"gunicorn does not listen on port {port}")
