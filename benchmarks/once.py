"""Claims of ``once=`` on SQLite by eight processes at once: 1,000 messages, claimed, and ended as done.

Shared out, so that each process has messages of its own; and all presented to all processes, each time under another
token, as QStash tries again: then seven of eight are turned away. The floor is the SQLite transactions alone, with the
same rows in such a file. Afterwards each message must have had one turn, and be done for whoever presents it again.
"""

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from qstash_integrations import Claims, Delivery
from qstash_integrations._core.receiving.answers import ALREADY_DONE
from qstash_integrations._core.receiving.once import Once, Turn
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.receiving.runs import KEPT, LEASE
from qstash_integrations.once import SQLiteStore

from .table import Row, at_least

PROCESSES = 8
MESSAGES = 1000
ROUNDS = 7
WHICH: dict[str, Callable[[int], list[int]]] = {
    "shared out to": lambda process: list(range(process, MESSAGES, PROCESSES)),
    "all presented to each of": lambda process: random.Random(process).sample(range(MESSAGES), MESSAGES),
}
TOKEN_FOR, SWEPT_AFTER = 300.0, 86_400.0


def measure() -> list[Row]:
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(number)) for number in range(PROCESSES)]
        return [_row(how, workers) for how in WHICH]


def _row(how: str, workers: list[Connection]) -> Row:
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    with TemporaryDirectory() as directory:
        for number in range(ROUNDS + 1):
            for side in SIDES:
                found = _seconds(how, side, Path(directory) / f"{side}{number}.db", workers)
                # The first round finds nothing imported and nothing in the cache.
                if number:
                    seconds[side].append(found)
    ours, floor = (MESSAGES / median(seconds[side]) for side in ("ours", "floor"))
    what = f"{MESSAGES:,} messages {how} {PROCESSES} processes, claimed and done"
    return Row("once", what, "per second", ours, floor=floor, targets=[at_least(ours / floor, 0.5, "of the floor")])


def _seconds(how: str, side: str, path: Path, workers: list[Connection]) -> float:
    store = SQLiteStore(path)
    for worker in workers:
        worker.send((how, side, path))
    assert all(worker.recv() == "ready" for worker in workers)
    started_at = time.perf_counter()
    for worker in workers:
        worker.send("go")
    turns = [message for worker in workers for message in worker.recv()]
    seconds = time.perf_counter() - started_at
    assert sorted(turns) == list(range(MESSAGES))
    if side == "ours":
        once = Once(store, time.time, Reporter())
        assert all(once.begin(delivery(message, "again"), "POST") is ALREADY_DONE for message in range(MESSAGES))
    store.close()
    return seconds


@contextmanager
def _worker(number: int) -> Generator[Connection]:
    """A process that works through what it is sent until the connection is closed."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, number))
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join()


def _work(connection: Connection, number: int) -> None:
    logging.disable()
    while True:
        try:
            how, side, path = connection.recv()
        except EOFError:
            return
        with SIDES[side](path) as take_turn:
            messages = WHICH[how](number)
            connection.send("ready")
            connection.recv()
            connection.send([message for message in messages if take_turn(message, number)])


@contextmanager
def _ours(path: Path) -> Generator[Callable[[int, int], bool]]:
    store = SQLiteStore(path, timeout=60)
    once = Once(store, time.time, Reporter())

    def take_turn(message: int, process: int) -> bool:
        turn = once.begin(delivery(message, str(process)), "POST")
        if isinstance(turn, Turn):
            turn.end(200)
            return True
        assert turn.status in (200, 409), turn
        return False

    yield take_turn
    store.close()


@contextmanager
def _floor(path: Path) -> Generator[Callable[[int, int], bool]]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute("PRAGMA synchronous = NORMAL")
    write, insert = connection.execute, "INSERT OR IGNORE INTO claim VALUES (?, ?, ?, ?)"
    done = "UPDATE claim SET value = 'done', expires_at = ?, leased_until = NULL WHERE name = ?"

    def take_turn(message: int, process: int) -> bool:
        name = f"message:{message:064x}"
        write("BEGIN IMMEDIATE")
        write(insert, (f"token:{message:060x}{process:04x}", f"{message:064x}", time.time() + TOKEN_FOR, None))
        at_work = f"{process:032x} {message:064x}"
        won = write(insert, (name, at_work, time.time() + SWEPT_AFTER, time.monotonic() + LEASE)).rowcount == 1
        write("COMMIT")
        if won:
            write("BEGIN IMMEDIATE")
            write(done, (time.time() + KEPT, name))
            write("COMMIT")
        return won

    yield take_turn
    connection.close()


SIDES = {"ours": _ours, "floor": _floor}


def delivery(message: int, token: str) -> Delivery:
    """A message, presented under some token."""
    now = time.time()
    claims = Claims("https://api.example.com/hook", "x" * 43, now + 300, now, now, f"jwt_{message}_{token}", "current")
    return Delivery(b"{}", claims, message_id=f"msg_{message}")
