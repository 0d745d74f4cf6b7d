"""The README's first minute, word for word: its app, its commands, what it says will be printed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import httpx
import pytest

from tests.readme import blocks, commands
from tests.server.destination import free_port

pytestmark = pytest.mark.system
HEADING = "Sixty seconds to a task that ran"


class Program:
    """A command of the README while it runs, and the lines that it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: Queue[str] = Queue()
        # One by one: what a handler prints and what its server logs may meet in the middle of a line.
        self._readers = [
            threading.Thread(target=self._read, args=(pipe,)) for pipe in (process.stdout, process.stderr) if pipe
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._lines.put(line.rstrip("\n"))

    def wait_for(self, text: str, within: float = 20) -> list[str]:
        """The lines up to the first one with ``text``."""
        deadline, seen = time.monotonic() + within, []
        while not seen or text not in seen[-1]:
            try:
                seen.append(self._lines.get(timeout=max(deadline - time.monotonic(), 0.01)))
            except Empty:
                raise AssertionError(f"{text!r} was not printed, but {seen}") from None
        return seen

    def join(self) -> None:
        for reader in self._readers:
            reader.join()


@contextmanager
def running(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Generator[Program]:
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    program = Program(process)
    try:
        yield program
    finally:
        process.terminate()
        process.wait(20)
        program.join()


@contextmanager
def started(command: str, cwd: Path, **environment: str) -> Generator[Program]:
    program, *arguments = command.split()
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name}
    with running([str(Path(sys.executable).with_name(program)), *arguments], cwd, {**kept, **environment}) as it:
        yield it


def test_the_first_minute_goes_as_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(next(block.code for block in blocks() if block.file == "app.py"))
    dev, export, flask, curl = commands(HEADING)
    assert curl == "curl -X POST http://127.0.0.1:5000/orders"
    with started(f"{dev} --port 0", tmp_path) as server:
        lines = server.wait_for("export QSTASH_NEXT_SIGNING_KEY=")
        printed = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
        port = str(free_port())
        public_url = export.removeprefix("export QSTASH_PUBLIC_URL=").replace("5000", port)
        with started(f"{flask} --port {port}", tmp_path, **printed, QSTASH_PUBLIC_URL=public_url) as app:
            app.wait_for("Running on")
            assert httpx.post(f"{public_url}/qstash/tasks/app.ship", trust_env=False).status_code == 401
            message_id = httpx.post(f"{public_url}/orders", trust_env=False).json()["message_id"]
            app.wait_for("shipping order 3")
            assert message_id in server.wait_for(" 200 ")[-1]
