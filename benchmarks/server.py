"""The local server: messages from publish to delivered and recorded, beside the floor, and the memory that it takes.

Publisher and app are one process (``server_load``), the server is another, and so is the floor (``server_floor``,
which says what it does). Servers take turns at the same messages; nothing counts unless all messages arrived, once
each, and are delivered according to the API and, where there is one, to the file.

``python -m benchmarks.server [MESSAGES [PENDING]]`` prints more of it: messages per second, in memory and with
``--db``, with nothing else to keep in mind and with many messages that are due tomorrow, and the peak memory of each.
"""

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from tests.server.destination import free_port

from .server_load import AUTHORIZED, BODY, CONNECTIONS, Carried, carry, carry_large, straight
from .server_raised import multiply
from .table import Row, at_least, at_most

MESSAGES, ROUNDS = 2000, 9  # messages in a round
PENDING = 100_000
FULL = 900_000  # a tenth less than the server takes
BEYOND = 5_000_000  # with the cap raised
AT_ONCE = 10_000  # messages in one batch, the most that the server takes
WARM_UP = 200  # messages
LARGE = 40  # messages of 10 MB
KIB = json.dumps({"note": "x" * 1010}).encode()
MIB = 1024 * 1024


def measure() -> list[Row]:
    return [*_rates(), _memory(), *_large_bodies()]


def _rates() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        beyond = Path(directory) / "beyond.db"
        _pend(beyond, BEYOND)
        servers = {
            "empty": stack.enter_context(serving(ours(Path(directory) / "empty.db"))),
            "pending": stack.enter_context(serving(ours(Path(directory) / "pending.db"))),
            "full": stack.enter_context(serving(ours(Path(directory) / "full.db"))),
            "beyond": stack.enter_context(serving(raised(beyond))),
            "library": stack.enter_context(serving(floor(Path(directory) / "library.db", "library"))),
            "bare": stack.enter_context(serving(floor(Path(directory) / "bare.db", "bare"))),
        }
        fill(servers["pending"].port, PENDING, BODY)
        fill(servers["full"].port, FULL, BODY)
        fill(servers["beyond"].port, 0, BODY, BEYOND)
        rounds = _in_turns(servers)
        memory = {name: resident(servers[name]) for name in ("full", "beyond")}
        for name, server in servers.items():
            ended(server)
            in_file = delivered_in(Path(directory) / f"{name}.db")
            assert in_file == WARM_UP + ROUNDS * MESSAGES, f"{in_file} messages are delivered in {name}.db"
    rates = {name: median(one[name] for one in rounds) for name in servers}
    of_floor = [at_least(_ratio(rounds, "empty", "library"), 0.6, "of the floor")]
    of_empty = [at_least(_ratio(rounds, "pending", "empty"), 0.9, "of the empty store")]
    of_full = [
        at_least(_ratio(rounds, "full", "empty"), 0.95, "of the empty store"),
        at_most(memory["full"], 150, "MB resident"),
    ]
    of_beyond = [
        at_most(_ratio(rounds, "empty", "beyond"), 1.2, "times as long as with the empty store"),
        at_most(memory["beyond"], 150, "MB resident"),
    ]
    what, unit = "publish to recorded, --db", "messages/s"
    return [
        Row("server", what, unit, rates["empty"], floor=rates["library"], targets=of_floor),
        Row("server", f"{what}, {PENDING:,} pending", unit, rates["pending"], floor=rates["library"], targets=of_empty),
        Row("server", f"{what}, {FULL:,} pending", unit, rates["full"], floor=rates["library"], targets=of_full),
        Row("server", f"{what}, {BEYOND:,} pending", unit, rates["beyond"], floor=rates["library"], targets=of_beyond),
        # For comparison only: this floor has no client library, and nothing to tell the app.
        Row("server", f"{what}, beside the bare floor", unit, rates["empty"], floor=rates["bare"]),
    ]


def _in_turns(servers: "dict[str, Server]") -> list[dict[str, float]]:
    """The rates of each round, in messages per second."""
    for server in servers.values():
        asyncio.run(carry(server.port, WARM_UP))
    rounds = [
        {name: asyncio.run(carry(server.port, MESSAGES)).carried for name, server in servers.items()}
        for _ in range(ROUNDS)
    ]
    for name in ("empty", "pending", "full", "beyond"):
        check_recorded(servers[name].port, WARM_UP + ROUNDS * MESSAGES)
    return rounds


def _ratio(rounds: Sequence[Mapping[str, float]], one: str, other: str) -> float:
    """Of rates that stand side by side: what else the machine does changes from round to round."""
    return median(rates[one] / rates[other] for rates in rounds)


def _memory() -> Row:
    with serving(ours(None)) as server:
        fill(server.port, PENDING, KIB)
        mebibytes = resident(server)
    return Row(
        "server",
        f"memory with {PENDING:,} pending messages of 1 KB",
        "MB",
        mebibytes,
        targets=[at_most(mebibytes, 250, "MB resident")],
    )


