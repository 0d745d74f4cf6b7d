"""The sending half of a client."""

from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from ..base import BaseClient, transport_of_test
from ..call import APIRequest, Outcome
from ..connections import PerLoop
from ..discreet import discreet
from ..operations import Operation
from ..waiting import async_sleep
from . import AsyncRunner
from .connections import AsyncConnections, AsyncReadyClient
from .resources import AsyncResources

T = TypeVar("T")


@discreet
class AsyncSender(BaseClient, AsyncResources):
    """Everything that a client does."""

    _connections: "PerLoop[AsyncConnections] | AsyncReadyClient"

    def _connect(self, http_client: Any) -> None:
        if http_client is None:
            self._connections = PerLoop(partial(AsyncConnections, timeout=self._timeout))
        else:
            self._connections = AsyncReadyClient(http_client)

    async def sleep(self, seconds: float) -> None:
        await async_sleep(seconds)

    async def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        call = self._call(operation)
        while (wait := call.take(await self._try(call.request))) is not None:
            await self.sleep(wait)
        return call.result()

    async def _try(self, request: APIRequest) -> Outcome:
        transport = transport_of_test()
        return await self._connections.send(request) if transport is None else transport(request)

    @property
    def _runner(self) -> AsyncRunner:
        return self

    async def aclose(self) -> None:
        """Close the connections that it opened; a later call opens new ones."""
        await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
