"""The demo, as a user starts it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system
FRAMEWORKS = ("starlette", "fastapi", "flask", "django")


def demo(**options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qstash_integrations", "demo"]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, **options)


@pytest.fixture(scope="module")
def shown() -> tuple[int, list[list[str]], float]:
    """Exit code, the words of every line, seconds."""
    started_at = time.monotonic()
    ended = demo()
    seconds = time.monotonic() - started_at
    return ended.returncode, [line.split() for line in (ended.stdout + ended.stderr).splitlines()], seconds


def test_it_succeeds_within_thirty_seconds(shown: tuple[int, list[list[str]], float]) -> None:
    code, lines, seconds = shown
    assert code == 0, lines
    assert " ".join(lines[-1]).startswith("all of it happened, in ")
    assert seconds < 30


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_shows_what_each_framework_did(shown: tuple[int, list[list[str]], float], framework: str) -> None:
    told = [" ".join(line[1:]) for line in shown[1] if line and line[0] == framework]
    for wanted in (
        "order 1 published msg_",
        "delivered, verified 200 in ",
        'forged request 401 {"error":"invalid signature"}',
        "RetryAfter: comes again 503 in ",
        "NonRetryable: given up 489 in ",
        "handler shipped order 1, order 2",
        "task ran, delivered, verified 200 in ",
        "callback noted invoice 4",
    ):
        assert any(line.startswith(wanted) for line in told), (wanted, told)
    assert any(line.endswith(", retry 1") for line in told)


def test_it_says_what_comes_and_what_to_do_next(shown: tuple[int, list[list[str]], float]) -> None:
    lines = [" ".join(line) for line in shown[1]]
    assert "In each app order 1 ships at once, order 2 fails once and ships then, order 0 is given up." in lines
    assert any(line.startswith("The clock of this QStash starts 4 seconds before a full minute") for line in lines)
    assert lines[-1].endswith("next, beside an app of yours: qstash-integrations dev -- flask run")


def test_every_attempt_names_its_order(shown: tuple[int, list[list[str]], float]) -> None:
    attempts = [" ".join(line) for line in shown[1] if "ms," in line]
    for order, count in ((0, 4), (1, 4), (2, 8), (3, 1), (4, 4)):
        assert sum(f" ms, order {order}" in line for line in attempts) == count


def test_it_ends_quietly_when_nobody_reads_on() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "qstash_integrations", "demo"]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=90, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_one_schedule_fires(shown: tuple[int, list[list[str]], float]) -> None:
    lines = [" ".join(line) for line in shown[1]]
    assert sum("schedule fired, delivered, verified" in line for line in lines) == 1


def test_an_app_that_cannot_start_ends_it_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "flask.py").write_text("raise SystemExit('no flask today')")
    ended = demo(env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert ended.returncode == 1
    assert "the flask app ended with exit code 1:\nno flask today" in ended.stderr
