"""What it costs as work grows: ``python -m benchmarks.scaling [NAME ...]``, all four of them without a name.

Latency and rate over the size of a body, the requests in flight, the messages that a local server has pending, and the
marks that ``once=`` keeps. Writes ``scaling.svg`` beside this file and prints the figures; at most ten minutes, on this
machine alone. What comes out is explained in README.md.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from qstash_integrations._core.receiving.once import Once, Turn
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.receiving.runs import Store
from qstash_integrations.once import MemoryStore, SQLiteStore

from .drawing import Curve, Point, draw
from .once import delivery
from .requests import serving
from .server import check_recorded, fill, ours
from .server import serving as serving_locally
from .server_load import BODY, carry, load
from .tokens import KIB, ORIGIN, token

KIBIBYTE = 1024
SIZES = (0, *(KIBIBYTE << power for power in range(0, 14, 2)), 16 * KIBIBYTE * KIBIBYTE)
IN_FLIGHT = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
PENDING = (0, 1_000, 10_000, 100_000, 1_000_000)
MARKS = (0, 1_000, 10_000, 100_000, 1_000_000)
SECONDS = 1.0
ROUNDS = 3
MESSAGES = 1000
CLAIMS = 500


def body_sizes() -> list[Curve]:
    """One request at a time through uvicorn, with a body of each size: our middleware, and the bare app."""
    return _through_uvicorn("size of the body, bytes", [(size, b"x" * size, 1) for size in SIZES])


def requests_in_flight() -> list[Curve]:
    """So many connections at once, each of which waits for its answer, with 1 KB."""
    return _through_uvicorn("requests in flight", [(count, KIB, count) for count in IN_FLIGHT])


def pending_messages() -> list[Curve]:
    """A local server with ``--db`` that has so many messages for tomorrow: from publish to recorded."""
    curve = Curve("pending messages", "local server, --db", [])
    with tempfile.TemporaryDirectory() as directory, serving_locally(ours(Path(directory) / "db")) as server:
        pending = 0
        for wanted in PENDING:
            # The server lets one more be unfinished than a million: room for those that are carried.
            wanted -= 2 * MESSAGES if wanted == PENDING[-1] else 0
            fill(server.port, wanted - pending, BODY, wanted)
            pending = wanted
            asyncio.run(carry(server.port, MESSAGES // 5))
            rounds = [asyncio.run(carry(server.port, MESSAGES)) for _ in range(ROUNDS)]
            curve.points.append(
                Point(wanted, median(one.answered for one in rounds), median(one.carried for one in rounds))
            )
        check_recorded(server.port, len(PENDING) * (ROUNDS * MESSAGES + MESSAGES // 5))
    return [curve]


def once_marks() -> list[Curve]:
    """Claim and done of a message beside so many that are done: in memory, and in an SQLite file."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "marks.db"
        in_file = SQLiteStore(path)
        curves = [
            _claims("MemoryStore", MemoryStore(), _remember),
            _claims("SQLiteStore", in_file, lambda store, first, last: _write(path, first, last)),
        ]
        in_file.close()
    return curves


def _through_uvicorn(axis: str, cases: Sequence[tuple[int, bytes, int]]) -> list[Curve]:
    curves = {side: Curve(axis, name, []) for side, name in (("ours", "QStashMiddleware"), ("bare", "bare app"))}
    with serving("uvicorn", "ours") as port, serving("uvicorn", "bare") as bare_port:
        ports = {"ours": port, "bare": bare_port}
        for x, body, connections in cases:
            rounds = [
                {side: asyncio.run(load(ports[side], _request(side, body), connections, SECONDS)) for side in curves}
                for _ in range(ROUNDS)
            ]
            for side, curve in curves.items():
                latency = median(one[side].latency for one in rounds)
                curve.points.append(Point(x, latency, median(one[side].rate for one in rounds)))
    return list(curves.values())


def _request(side: str, body: bytes) -> bytes:
    signature = token(body, url=f"{ORIGIN}/{side}").encode()
    head = b"POST /%b HTTP/1.1\r\nHost: localhost\r\nUpstash-Signature: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (side.encode(), signature, len(body)) + body


def _claims(name: str, store: Store, keep: Callable[[Store, int, int], None]) -> Curve:
    once, curve, kept, message = Once(store, time.time, Reporter()), Curve("once marks", name, []), 0, 10**9
    for wanted in MARKS:
        keep(store, kept, wanted)
        kept = wanted
        times: list[float] = []
        for _ in range(CLAIMS):
            message += 1
            started_at = time.perf_counter()
            turn = once.begin(delivery(message, "first"), "POST")
            assert isinstance(turn, Turn)
            turn.end(200)
            times.append(time.perf_counter() - started_at)
        curve.points.append(Point(wanted, median(times), CLAIMS / sum(times)))
    return curve


def _remember(store: Store, first: int, last: int) -> None:
    once = Once(store, time.time, Reporter())
    for message in range(first, last):
        turn = once.begin(delivery(message, "before"), "POST")
        assert isinstance(turn, Turn)
        turn.end(200)


def _write(path: Path, first: int, last: int) -> None:
    """As the store leaves them: a row per message that is done, and one per token, which outlives its minutes."""
    until = time.time() + 86_400
    rows = (row for number in range(first, last) for row in _rows(number, until))
    with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.executemany("INSERT INTO claim (name, value, expires_at) VALUES (?, ?, ?)", rows)


def _rows(number: int, until: float) -> list[tuple[str, str, float]]:
    return [(f"message:{number:064x}", "done", until), (f"token:{number:064x}", f"{number:064x}", until)]


WHICH: dict[str, Callable[[], list[Curve]]] = {
    "body_sizes": body_sizes,
    "requests_in_flight": requests_in_flight,
    "pending_messages": pending_messages,
    "once_marks": once_marks,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(WHICH)}; all without one")
    names = parser.parse_args().names or list(WHICH)
    if unknown := [name for name in names if name not in WHICH]:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(WHICH)}")
    panels: list[list[Curve]] = []
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        panels.append(WHICH[name]())
        for curve in panels[-1]:
            print(f"{curve.axis}, {curve.name}")
            for point in curve.points:
                print(f"{point.x:>12,} {point.latency * 1e3:12.3f} ms {point.rate:12,.0f} per second")
    if len(panels) == len(WHICH):
        draw(panels, Path(__file__).with_name("scaling.svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
