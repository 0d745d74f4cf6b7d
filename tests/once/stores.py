"""Every store with its clock, the runs that are claimed from it, and its methods in both ways of calling them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import anyio
from django.core.cache import caches

from qstash_integrations.once import DjangoCacheStore, MemoryStore, RedisStore, Run, SQLiteStore, Standing, Store

LEASE, KEPT, TOKEN_TTL = 900.0, 86_400.0, 600.0


def run(message: str = "", token: str = "") -> Run:
    """A run with a token of its own, for a message of its own, unless they are given."""
    return Run(message or uuid4().hex * 2, token or uuid4().hex * 2, uuid4().hex, TOKEN_TTL)


class Opened(NamedTuple):
    store: Any
    advance: Callable[[float], None]
    """Moves the clock by which this store's entries expire."""


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def memory(tmp_path: Path) -> Opened:
    clock = Clock()
    return Opened(MemoryStore(now=clock), clock.advance)


def sqlite(tmp_path: Path) -> Opened:
    clock = Clock()
    return Opened(SQLiteStore(tmp_path / "claims.db", now=clock), clock.advance)


def django_cache(tmp_path: Path) -> Opened:
    """A cache in memory has no clock to hand over: its entries are made older instead."""
    clock = Clock()

    def advance(seconds: float) -> None:
        clock.advance(seconds)
        cache: Any = caches["claims"]
        expires: dict[str, float] = cache._expire_info
        for name in expires:
            expires[name] -= seconds

    return Opened(DjangoCacheStore("claims", now=clock), advance)


def redis(tmp_path: Path, socket: Path) -> Opened:
    """Redis's clock is its own: the keys are made older instead."""
    from redis import Redis

    store = RedisStore(f"unix://{socket}", prefix=uuid4().hex)

    def advance(seconds: float) -> None:
        client: Any = Redis(unix_socket_path=str(socket))
        for name in client.scan_iter():
            left = client.pttl(name) - int(seconds * 1000)
            client.pexpire(name, left) if left > 0 else client.delete(name)
        client.close()

    return Opened(store, advance)


class Calls(NamedTuple):
    """A store's methods, called plainly or awaited."""

    claim: Callable[[Run], Standing]
    complete: Callable[[Run], bool]
    release: Callable[[Run], bool]


def plain(store: Store) -> Calls:
    return Calls(store.claim, store.complete, store.release)


def awaited(store: Store, backend: str = "asyncio") -> Calls:
    def claim(run: Run) -> Standing:
        return anyio.run(store.aclaim, run, backend=backend)

    def complete(run: Run) -> bool:
        return anyio.run(store.acomplete, run, backend=backend)

    def release(run: Run) -> bool:
        return anyio.run(store.arelease, run, backend=backend)

    return Calls(claim, complete, release)