def _large_bodies() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        peaks = {where: _largest_with(db) for where, db in (("", None), (", --db", Path(directory) / "large.db"))}
    return [
        Row(
            "server",
            f"memory while {LARGE} bodies of 10 MB are delivered at once{where}",
            "MB",
            mebibytes,
            targets=[at_most(mebibytes, 150, "MB resident")],
        )
        for where, mebibytes in peaks.items()
    ]


def _largest_with(db: Path | None) -> float:
    """The most memory that the server had from the first publish to the last record, in MB."""
    with serving(ours(db)) as server:
        asyncio.run(carry_large(server.port, LARGE))
        check_recorded(server.port, LARGE)
        return resident(server, "VmHWM:")


class Server(NamedTuple):
    process: subprocess.Popen[bytes]
    port: int


def ours(db: Path | None) -> list[str]:
    command = [sys.executable, "-m", "qstash_integrations", "dev"]
    return [*command, *(["--db", str(db)] if db else []), "--port"]


def raised(db: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.server_raised", str(db)]


def floor(db: Path, client: str) -> list[str]:
    # The port comes first there, and is what every command ends with.
    code = "import sys; from benchmarks.server_floor import main; main(sys.argv[3], *sys.argv[1:3])"
    return [sys.executable, "-c", code, str(db), client]


@contextmanager
def serving(command: list[str]) -> Generator[Server]:
    """A server that listens on a free port, with which its command ends."""
    port = free_port()
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield Server(process, port)
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def _pend(db: Path, messages: int) -> None:
    """A file with so many messages for tomorrow, of which one was published."""
    with serving(ours(db)) as server:
        fill(server.port, 1, BODY)
        ended(server)
    multiply(db, messages)


def fill(port: int, waiting: int, body: bytes, in_all: int | None = None) -> None:
    """Publish so many messages for tomorrow; afterwards there must be as many in all."""
    item = {"destination": "http://127.0.0.1:9/later", "headers": {"Upstash-Delay": "1d"}, "body": body.decode()}
    with httpx.Client(headers=AUTHORIZED, trust_env=False, timeout=120) as http:
        for start in range(0, waiting, AT_ONCE):
            batch = json.dumps([item] * min(AT_ONCE, waiting - start))
            http.post(f"http://127.0.0.1:{port}/v2/batch", content=batch).raise_for_status()
        assert http.get(f"http://127.0.0.1:{port}/_local/overview").json()["unfinished"] == (
            waiting if in_all is None else in_all
        )


def check_recorded(port: int, messages: int) -> None:
    """The API tells of as many finished messages, none of which failed."""
    with httpx.Client(headers=AUTHORIZED, trust_env=False) as http:
        overview = http.get(f"http://127.0.0.1:{port}/_local/overview").json()
    assert (overview["finished"], overview["deadLetters"]) == (messages, 0), overview


def delivered_in(db: Path) -> int:
    """How many messages are delivered according to the file."""
    with closing(sqlite3.connect(db)) as connection:
        names = {column[1] for column in connection.execute("PRAGMA table_info(messages)")}
        condition = "ended = 'DELIVERED'" if "ended" in names else "state = 'delivered'"
        return int(connection.execute(f"SELECT COUNT(*) FROM messages WHERE {condition}").fetchone()[0])


def resident(server: Server, field: str = "VmRSS:") -> float:
    """The memory that the process has now, in MB where the system tells it; elsewhere the most that it ever had.

    On Linux ``VmHWM:`` is the most it had; what ``wait4`` says there begins with the memory of this process.
    """
    status = Path(f"/proc/{server.process.pid}/status")
    if status.exists():
        return int(status.read_text().partition(field)[2].split()[0]) * 1024 / 1e6
    return ended(server) * MIB / 1e6


def ended(server: Server) -> float:
    """The most memory that the process had, in MiB."""
    server.process.terminate()
    _, status, usage = os.wait4(server.process.pid, 0)
    server.process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main(arguments: list[str]) -> int:
    messages, pending = [*map(int, arguments), *(5000, PENDING)[len(arguments) :]]
    print(f"{messages} messages of {len(BODY)} bytes over {CONNECTIONS} connections, Python {sys.version.split()[0]}")
    print(f"{'':34}{'published/s':>13}{'end to end/s':>14}{'peak memory':>15}")
    _show("no server", asyncio.run(straight(messages)), None)
    with tempfile.TemporaryDirectory() as directory:
        for waiting in (0, pending):
            for db in (None, Path(directory) / f"{waiting}.db"):
                name = f"{'--db' if db else 'in memory'}, {f'{waiting:,} pending' if waiting else 'empty'}"
                with serving(ours(db)) as server:
                    fill(server.port, waiting, BODY)
                    asyncio.run(carry(server.port, WARM_UP))
                    carried = asyncio.run(carry(server.port, messages))
                    check_recorded(server.port, WARM_UP + messages)
                    _show(name, carried, ended(server))
    return 0


def _show(name: str, carried: Carried, mebibytes: float | None) -> None:
    memory = "-" if mebibytes is None else f"{mebibytes:.0f} MiB"
    print(f"{name:34}{carried.published:13.0f}{carried.carried:14.0f}{memory:>15}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
