# Made of _async/client.py by tools/unasync.py: change that one, and run it.
"""The sending half of a client."""

from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from ..base import BaseClient, transport_of_test
from ..call import APIRequest, Outcome
from ..connections import PerProcess
from ..discreet import discreet
from ..manner import Manner
from ..operations import Operation
from ..waiting import about_to_wait, sleep
from . import Runner
from .connections import Connections, ReadyClient
from .resources import Resources

T = TypeVar("T")


@discreet
class Sender(BaseClient, Resources):
    """Everything that a client does."""

    def _connect(self, manner: Manner) -> PerProcess[Connections] | ReadyClient:
        if manner.http_client is None:
            return PerProcess(partial(Connections, timeout=manner.timeout))
        return ReadyClient(manner.http_client)

    def sleep(self, seconds: float) -> None:
        """Between two tries of a call."""
        sleep(seconds)

    def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer.

        Raises APIError for an answer that is an error, and TransportError where none arrived.
        """
        with self._call(operation) as call:
            while (wait := call.take(self._try(call.request))) is not None:
                self.sleep(wait)
            return call.result()

    def _try(self, request: APIRequest) -> Outcome:
        transport = transport_of_test()
        if transport is not None:
            return transport(request)
        about_to_wait(type(self))
        outcome: Outcome = self._connections().send(request)
        return outcome

    @property
    def _runner(self) -> Runner:
        return self

    def close(self) -> None:
        """Close the connections that it opened; a later call opens new ones."""
        if self._connected is not None:
            self._connected[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
