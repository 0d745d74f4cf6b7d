"""Claims in one of Django's caches: for every process that shares it.

Memcached, Redis and a database are shared. A cache in the memory of one process is refused, and so is one in files,
whose ``add`` is not atomic. What a full cache drops can run twice, so one in the database that keeps few entries, by
default 300, is refused as well: each message of two days takes one, and four while it is fresh. A database cache needs
a connection of its own (a router): within a view's transaction nobody else would see its claims.

Nothing but ``add`` under a name that was never used is atomic in every cache, so that is what a claim stands on. The
holders of a message form a chain: the first is found by the message, each other one by the holder before it, whom it
may follow when that one's lease is over. Whoever has a follower is fenced. Nothing is ever deleted or changed that
somebody else may have written meanwhile.

Spec: https://docs.djangoproject.com/en/stable/topics/cache/#basic-usage
"""

import time
from collections.abc import Callable
from typing import Any

from .._core.errors import ConfigurationError
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from .django_threads import in_djangos_thread

_FEWEST_ENTRIES = 10_000


class DjangoCacheStore:
    """Protects wherever the cache ``alias`` is shared. ``now`` returns Unix seconds; lifetimes are the cache's own.

    A cache that cannot protect is refused at the first use, and by ``manage.py check``.
    """

    def __init__(
        self,
        alias: str = "default",
        *,
        lease: float = LEASE,
        kept: float = KEPT,
        now: Callable[[], float] = time.time,
    ) -> None:
        check_periods(lease, kept)
        self.lease = lease
        self.kept = kept
        self._alias = alias
        self._now = now
        self._checked = False

    def claim(self, run: Run) -> Standing:
        cache = self._cache()
        _refuse_transactions(cache, self._alias)
        presented = _added_or_found(cache, _token(run), run.message, run.token_ttl)
        if presented and presented != run.message:
            return Standing("replayed")
        # Before anybody can find it to be the holder.
        _added_or_found(cache, _lease(run.holder), self._leased(run), run.lease)
        standing = self._take(cache, run, presented is not None)
        if standing.state != "free":
            cache.delete(_lease(run.holder))
        return standing

    def renew(self, run: Run) -> bool:
        cache = self._cache()
        try:
            if _is_fenced(cache, run) or cache.get(_done(run)) is not None:
                return False
            cache.set(_lease(run.holder), self._leased(run), run.lease)
            # The chain stays for as long as somebody is at its end.
            first = _added_or_found(cache, _first(run), run.holder, run.kept)
            if first is not None:
                _shorten(cache, run, first)
            if cache.get(_lease(run.holder)) is None:
                raise ConnectionError("the cache does not keep the lease")
            # Somebody may have followed after the first look, since the lease was over.
            return not _is_fenced(cache, run)
        finally:
            _give_back(cache)

    def complete(self, run: Run) -> bool:
        cache = self._cache()
        if _is_fenced(cache, run):
            return False
        # As in a claim: a cache may hide that it cannot be reached.
        _added_or_found(cache, _done(run), "done", run.kept)
        # From now on nobody starts, whatever becomes of these.
        cache.delete_many([_lease(run.holder), _first(run), _latest(run)])
        return True

    def release(self, run: Run) -> bool:
        cache = self._cache()
        held = not _is_fenced(cache, run) and cache.get(_lease(run.holder)) is not None
        cache.delete(_lease(run.holder))
        return held

    async def aclaim(self, run: Run) -> Standing:
        return await in_djangos_thread(self.claim, run)

    async def acomplete(self, run: Run) -> bool:
        return await in_djangos_thread(self.complete, run)

    async def arelease(self, run: Run) -> bool:
        return await in_djangos_thread(self.release, run)

    def check(self) -> None:
        """Raise ConfigurationError for a cache that cannot protect, or is not configured. Does not connect to it."""
        from django.core.cache import InvalidCacheBackendError, caches

        try:
            _check(caches[self._alias], self._alias)
        except InvalidCacheBackendError as error:
            raise ConfigurationError(f"DjangoCacheStore needs the cache {self._alias!r}: {error}") from error

    def _take(self, cache: Any, run: Run, presented: bool) -> Standing:
        """Become the first holder, or follow the last one; or what there is to say instead."""
        done = Standing("replayed" if presented else "done")
        first = _added_or_found(cache, _first(run), run.holder, run.kept)
        if first is None:
            # Asked last: a run may have been completed, and its chain deleted, while this one was being claimed.
            if cache.get(_done(run)) is None:
                return Standing("free")
            cache.delete(_first(run))
            return done
        if cache.get(_done(run)) is not None:
            return done
        holder = _last_known(cache, run, first)
        # Its own: it claims again, since the answer was lost.
        while holder != run.holder:
            leased = cache.get(_lease(holder))
            if leased is not None:
                return self._taken(run, holder, leased)
            follower = _added_or_found(cache, _follower(holder), run.holder, run.kept)
            if follower is None:
                _shorten(cache, run, first)
            holder = follower or run.holder
        return Standing("free") if cache.get(_done(run)) is None else done

    def _taken(self, run: Run, holder: str, leased: str) -> Standing:
        if holder in run.within:
            return Standing("held")
        token, until = leased.split()
        if token == run.token:
            return Standing("replayed")
        # The clocks of machines differ.
        return Standing("busy", min(max(float(until) - self._now(), 1.0), run.lease))

    def _leased(self, run: Run) -> str:
        return f"{run.token} {self._now() + run.lease}"

    def _cache(self) -> Any:
        """This thread's connection to the cache."""
        from django.core.cache import caches

        if not self._checked:
            self.check()
            self._checked = True
        return caches[self._alias]


