"""By whom rows are sent: the account of the app's publisher, and each message tried once, for it is the row that is
tried again.
"""

from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from .._core.origins import running_origin
from .._core.publishing.call import check_reachable
from .._core.publishing.client import AsyncQStash, QStash
from .._core.publishing.manner import Manner
from .._core.publishing.operations import Operation
from .._core.publishing.retry import RetryPolicy
from .._core.settings.values import Settings

AnyClient: TypeAlias = QStash | AsyncQStash
_TIMEOUT = 10.0  # seconds: a try that takes longer would outlive the lease of its rows
_ENVIRONMENT = AsyncQStash.from_settings(Settings.load)


class Clients:
    """What was given as ``client``, else the publisher of the app that is running, else the environment's."""

    def __init__(self, given: AnyClient | Callable[[], AnyClient] | None) -> None:
        if given is not None and not isinstance(given, QStash | AsyncQStash) and not callable(given):
            raise TypeError(f"client must be a QStash or an AsyncQStash, not {type(given).__name__}")
        self._given = given
        self._once: WeakKeyDictionary[AnyClient, tuple[QStash, AsyncQStash]] = WeakKeyDictionary()

    def checked(self, operation: Operation[Any]) -> Operation[Any]:
        """As it is to be written, with the trace context of this moment.

        ValueError for a URL that its QStash cannot reach, ConfigurationError that names a missing setting.
        """
        client = self._found()
        check_reachable(operation.calls, client.base_url)
        return client.created(operation)

    def sync(self) -> QStash:
        """For threads."""
        return self._tried_once()[0]

    def for_loops(self) -> AsyncQStash:
        return self._tried_once()[1]

    def _tried_once(self) -> tuple[QStash, AsyncQStash]:
        client = self._found()
        made = self._once.get(client)
        if made is None:
            made = QStash.like(client, _sync_once), AsyncQStash.like(client, _async_once)
            self._once[client] = made
        return made

    def _found(self) -> AnyClient:
        given = self._given
        if given is not None:
            return given if isinstance(given, QStash | AsyncQStash) else given()
        try:
            origin: Any = running_origin()
        except ModuleNotFoundError:  # pydantic, without which an app has no tasks, nor says where they are
            origin = None
        if origin is None:
            return _ENVIRONMENT
        found: AnyClient = origin.aclient()
        return found


def _sync_once(told: Manner) -> Manner:
    return _once(told, "Client")


def _async_once(told: Manner) -> Manner:
    return _once(told, "AsyncClient")


def _once(told: Manner, kind: str) -> Manner:
    """A ready client serves code that waits in its way."""
    is_theirs = any(of.__name__ == kind for of in type(told.http_client).__mro__)
    return Manner(
        timeout=min(told.timeout, _TIMEOUT),
        policy=RetryPolicy(0),
        http_client=told.http_client if is_theirs else None,
        headers=told.headers,
        allow_http=told.allow_http,
    )
