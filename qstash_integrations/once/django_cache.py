"""Claims in one of Django's caches: for every process that shares it.

Memcached, Redis and a database are shared. A cache in memory belongs to one process. What a full cache drops can run
twice: in memory and in the database Django keeps 300 entries unless ``OPTIONS = {"MAX_ENTRIES": ...}`` says more, and
each message of a day takes two. A database cache should have a connection of its own (a router), so that a view's
transaction does not hold its rows.

Nothing but ``add`` is atomic in every cache, so that is what the claim stands on.

Spec: https://docs.djangoproject.com/en/stable/topics/cache/#basic-usage
"""

import time
from collections.abc import Callable
from typing import Any

from .._core.errors import ConfigurationError
from .._core.runs import Run, Standing

# Seconds before its end in which a lease is left to run out: without compare-and-delete, deleting it then could hit
# the claim of a successor.
_MARGIN = 60.0


class DjangoCacheStore:
    """Protects wherever the cache ``alias`` is shared. ``now`` returns Unix seconds; lifetimes are the cache's own.

    Raises ConfigurationError at its first use for a cache that cannot protect: the dummy one, which keeps nothing, and
    the one in files, whose ``add`` is not atomic.
    """

    def __init__(self, alias: str = "default", *, now: Callable[[], float] = time.time) -> None:
        self._alias = alias
        self._now = now
        self._checked = False

    def claim(self, run: Run) -> Standing:
        cache = self._cache()
        fresh = cache.add(_token(run), run.message, run.token_ttl)
        if not fresh and _found(cache, _token(run)) != run.message:
            return Standing("replayed")
        until = self._now() + run.lease
        taken = cache.add(_work(run), f"{run.holder} {run.token} {until}", run.lease)
        # Asked last: a run may have been completed while this one was being claimed.
        if cache.get(_done(run)) is not None:
            if taken:
                cache.delete(_work(run))
            return Standing("done" if fresh else "replayed")
        if taken:
            return Standing("free")
        _, token, leased_until = _found(cache, _work(run)).split()
        if not fresh and token == run.token:
            return Standing("replayed")
        return Standing("busy", min(max(float(leased_until) - self._now(), 1.0), run.lease))

    def complete(self, run: Run) -> bool:
        cache = self._cache()
        held = cache.get(_work(run))
        if held is not None and not held.startswith(run.holder):
            return False
        cache.set(_done(run), "done", run.kept)
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

    def _cache(self) -> Any:
        """This thread's connection to the cache."""
        from django.core.cache import caches

        cache: Any = caches[self._alias]
        if not self._checked:
            _check(cache, self._alias)
            self._checked = True
        return cache


def _check(cache: Any, alias: str) -> None:
    from django.core.cache.backends.dummy import DummyCache
    from django.core.cache.backends.filebased import FileBasedCache

    if isinstance(cache, DummyCache | FileBasedCache):
        kind = type(cache).__name__
        raise ConfigurationError(
            f"the cache {alias!r} is a {kind}, which cannot keep claims; use one in Redis, Memcached or the database"
        )


def _found(cache: Any, name: str) -> str:
    """What keeps ``add`` from adding; some caches hide from their users that they cannot be reached."""
    found: str | None = cache.get(name)
    if found is None:
        raise ConnectionError("the cache neither adds an entry nor has one")
    return found


def _token(run: Run) -> str:
    return f"qstash:token:{run.token}"


def _work(run: Run) -> str:
    return f"qstash:work:{run.message}"


def _done(run: Run) -> str:
    return f"qstash:done:{run.message}"
