# Made of _async/client.py by tools/unasync.py: change that one, and run it.
"""The sending half of a client."""

from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from ..base import BaseClient, transport_of_test
from ..call import APIRequest, Outcome
from ..connections import PerProcess
from ..discreet import discreet
from ..operations import Operation
from ..waiting import sleep
from . import Runner
from .connections import Connections, ReadyClient
from .resources import Resources

T = TypeVar("T")


@discreet
class Sender(BaseClient, Resources):
    """Everything that a client does."""

    _connections: "PerProcess[Connections] | ReadyClient"

    def _connect(self, http_client: Any) -> None:
        if http_client is None:
            self._connections = PerProcess(partial(Connections, timeout=self._timeout))
        else:
            self._connections = ReadyClient(http_client)

    def sleep(self, seconds: float) -> None:
        sleep(seconds)

    def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        call = self._call(operation)
        while (wait := call.take(self._try(call.request))) is not None:
            self.sleep(wait)
        return call.result()

    def _try(self, request: APIRequest) -> Outcome:
        transport = transport_of_test()
        return self._connections.send(request) if transport is None else transport(request)

    @property
    def _runner(self) -> Runner:
        return self

    def close(self) -> None:
        """Close the connections that it opened; a later call opens new ones."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
