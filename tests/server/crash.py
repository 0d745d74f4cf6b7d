"""A server to be killed, on a clock on which a minute takes two seconds; run as ``python -m tests.server.crash``."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from qstash_integrations.server.app import ServerConfig, running
from qstash_integrations.server.model import Limits
from tests.server.destination import free_port

SPEED = 30.0
PARALLELISM = 8  # requests in flight at most, so as many messages may be delivered twice by a kill


class FastClock:
    """Starts at ``origin``, which is wall time, and goes on from there ``SPEED`` times as fast."""

    def __init__(self, origin: float) -> None:
        self._origin = origin

    def at(self, wall: float) -> float:
        return self._origin + (wall - self._origin) * SPEED

    def __call__(self) -> float:
        return self.at(time.time())


@contextmanager
def server(port: int, db: Path, origin: float) -> Generator[subprocess.Popen[str]]:
    """A server process, which is killed at the end at the latest; it prints a line once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.crash", str(port), str(db), str(origin)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


class Killable:
    """A server in a process of its own, and the one that takes its place on the same file."""

    def __init__(self, db: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._arguments = (port, db, float(int(time.time())))
        self._start()

    def kill(self) -> None:
        """And start the next one, which listens when this returns."""
        self.stop()
        self._start()

    def stop(self) -> None:
        self._context.__exit__(None, None, None)

    def _start(self) -> None:
        self._context = server(*self._arguments)
        process = self._context.__enter__()
        assert process.stdout is not None
        assert process.stdout.readline()


def main() -> None:
    port, db, origin = sys.argv[1:]
    config = ServerConfig(port=int(port), db=Path(db), limits=Limits(parallelism=PARALLELISM))
    with running(config, clock=FastClock(float(origin))) as server:
        print(server.url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
