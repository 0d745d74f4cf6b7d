"""What both clients are made of: settings, retries, and what identifies messages that are sent again. Sends nothing.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn, Self, TypeVar

from ..settings.from_settings import FromSettings
from ..settings.given import Given, Text
from ..settings.values import Settings
from .account import Account, problem_of
from .call import Transport, Tries
from .inputs import Header
from .manner import ClientOptions, Manner, manner_of
from .operations import Operation
from .operations.message import NewId
from .recording import created
from .retry import Retry

T = TypeVar("T")

# What a test puts in the place of the network.
_transport: Transport | None = None


class BaseClient:
    """A client but for the sending."""

    _account: FromSettings[Account]
    _load: Callable[[], Settings]
    _manner: Callable[[], Manner]
    _connected: tuple[Manner, Any] | None

    def __init__(
        self,
        token: Text = None,
        *,
        base_url: Text = None,
        settings: object = None,
        retry: Retry = None,
        timeout: float | None = None,
        http_client: Any = None,
        headers: Mapping[str, str] | None = None,
        allow_http: bool | None = None,
    ) -> None:
        problem = problem_of(token, base_url)
        given = Given({"token": token, "base_url": base_url, "settings": settings})
        options = ClientOptions(
            retry=retry, timeout=timeout, http_client=http_client, headers=headers, allow_http=allow_http
        )
        manner = manner_of(options)
        del token, headers, options, settings  # error trackers print the locals of raising frames
        if problem:
            raise TypeError(problem)
        given.check()
        if isinstance(manner, Exception):
            raise manner
        self._set_up(partial(Settings.load, None, given), manner)
        self._account()

    @classmethod
    def from_settings(cls, load: Callable[[], Settings], manner: Manner | Callable[[], Manner] | None = None) -> Self:
        """A client that reads its settings at its first use, and again when they have changed."""
        client = cls.__new__(cls)
        client._set_up(load, manner or Manner())
        return client

    @classmethod
    def like(cls, client: "BaseClient", changed: Callable[[Manner], Manner], /) -> Self:
        """A client of the same account that sends in another manner; for this package."""
        manner = client._manner
        return cls.from_settings(client._load, lambda: changed(manner()))

    def _set_up(self, load: Callable[[], Settings], manner: Manner | Callable[[], Manner]) -> None:
        self._load = load
        chosen = manner if callable(manner) else lambda: manner
        self._manner = chosen
        # Nothing that refers to the client: one that is dropped closes its connections at once.
        self._account = FromSettings(lambda settings: Account.of(settings, allow_http=chosen().allow_http), load)
        self._connected = None
        if not callable(manner):
            self._connections()  # a client of no use is said now

    def _connections(self) -> Any:
        """The connections as they are to be now: opened for the first request, and again for another timeout."""
        manner, connected = self._manner(), self._connected
        if connected is None or not manner.connects_like(connected[0]):
            connected = self._connected = manner, self._connect(manner)
        return connected[1]

    def _connect(self, manner: Manner) -> Any:
        raise TypeError("use QStash or AsyncQStash")

    @property
    def new_id(self) -> NewId | None:
        """Makes deduplication ids for messages that may be sent again."""
        return _new_id if self._manner().policy.retries else None

    @property
    def base_url(self) -> str:
        """Where its QStash is, no slash at its end."""
        return self._account().base_url

    @property
    def added(self) -> tuple[Header, ...]:
        """Headers of every message that has none of the name."""
        return self._manner().headers

    def created(self, operation: Operation[T], /) -> Operation[T]:
        """As it is to be stored by who sends it later: with the trace context of this moment; for this package."""
        return created(operation, self._account().otel)

    def _call(self, operation: Operation[T]) -> Tries[T]:
        return Tries(operation, self._account(), self._manner().policy)

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
