"""The processes that ``acting`` forks, as their parent's parent has them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.guarantees.processes import ROOT


@dataclass(frozen=True, slots=True)
class Actor:
    """``ended`` has to be called for each: it is not gone before."""

    actors: "Actors"
    process: int
    file: Path

    @property
    def printed(self) -> str:
        return self.file.read_text(errors="replace") if self.file.exists() else ""

    def send(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process, which)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def ended(self) -> int:
        """Its exit status, or minus the signal that has ended it, waiting for it."""
        return self.actors.ask(self.process)


class Actors:
    def __init__(self, process: "subprocess.Popen[str]", place: Path) -> None:
        self._process = process
        self._place = place
        self._count = 0

    def act(self, *what: str, clock: float = 0.0) -> Actor:
        """``clock``: how many seconds ahead its clock is."""
        self._count += 1
        file = self._place / f"{self._count}-{what[0]}"
        return Actor(self, self.ask([clock, str(file), what]), file)

    def ask(self, question: object) -> int:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return int(self.answer())

    def answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def actors(shop: str, environ: Mapping[str, str], place: Path) -> Generator[Actors]:
    command, pipe = [sys.executable, "-m", "tests.guarantees.acting", shop], subprocess.PIPE
    environ = {**os.environ, **environ}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, text=True) as process:
        made = Actors(process, place)
        assert made.answer() == "ready"
        yield made
        process.kill()
