"""Claims in Redis: for any number of machines. Needs the extra ``redis``.

Each call is one script, which Redis runs with nothing in between. Lifetimes run on Redis's clock. A Redis that evicts
keys (``maxmemory-policy`` other than noeviction) or fails over may forget a claim; then the handler can run twice.

Spec: https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from inspect import iscoroutinefunction
from typing import Any, Literal

from .._core.errors import ConfigurationError
from .._core.processes import Threads, renew_in_children
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from .marks import at_work, milliseconds

_THREADS = 40  # for each event loop

# The rule of marks.py. It answers with numbers alone, which look the same whatever the client makes of texts.
_CLAIM = """
local presented = redis.call('GET', KEYS[1])
if presented and presented ~= ARGV[1] then return {3, 0} end
if not presented then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4]) end
local found = redis.call('GET', KEYS[2])
if not found then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[5])
  return {0, 0}
end
if found == ARGV[2] then return {0, 0} end
for i = 6, #ARGV do
  if string.sub(found, 1, #ARGV[i]) == ARGV[i] then return {4, 0} end
end
if presented and (found == 'done' or string.sub(found, -#ARGV[3]) == ARGV[3]) then return {3, 0} end
if found == 'done' then return {2, 0} end
return {1, redis.call('PTTL', KEYS[2])}
"""
_RENEW = """
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_COMPLETE = """
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'done', 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_STATES: tuple[Literal["free", "busy", "done", "replayed", "held"], ...] = ("free", "busy", "done", "replayed", "held")


class RedisStore:
    """Protects wherever the same Redis is used. ``redis`` is a URL or a ``redis.Redis``, which stays the caller's.

    A client made from a URL gives up after ``timeout`` seconds, which then counts as an unavailable store; one that is
    given should give up well within the lease. ``prefix`` stands before every name, so that several apps can share one
    Redis; in braces, which keep the names together in a cluster. Async methods use the same client in worker threads
    of their own, so that it belongs to no event loop.
    """

    def __init__(
        self,
        redis: Any,
        *,
        lease: float = LEASE,
        kept: float = KEPT,
        prefix: str = "qstash",
        timeout: float = 5.0,
    ) -> None:
        check_periods(lease, kept)
        self.lease = lease
        self.kept = kept
        self._client = _client(redis, timeout)
        self._own = isinstance(redis, str)
        self._prefix = f"{{{prefix}}}:"
        self._threads = Threads(_THREADS)
        self._claim: Any = self._client.register_script(_CLAIM)
        self._renew: Any = self._client.register_script(_RENEW)
        self._complete: Any = self._client.register_script(_COMPLETE)
        self._release: Any = self._client.register_script(_RELEASE)
        self._start_anew()
        renew_in_children(self._start_anew)

    def claim(self, run: Run) -> Standing:
        keys = [f"{self._prefix}token:{run.token}", self._message(run)]
        args = [run.message, at_work(run), run.token, milliseconds(run.token_ttl), milliseconds(run.lease)]
        state, left = self._call(self._claim, keys, [*args, *run.within])
        return Standing(_STATES[state], left / 1000)

    def renew(self, run: Run) -> bool:
        return bool(self._call(self._renew, [self._message(run)], [at_work(run), milliseconds(run.lease)]))

    def complete(self, run: Run) -> bool:
        return bool(self._call(self._complete, [self._message(run)], [at_work(run), milliseconds(run.kept)]))

    def release(self, run: Run) -> bool:
        return bool(self._call(self._release, [self._message(run)], [at_work(run)]))

    async def aclaim(self, run: Run) -> Standing:
        return await self._threads.run(self.claim, run)

    async def acomplete(self, run: Run) -> bool:
        return await self._threads.run(self.complete, run)

    async def arelease(self, run: Run) -> bool:
        return await self._threads.run(self.release, run)

    def close(self) -> None:
        """Close the connections of a client made from a URL; the next call opens new ones.

        A client that was given stays open: it is not ours.
        """
        if self._own:
            # Others may take from it meanwhile.
            with suppress(IndexError):
                while True:
                    self._idle.pop().close()
            self._client.close()

    def _call(self, script: Any, keys: Sequence[str], args: Sequence[object]) -> Any:
        if not self._own:
            return script(keys=keys, args=args)
        # A client that keeps its connection: taking one from the pool and putting it back is nearly half of a call.
        client = self._warm_client()
        try:
            answer = script(keys=keys, args=args, client=client)
        except BaseException:
            client.close()
            raise
        self._idle.append(client)
        return answer

    def _warm_client(self) -> Any:
        try:
            client = self._idle.pop()
        except IndexError:
            return self._client.client()
        if _is_quiet(client):
            return client
        # The pool opens the connection again.
        client.close()
        return self._client.client()

    def _start_anew(self) -> None:
        self._idle: deque[Any] = deque()
        """Clients with a connection each, the one that was used last at the end."""

    def _message(self, run: Run) -> str:
        return f"{self._prefix}message:{run.message}"


def _client(redis: Any, timeout: float) -> Any:
    if not isinstance(redis, str):
        if not hasattr(redis, "register_script") or iscoroutinefunction(getattr(redis, "execute_command", None)):
            raise ConfigurationError(
                "RedisStore takes a URL or a redis.Redis; a client of redis.asyncio belongs to one event loop"
            )
        return redis
    try:
        from redis import Redis as Client
    except ImportError as error:
        raise ConfigurationError(
            "RedisStore needs the client for Redis: pip install 'qstash_integrations[redis]'"
        ) from error
    kind: Any = Client
    return kind.from_url(redis, socket_timeout=timeout, socket_connect_timeout=timeout)


def _is_quiet(client: Any) -> bool:
    """Whether the server has kept its connection open, and has nothing in it that nobody asked for."""
    from redis.exceptions import ConnectionError as Closed

    try:
        return not client.connection.can_read()
    except Closed:
        return False
