"""An outbox in Django on PostgreSQL, MariaDB and SQLite: what a row costs, how fast rows go, and what kept rows do.

Transactions per second with a message beside those without, on a database whose commits wait for the disk; and rows per
second that the relay takes, sends and deletes, to a server in another process that answers and remembers. Bodies that
are no text go to QStash alone, all others a hundred at a time. Then the same beside sent rows that are kept, in turns
with a table that has none.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from tests.databases import mariadb, postgresql, sqlite

from .peer_server import TOKEN, Peer, serving
from .table import Row, Target, at_least

KEPT = (0, 100_000, 1_000_000)
_ROOT = Path(__file__).parent.parent
_Two: TypeAlias = tuple[dict[str, Any], dict[str, Any]]


def measure() -> list[Row]:
    rows: list[Row] = []
    for name, opened in {"PostgreSQL": _postgresql, "MariaDB": _mariadb, "SQLite": _sqlite}.items():
        with opened() as (empty, kept):
            rows += _rows(name, figures(empty, kept))
    return rows


def figures(empty: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[int, dict[str, float]]:
    """Of two databases as Django is told of them, by how many sent rows the second one has."""
    with serving() as peer:
        environ = {
            **os.environ,
            "QSTASH_URL": peer.url,
            "QSTASH_TOKEN": TOKEN,
            "DJANGO_SETTINGS_MODULE": "benchmarks.apps.outbox.settings",
            "BENCHMARK_DATABASE": json.dumps(empty),
            "BENCHMARK_KEPT": json.dumps(kept),
        }
        command = [sys.executable, "-m", "benchmarks.apps.outbox.figures", *map(str, KEPT)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=environ)
        _check(peer)
    return {int(many): found for many, found in json.loads(done.stdout).items()}


def _rows(name: str, found: Mapping[int, Mapping[str, float]]) -> Iterator[Row]:
    for kept, now in found.items():
        where = f"{name}, beside {kept:,} sent rows" if kept else name
        yield _row(
            f"transactions with a row, {where}",
            now["with"],
            now["without"],
            at_least(now["left beside none"], 0.8, "of beside none")
            if kept
            else at_least(now["left"], 0.3, "of those without"),
        )
        yield _row(f"relayed singly, {where}", now["singly"])
        yield _row(
            f"relayed in batches, {where}",
            now["in batches"],
            None,
            at_least(now["batches beside none"], 0.6, "of beside none")
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
def _postgresql() -> Generator[_Two]:
    with postgresql(durable=True) as server, server() as empty, server() as kept:
        yield empty.django, kept.django


@contextmanager
def _mariadb() -> Generator[_Two]:
    with mariadb(durable=True) as server, server() as empty, server() as kept:
        yield empty.django, kept.django


@contextmanager
def _sqlite() -> Generator[_Two]:
    with TemporaryDirectory() as directory:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
        options = {"transaction_mode": "IMMEDIATE", "timeout": 60, "init_command": pragmas}
        empty, kept = (sqlite(Path(directory, name)).django for name in ("empty", "kept"))
        yield {**empty, "OPTIONS": options}, {**kept, "OPTIONS": options}
