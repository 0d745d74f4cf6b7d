"""The benchmarks run; what they measure is for people to read."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system


def test_the_server_is_measured_in_memory_and_in_a_file() -> None:
    command = [sys.executable, "-m", "benchmarks.server", "40", "200"]
    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line[:34].strip() for line in ended.stdout.splitlines()[2:]] == [
        "no server",
        "in memory, empty",
        "--db, empty",
        "in memory, 200 pending",
        "--db, 200 pending",
    ]
