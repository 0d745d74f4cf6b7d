"""Claims in one of Django's caches: for every process that shares it.

Memcached, Redis and a database are shared. A cache in memory belongs to one process. What a full cache drops can run
twice, so one in memory or in the database that keeps few entries, by default 300, is refused: each message of a day
takes one, and three while it is fresh. A database cache should have a connection of its own (a router), so that a
view's transaction does not hold its rows.

Nothing but ``add`` is atomic in every cache, so that is what the claim stands on.

Spec: https://docs.djangoproject.com/en/stable/topics/cache/#basic-usage
"""

import time
from collections.abc import Callable
from typing import Any

from .._core.errors import ConfigurationError
from .._core.receiving.runs import Run, Standing

# Seconds before its end in which a lease is left to run out: without compare-and-delete, deleting it then could hit
# the claim of a successor.
_MARGIN = 60.0
_FEWEST_ENTRIES = 10_000


class DjangoCacheStore:
    """Protects wherever the cache ``alias`` is shared. ``now`` returns Unix seconds; lifetimes are the cache's own.

    A cache that cannot protect is refused at the first use, and by ``manage.py check``: the dummy one, which keeps
    nothing, the one in files, whose ``add`` is not atomic, and one whose MAX_ENTRIES are under 10 000.
    """

    def __init__(self, alias: str = "default", *, now: Callable[[], float] = time.time) -> None:
        self._alias = alias
        self._now = now
        self._checked = False

    def claim(self, run: Run) -> Standing:
        cache = self._cache()
        presented = _added_or_found(cache, _token(run), run.message, run.token_ttl)
        if presented and presented != run.message:
            return Standing("replayed")
        until = self._now() + run.lease
        found = _added_or_found(cache, _work(run), f"{run.holder} {run.token} {until}", run.lease)
        # Its own: it claims again, since the answer was lost.
        taken = found is None or found.startswith(run.holder)
        # Asked last: a run may have been completed while this one was being claimed.
        if cache.get(_done(run)) is not None:
            if taken:
                cache.delete(_work(run))
            return Standing("replayed" if presented else "done")
        if taken or found is None:
            return Standing("free")
        _, token, leased_until = found.split()
        if presented and token == run.token:
            return Standing("replayed")
        return Standing("busy", min(max(float(leased_until) - self._now(), 1.0), run.lease))

    def complete(self, run: Run) -> bool:
        cache = self._cache()
        held = cache.get(_work(run))
        if held is not None and not held.startswith(run.holder):
            return False
        # As in a claim: a cache may hide that it cannot be reached.
        _added_or_found(cache, _done(run), "done", run.kept)
        return True

    def release(self, run: Run) -> bool:
        cache = self._cache()
        holder, _, leased_until = (cache.get(_work(run)) or "- - 0").split()
        if holder != run.holder or self._now() > float(leased_until) - _MARGIN:
            return False
        cache.delete(_work(run))
        return True

    async def aclaim(self, run: Run) -> Standing:
        from asgiref.sync import sync_to_async

        return await sync_to_async(self.claim)(run)

    async def acomplete(self, run: Run) -> bool:
        from asgiref.sync import sync_to_async

        return await sync_to_async(self.complete)(run)

    async def arelease(self, run: Run) -> bool:
        from asgiref.sync import sync_to_async

        return await sync_to_async(self.release)(run)

    def check(self) -> None:
        """Raise ConfigurationError for a cache that cannot protect. Does not connect to it."""
        from django.core.cache import InvalidCacheBackendError, caches

        try:
            _check(caches[self._alias], self._alias)
        except InvalidCacheBackendError as error:
            raise ConfigurationError(f"DjangoCacheStore needs the cache {self._alias!r}: {error}") from error

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
    if isinstance(cache, DummyCache | FileBasedCache):
        raise ConfigurationError(
            f"the cache {alias!r} is a {kind}, which cannot keep claims; use one in Redis, Memcached or the database"
        )
    # The other caches have the attribute as well, and make no use of it.
    if isinstance(cache, DatabaseCache | LocMemCache) and cache._max_entries < _FEWEST_ENTRIES:
        setting = f'CACHES[{alias!r}]["OPTIONS"]["MAX_ENTRIES"]'
        raise ConfigurationError(
            f"the cache {alias!r} is a {kind} that keeps {cache._max_entries} entries only, and forgets claims beyond "
            f"them; set {setting} to {_FEWEST_ENTRIES} at least, and to five times the messages of a day"
        )


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


def _token(run: Run) -> str:
    return f"qstash:token:{run.token}"


def _work(run: Run) -> str:
    return f"qstash:work:{run.message}"


def _done(run: Run) -> str:
    return f"qstash:done:{run.message}"
