"""Programs that are killed: started with what they print in a file, and started again."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.server.destination import listens
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]


class Program:
    """A Python module with its arguments; ``port`` is where it listens once it is up."""

    def __init__(self, printed: Path, environ: Mapping[str, str], *command: str, port: int | None = None) -> None:
        self.name = printed.stem
        self.kills = 0
        self._printed = printed
        self._environ = {**os.environ, **environ}
        self._command = command
        self._port = port
        self.start()

    def start(self) -> None:
        with self._printed.open("ab") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text(errors="replace")

    def wait_until_up(self) -> "Program":
        def is_up() -> bool:
            assert self.process.poll() is None, self.printed
            return self._port is None or listens(self._port)

        wait_until(is_up)
        return self

    def kill(self, choice: random.Random) -> None:
        """And start it again."""
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()

    def ended(self) -> int:
        """Its exit status, waiting for it."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()

    def close(self) -> None:
        self.process.terminate()
        self.ended()


class Workers(Program):
    """gunicorn, of which a worker is killed at a time: what is made of it by the fork of the next one is tried too."""

    def kill(self, choice: random.Random) -> None:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if children:
            os.kill(int(choice.choice(children)), signal.SIGKILL)
            self.kills += 1
