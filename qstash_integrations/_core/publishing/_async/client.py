"""The sending half of a client."""

from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from ..base import BaseClient, transport_of_test
from ..call import APIRequest, Outcome
from ..connections import PerLoop
from ..discreet import discreet
from ..manner import Manner
from ..operations import Operation
from ..waiting import async_about_to_wait, async_sleep
from . import AsyncRunner
from .connections import AsyncConnections, AsyncReadyClient
from .resources import AsyncResources

T = TypeVar("T")


@discreet
class AsyncSender(BaseClient, AsyncResources):
    """Everything that a client does."""

    def _connect(self, manner: Manner) -> PerLoop[AsyncConnections] | AsyncReadyClient:
        if manner.http_client is None:
            return PerLoop(partial(AsyncConnections, timeout=manner.timeout))
        return AsyncReadyClient(manner.http_client)

    async def sleep(self, seconds: float) -> None:
        """Between two tries of a call."""
        await async_sleep(seconds)

    async def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer.

        Raises APIError for an answer that is an error, and TransportError where none arrived.
        """
        with self._call(operation) as call:
            while (wait := call.take(await self._try(call.request))) is not None:
                await self.sleep(wait)
            return call.result()

    async def _try(self, request: APIRequest) -> Outcome:
        transport = transport_of_test()
        if transport is not None:
            return transport(request)
        async_about_to_wait(type(self))
        outcome: Outcome = await self._connections().send(request)
        return outcome

    @property
    def _runner(self) -> AsyncRunner:
        return self

    async def aclose(self) -> None:
        """Close the connections that it opened; a later call opens new ones."""
        if self._connected is not None:
            await self._connected[1].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
