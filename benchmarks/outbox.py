"""An outbox in Django on PostgreSQL, MariaDB and SQLite: what a row costs, how fast rows go, and what kept rows do.

Transactions per second with a message beside those without, on a database whose commits wait for the disk; and rows per
second that the relay takes, sends and deletes, to a server in another process that answers and remembers. Bodies that
are no text go to QStash alone, all others a hundred at a time. Then the same beside sent rows that are kept.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.databases import mariadb, postgresql, sqlite

from .peer_server import TOKEN, Peer, serving
from .table import Row, Target, at_least

KEPT = (0, 100_000, 1_000_000)
_WITHOUT = "of those without"
_ROOT = Path(__file__).parent.parent


def measure() -> list[Row]:
    rows: list[Row] = []
    for name, opened in {"PostgreSQL": _postgresql, "MariaDB": _mariadb, "SQLite": _sqlite}.items():
        with opened() as database:
            rows += _rows(name, figures(database))
    return rows


def figures(database: Mapping[str, Any], *kept: int) -> dict[int, dict[str, float]]:
    """Of one database as Django is told of it, with so many sent rows in the table."""
    with serving() as peer:
        environ = {
            **os.environ,
            "QSTASH_URL": peer.url,
            "QSTASH_TOKEN": TOKEN,
            "DJANGO_SETTINGS_MODULE": "benchmarks.apps.outbox.settings",
            "BENCHMARK_DATABASE": json.dumps(database),
        }
        command = [sys.executable, "-m", "benchmarks.apps.outbox.figures", *map(str, kept or KEPT)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=environ)
        _check(peer)
    return {int(many): found for many, found in json.loads(done.stdout).items()}


def _rows(name: str, found: Mapping[int, Mapping[str, float]]) -> Iterator[Row]:
    empty = found[0]
    for kept, now in found.items():
        where = f"{name}, beside {kept:,} sent rows" if kept else name
        # What else the machine does hits those without a row as well.
        written, before = now["with"] / now["without"], empty["with"] / empty["without"]
        yield _row(
            f"transactions with a row, {where}",
            now["with"],
            now["without"],
            at_least(written / before, 0.8, "of what is left beside none")
            if kept
            else at_least(written, 0.3, _WITHOUT),
        )
        yield _row(f"relayed singly, {where}", now["singly"])
        yield _row(
            f"relayed in batches, {where}",
            now["in batches"],
            None,
            at_least(now["in batches"] / empty["in batches"], 0.6, "of beside none")
            if kept
            else at_least(now["in batches"] / now["singly"], 5, "times singly"),
        )


def _row(what: str, ours: float, floor: float | None = None, *targets: Target) -> Row:
    return Row("outbox", what, "per second", ours, floor=floor, targets=targets)


def _check(peer: Peer) -> None:
    """No row was sent twice, or without its id."""
    (seen,) = peer.seen().values()
    assert seen.messages == seen.deduplication_ids, seen


@contextmanager
def _postgresql() -> Generator[dict[str, Any]]:
    with postgresql(durable=True) as server, server() as database:
        yield database.django


@contextmanager
def _mariadb() -> Generator[dict[str, Any]]:
    with mariadb(durable=True) as server, server() as database:
        yield database.django


@contextmanager
def _sqlite() -> Generator[dict[str, Any]]:
    with TemporaryDirectory() as directory:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
        options = {"transaction_mode": "IMMEDIATE", "timeout": 60, "init_command": pragmas}
        yield {**sqlite(Path(directory, "db")).django, "OPTIONS": options}
