"""``QStash`` and ``AsyncQStash``: the clients that publish. The only HTTP in the core.

They differ in how they wait and in nothing else: what is sent stands in ``operations``, what is made of the answer in
``exchange``. HTTP_PROXY and its kin are honoured, except for a QStash on this machine.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from ..errors import ConfigurationError
from ..from_settings import FromSettings
from ..settings import Settings
from ._async import AsyncRunner
from ._async.resources import AsyncResources
from ._sync import Runner
from ._sync.resources import Resources
from .account import Account, Loader, problem_of
from .call import APIRequest, APIResponse, Call, Lost, Outcome, Transport
from .connections import AsyncPool, Pool
from .operations import Operation
from .operations.message import NewId
from .retry import Retry, RetryPolicy

__all__ = ["APIRequest", "APIResponse", "AsyncQStash", "Lost", "QStash", "override_transport"]

T = TypeVar("T")

TIMEOUT = 30.0  # seconds for an answer
# What a test puts in the place of the network.
_transport: Transport | None = None


class _Client:
    """What both clients are made of: settings, retries, and what identifies messages that are sent again."""

    _account: FromSettings[Account]
    _load: Callable[[], Settings]
    _policy: RetryPolicy
    _timeout: float

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str | None = None,
        retry: Retry = None,
        timeout: float = TIMEOUT,
        http_client: Any = None,
        allow_http: bool = False,
    ) -> None:
        problem = problem_of(token, base_url)
        load = Loader(token, base_url)
        del token  # error trackers print the locals of raising frames
        if problem:
            raise TypeError(problem)
        self._set_up(load, retry=retry, timeout=timeout, http_client=http_client, allow_http=allow_http)
        self._account()

    @classmethod
    def from_settings(cls, load: Callable[[], Settings], **options: Any) -> Self:
        """A client that reads its settings at its first use, and again when they have changed."""
        client = cls.__new__(cls)
        client._set_up(load, **options)
        return client

    def _set_up(
        self,
        load: Callable[[], Settings],
        *,
        retry: Retry = None,
        timeout: float = TIMEOUT,
        http_client: Any = None,
        allow_http: bool = False,
    ) -> None:
        if type(timeout) not in (int, float) or not 0 < timeout < float("inf"):
            raise ConfigurationError(f"timeout must be a number of seconds > 0, not {timeout!r}")
        self._load = load
        self._policy = RetryPolicy.of(retry)
        self._timeout = timeout
        self._account = FromSettings(lambda settings: Account.of(settings, allow_http=allow_http), load)
        self._connect(http_client)

    def _connect(self, http_client: Any) -> None:
        raise TypeError("use QStash or AsyncQStash")

    @property
    def new_id(self) -> NewId | None:
        """Makes deduplication ids for messages that may be sent again."""
        return _new_id if self._policy.retries else None

    def _call(self, operation: Operation[T]) -> Call[T]:
        return Call(operation, self._account(), self._policy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a token and cannot be pickled or copied")


class QStash(_Client, Resources):
    """Publishes to QStash and waits for its answer. Safe to share between threads, and across a fork.

    ``token`` and ``base_url`` default to QSTASH_TOKEN and QSTASH_URL. ``retry`` is ``{"retries": 5, "backoff": f}``,
    with f from the retry's number to milliseconds, or False. ``timeout`` is in seconds, per try. ``http_client`` is a
    ready ``Client`` of httpx or httpx2, with timeouts of its own; closing it stays the caller's job. ``allow_http``
    lets the token travel in clear to another machine; a private name or address needs no such word.

    Raises ConfigurationError that names the setting when the token is missing. Calls raise TypeError or ValueError for
    arguments, APIError for what QStash refused, TransportError when no answer came.
    """

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _connect(self, http_client: Any) -> None:
        self._pool = Pool(self._timeout, http_client)

    def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        call = self._call(operation)
        while (wait := call.take(self._try(call.request))) is not None:
            self.sleep(wait)
        return call.result()

    def _try(self, request: APIRequest) -> Outcome:
        return self._pool.send(request) if _transport is None else _transport(request)

    @property
    def _runner(self) -> Runner:
        return self

    def close(self) -> None:
        """Close the connections that it opened; a later call opens new ones."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncQStash(_Client, AsyncResources):
    """``QStash`` for ``async`` code, on asyncio and trio. Safe to share between tasks and event loops.

    Takes what ``QStash`` takes; a ready ``http_client`` is an ``AsyncClient``, and belongs to one event loop. For plain
    functions beside the async ones there is ``.sync``.
    """

    _sync_kind: type[QStash] = QStash

    def _connect(self, http_client: Any) -> None:
        self._pool = AsyncPool(self._timeout, http_client)
        self._sync = self._sync_kind.from_settings(self._load, timeout=self._timeout)
        self._sync._policy = self._policy
        self._sync._account = self._account

    async def sleep(self, seconds: float) -> None:
        from anyio import sleep

        await sleep(seconds)

    async def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        call = self._call(operation)
        while (wait := call.take(await self._try(call.request))) is not None:
            await self.sleep(wait)
        return call.result()

    async def _try(self, request: APIRequest) -> Outcome:
        return await self._pool.send(request) if _transport is None else _transport(request)

    @property
    def sync(self) -> QStash:
        """The same publisher for code that cannot await."""
        return self._sync

    @property
    def _runner(self) -> AsyncRunner:
        return self

    async def aclose(self) -> None:
        """Close the connections of this event loop and of ``.sync``; a later call opens new ones."""
        await self._pool.aclose()
        self._sync.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


@contextmanager
def override_transport(transport: Transport) -> Generator[None]:
    """For tests: every publisher, sync and async, hands its requests to ``transport`` instead of the network."""
    global _transport
    before, _transport = _transport, transport
    try:
        yield
    finally:
        _transport = before


def _new_id() -> str:
    return os.urandom(16).hex()
