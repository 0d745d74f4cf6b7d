"""Stores that several processes share."""

import subprocess
import sys
from pathlib import Path

import pytest

from qstash_integrations.once import SQLiteStore
from tests.once.stores import run

ROOT = Path(__file__).parents[2]


def serve_in_processes(kind: str, address: str) -> list[int]:
    """What became of 200 duplicates in four processes: handled, answered 409, answered 200 without the handler."""
    command = [sys.executable, "-m", "tests.once.worker", kind, address]
    started = [
        subprocess.Popen(
            [*command, str(process * 50), "50"], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for process in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    counts = [[int(count) for count in process.communicate(timeout=60)[0].split()] for process in started]
    return [sum(column) for column in zip(*counts, strict=True)]


@pytest.mark.system
def test_of_hundreds_of_duplicates_one_is_handled_with_sqlite(tmp_path: Path) -> None:
    handled, busy, done = serve_in_processes("sqlite", str(tmp_path / "claims.db"))
    assert (handled, busy + done) == (1, 199)


@pytest.mark.system
def test_of_hundreds_of_duplicates_one_is_handled_with_redis(redis_socket: Path) -> None:
    handled, busy, done = serve_in_processes("redis", f"unix://{redis_socket}")
    assert (handled, busy + done) == (1, 199)


FORKING = """
import os, sys
from qstash_integrations.once import Run, SQLiteStore

store = SQLiteStore(sys.argv[1])
first = Run("m" * 64, "a" * 64, "1", 600)
assert store.claim(first).state == "free"
child = os.fork()
if child == 0:
    os._exit({"busy": 7}.get(store.claim(Run("m" * 64, "b" * 64, "2", 600)).state, 1))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert store.complete(first)
assert store.claim(Run("m" * 64, "c" * 64, "3", 600)).state == "done"
store.close()
"""


def test_sqlite_works_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKING, str(tmp_path / "claims.db")], check=True, cwd=ROOT, timeout=60)


def test_sqlite_remembers_over_a_restart(tmp_path: Path) -> None:
    first, before = run(), SQLiteStore(tmp_path / "claims.db")
    before.claim(first)
    before.complete(first)
    before.close()
    after = SQLiteStore(tmp_path / "claims.db")
    assert after.claim(run(first.message)).state == "done"
    after.close()
