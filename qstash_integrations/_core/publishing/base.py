"""What both clients are made of: settings, retries, and what identifies messages that are sent again. Sends nothing.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, Self, TypeVar

from ..errors import ConfigurationError
from ..from_settings import FromSettings
from ..settings import Settings
from .account import Account, Loader, problem_of
from .call import Call, Transport
from .operations import Operation
from .operations.message import NewId
from .retry import Retry, RetryPolicy

T = TypeVar("T")

TIMEOUT = 30.0  # seconds for an answer
# What a test puts in the place of the network.
_transport: Transport | None = None


class BaseClient:
    """A client but for the sending."""

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


@contextmanager
def override_transport(transport: Transport) -> Generator[None]:
    """For tests: every publisher, sync and async, hands its requests to ``transport`` instead of the network."""
    global _transport
    before, _transport = _transport, transport
    try:
        yield
    finally:
        _transport = before


def transport_of_test() -> Transport | None:
    return _transport


def _new_id() -> str:
    return os.urandom(16).hex()
