"""What a store of ``once=`` cannot do without: a command for the claim and one for its end, as anybody writes them.

Client and settings are those of ours, and so are the rows where there are some. There is no holder, nothing for a
duplicate, and nobody who renews a lease.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

LEASE, KEPT = 10_000, 172_800_000  # milliseconds


class Commands(NamedTuple):
    """Both are given a name of 72 characters."""

    claim: Callable[[str], object]
    end: Callable[[str], object]


def memory() -> Commands:
    marks: dict[str, tuple[str, float]] = {}
    lock = threading.Lock()

    def put(name: str) -> None:
        with lock:
            marks[name] = ("at work", time.monotonic())

    return Commands(put, put)


def in_sqlite(path: Path) -> Commands:
    opened = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = WAL", "synchronous = NORMAL"):
        opened.execute(f"PRAGMA {setting}")
    opened.execute("CREATE TABLE claim (name TEXT PRIMARY KEY, value TEXT, expires_at REAL) STRICT, WITHOUT ROWID")
    opened.execute("CREATE INDEX claim_expires_at ON claim (expires_at)")

    def claim(name: str) -> None:
        now = time.time()
        rows = (f"token:{name}", name, now + 300, name, "at work", now + LEASE / 1000)
        opened.execute("INSERT INTO claim VALUES (?, ?, ?), (?, ?, ?)", rows)

    def end(name: str) -> None:
        row = (time.time() + KEPT / 1000, name)
        opened.execute("UPDATE claim SET value = 'done', expires_at = ? WHERE name = ?", row)

    return Commands(claim, end)


def in_redis(socket: str) -> Commands:
    from redis import Redis

    client: Any = Redis(unix_socket_path=socket)
    return Commands(
        lambda name: client.set(name, "at work", nx=True, px=LEASE), lambda name: client.set(name, "done", px=KEPT)
    )


def in_django() -> Commands:
    """In the database of the view, and its connection."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE by_hand (name VARCHAR(100) PRIMARY KEY, value VARCHAR(100), expires_at BIGINT)")
        cursor.execute("CREATE INDEX by_hand_expires_at ON by_hand (expires_at)")

    def claim(name: str) -> None:
        now = int(time.time() * 1000)
        rows = [f"token:{name}", name, now + 300_000, name, "at work", now + LEASE]
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO by_hand VALUES (%s, %s, %s), (%s, %s, %s)", rows)

    def end(name: str) -> None:
        row = [int(time.time() * 1000) + KEPT, name]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE by_hand SET value = 'done', expires_at = %s WHERE name = %s", row)

    return Commands(claim, end)