def _check(cache: Any, alias: str) -> None:
    from django.core.cache.backends.db import DatabaseCache
    from django.core.cache.backends.dummy import DummyCache
    from django.core.cache.backends.filebased import FileBasedCache
    from django.core.cache.backends.locmem import LocMemCache

    kind = type(cache).__name__
    if isinstance(cache, DummyCache | FileBasedCache | LocMemCache):
        raise ConfigurationError(
            f"the cache {alias!r} is a {kind}, which cannot keep claims for several processes; use one in Redis, "
            "Memcached or the database, or MemoryStore() where there is a single process"
        )
    # The other caches have the attribute as well, and make no use of it.
    if isinstance(cache, DatabaseCache) and cache._max_entries < _FEWEST_ENTRIES:
        setting = f'CACHES[{alias!r}]["OPTIONS"]["MAX_ENTRIES"]'
        raise ConfigurationError(
            f"the cache {alias!r} is a {kind} that keeps {cache._max_entries} entries only, and forgets claims beyond "
            f"them; set {setting} to {_FEWEST_ENTRIES} at least, and to five times the messages of a day"
        )


def _refuse_transactions(cache: Any, alias: str) -> None:
    connection = _connection_of(cache)
    # Those of a TestCase are none of the app's.
    if connection and any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise ConfigurationError(
            f"the cache {alias!r} is in the database {connection.alias!r}, within whose transaction this view runs, so "
            "that nobody else sees its claims; give the cache a database alias of its own (a router)"
        )


def _give_back(cache: Any) -> None:
    """At the end of a request Django does this, but renewals belong to none."""
    connection = _connection_of(cache)
    if connection:
        connection.close_if_unusable_or_obsolete()


def _connection_of(cache: Any) -> Any:
    """Of a cache in the database."""
    from django.core.cache.backends.db import DatabaseCache
    from django.db import connections, router

    return connections[router.db_for_write(cache.cache_model_class)] if isinstance(cache, DatabaseCache) else None


def _added_or_found(cache: Any, name: str, value: str, ttl: float) -> str | None:
    """None when the entry was added, else what was there."""
    for _ in range(2):
        if cache.add(name, value, ttl):
            return None
        found: str | None = cache.get(name)
        if found is not None:
            return found
        # It may have expired in between; or the cache hides that it cannot be reached, and will do so again.
    raise ConnectionError("the cache neither adds an entry nor has one")


def _shorten(cache: Any, run: Run, first: str) -> None:
    """Nobody has to follow the whole chain. Whichever holder stands here, the way on from it is the same."""
    cache.touch(_first(run), run.kept)
    if first != run.holder:
        cache.set(_latest(run), f"{first} {run.holder}", run.kept)


def _last_known(cache: Any, run: Run, first: str) -> str:
    """A holder of the chain that begins with ``first``."""
    chain, _, latest = (cache.get(_latest(run)) or "").partition(" ")
    return latest if chain == first else first


def _is_fenced(cache: Any, run: Run) -> bool:
    return cache.get(_follower(run.holder)) is not None


def _token(run: Run) -> str:
    return f"qstash:token:{run.token}"


def _first(run: Run) -> str:
    return f"qstash:first:{run.message}"


def _latest(run: Run) -> str:
    return f"qstash:latest:{run.message}"


def _done(run: Run) -> str:
    return f"qstash:done:{run.message}"


def _follower(holder: str) -> str:
    return f"qstash:follower:{holder}"


def _lease(holder: str) -> str:
    return f"qstash:lease:{holder}"
