"""A verified handler under ``once=``, with each store, beside the same handler without.

The handler is a Django view that writes one row, called without a server; each message comes for the first time. The
floor is the handler without ``once=``. Beside it stands what no store can do without: the handler between a command for
the claim and one for its end, written by hand. Redis runs in a process of its own, and is reached by a socket.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from .measure import ratio
from .middleware import AT_ONCE
from .table import Row, at_most
from .verify import US

WANTED = {"memory": 1.3, "SQLite": 2, "Redis": 2.5, "Django database": 2.5}


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory, _redis(Path(directory)) as socket:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.apps.handlers", directory, str(socket)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    times: dict[str, list[float]] = json.loads(done.stdout)
    without = median(times["without"]) / AT_ONCE * US
    rows: list[Row] = []
    for store, wanted in WANTED.items():
        sides = {"ours": times[store], "by hand": times[f"{store} by hand"], "without": times["without"]}
        value, spread = ratio(sides, lambda one: one["ours"] / one["without"])
        least, _ = ratio(sides, lambda one: one["by hand"] / one["without"])
        ratios = [at_most(value, wanted, f"times the handler without ({least:.2f} by hand)", spread)]
        ours = median(times[store]) / AT_ONCE * US
        rows.append(Row("handlers", f"handler under once=, {store}", "µs", ours, floor=without, targets=ratios))
    return rows


@contextmanager
def _redis(directory: Path) -> Generator[Path]:
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("the benchmark 'handlers' needs redis-server, which is a package of that name in Debian")
    socket = directory / "redis"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", str(directory)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert server.poll() is None, "redis-server did not start"
            time.sleep(0.05)
        yield socket
    finally:
        server.terminate()
        server.wait()
