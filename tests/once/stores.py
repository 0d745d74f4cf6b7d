"""Every store with its clock, the runs that are claimed from it, and its methods in both ways of calling them."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import anyio
import pytest
from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import override_settings

from qstash_integrations.once import (
    DjangoCacheStore,
    DjangoDatabaseStore,
    MemoryStore,
    RedisStore,
    Run,
    SQLiteStore,
    Standing,
    Store,
)
from tests.databases import Database
from tests.django.project import forget_connections, use

# Longer than the default, in which a slow machine loses seconds that some clocks count.
LEASE, KEPT, TOKEN_TTL = 900.0, 86_400.0, 600.0


def run(message: str = "", token: str = "", within: tuple[str, ...] = ()) -> Run:
    """A run with a token of its own, for a message of its own, unless they are given."""
    return Run(message or uuid4().hex * 2, token or uuid4().hex * 2, uuid4().hex, TOKEN_TTL, LEASE, KEPT, within)


class Opened(NamedTuple):
    store: Any
    advance: Callable[[float], None]
    """Moves the clock by which this store's entries expire."""
    elsewhere: Callable[[], Any]
    """The same claims, as another process sees them."""
    set_clock: Callable[[float], None] = lambda seconds: None
    """Sets the wall clock forward or back. Where it is none of ours, nothing."""
    clear: Callable[[], None] = lambda: None
    """Forgets everything, where it would take time."""
    leave: Callable[[], None] = lambda: None
    """Closes what the store keeps for this thread alone."""


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def memory(tmp_path: Path) -> Opened:
    clock = Clock()
    store = MemoryStore(now=clock)
    return Opened(store, clock.advance, lambda: store)


def sqlite(tmp_path: Path) -> Opened:
    wall, monotonic = Clock(), Clock()

    def advance(seconds: float) -> None:
        wall.advance(seconds)
        monotonic.advance(seconds)

    def elsewhere() -> SQLiteStore:
        return SQLiteStore(tmp_path / "claims.db", now=wall, monotonic=monotonic)

    return Opened(elsewhere(), advance, elsewhere, wall.advance)


def django_cache(tmp_path: Path) -> Opened:
    """A cache in the database: its clock is its own, so its entries are made older instead."""
    clock = Clock()

    def advance(seconds: float) -> None:
        clock.advance(seconds)
        with connection.cursor() as cursor:
            older = "strftime('%%Y-%%m-%%d %%H:%%M:%%S', expires, %s)"
            cursor.execute(f"UPDATE claims SET expires = {older}", [f"-{seconds} seconds"])

    def elsewhere() -> DjangoCacheStore:
        return DjangoCacheStore("claims", now=clock)

    return Opened(
        elsewhere(), advance, elsewhere, clear=lambda: caches["claims"].clear(), leave=lambda: connections.close_all()
    )


def django_database(tmp_path: Path) -> Opened:
    """Its clock is the database's: the rows are made older instead."""
    return Opened(
        DjangoDatabaseStore(lease=LEASE),
        _make_rows_older,
        DjangoDatabaseStore,
        clear=lambda: _execute("DELETE FROM qstash_once"),
        leave=connections.close_all,
    )


django_database_in_postgresql = django_database_in_mariadb = django_database


def redis(tmp_path: Path, socket: Path) -> Opened:
    """Redis's clock is its own: the keys are made older instead."""
    from redis import Redis

    prefix = uuid4().hex

    def elsewhere() -> RedisStore:
        return RedisStore(f"unix://{socket}", prefix=prefix)

    client: Any = Redis(unix_socket_path=str(socket))
    return Opened(elsewhere(), lambda seconds: _make_older(client, seconds), elsewhere, clear=client.flushdb)


def django_cache_in_redis(tmp_path: Path, socket: Path) -> Opened:
    from redis import Redis

    clock = Clock()
    client: Any = Redis(unix_socket_path=str(socket))

    def advance(seconds: float) -> None:
        clock.advance(seconds)
        _make_older(client, seconds)

    def elsewhere() -> DjangoCacheStore:
        return DjangoCacheStore("redis", now=clock)

    return Opened(elsewhere(), advance, elsewhere, clear=client.flushdb)


def _make_rows_older(seconds: float) -> None:
    _execute(f"UPDATE qstash_once SET expires_at = expires_at - {int(seconds * 1000)}")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _make_older(client: Any, seconds: float) -> None:
    client.eval(OLDER, 0, int(seconds * 1000))


OLDER = """
for _, name in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', name) - ARGV[1]
  if left > 0 then redis.call('PEXPIRE', name, left) else redis.call('DEL', name) end
end
"""


@contextmanager
def django_caches(
    tmp_path: Path, socket: Path | None = None, backend: str = "django.core.cache.backends.db.DatabaseCache"
) -> Generator[None]:
    """The cache "claims" in a database of the test's own, and "redis" in its Redis."""
    settings: dict[str, Any] = {
        "claims": {"BACKEND": backend, "LOCATION": "claims", "OPTIONS": {"MAX_ENTRIES": 1_000_000}},
        "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{socket}"},
    }
    forget_connections()
    # All of asgiref's calls are made in one thread, and an earlier test may have left a connection there.
    anyio.run(sync_to_async(forget_connections))
    with pytest.MonkeyPatch.context() as patch, override_settings(CACHES=settings):
        patch.setitem(connection.settings_dict, "NAME", str(tmp_path / "cache.sqlite3"))
        patch.setitem(connection.settings_dict, "OPTIONS", {"transaction_mode": "IMMEDIATE", "timeout": 60})
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
        call_command("createcachetable", verbosity=0)
        yield
        caches.close_all()
        connections.close_all()
        anyio.run(sync_to_async(connections.close_all))


@contextmanager
def django_table(database: Database) -> Generator[None]:
    """The table of the claims in ``database``, which is Django's default one meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        anyio.run(sync_to_async(forget_connections))
        use(database, patch)
        call_command("migrate", "qstash_once", verbosity=0)
        yield
        anyio.run(sync_to_async(forget_connections))
        forget_connections()


class Calls(NamedTuple):
    """A store's methods, called plainly or awaited."""

    claim: Callable[[Run], Standing]
    renew: Callable[[Run], bool]
    complete: Callable[[Run], bool]
    release: Callable[[Run], bool]


def plain(store: Store) -> Calls:
    return Calls(store.claim, store.renew, store.complete, store.release)


def awaited(store: Store, backend: str = "asyncio") -> Calls:
    def claim(run: Run) -> Standing:
        return anyio.run(store.aclaim, run, backend=backend)

    def complete(run: Run) -> bool:
        return anyio.run(store.acomplete, run, backend=backend)

    def release(run: Run) -> bool:
        return anyio.run(store.arelease, run, backend=backend)

    return Calls(claim, store.renew, complete, release)
