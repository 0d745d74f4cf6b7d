"""Up to a hundred connections to the QStash API, each of them an HTTP transport of its own; or a ready client.

The pools of the HTTP libraries look at every connection whenever a request begins or ends, which with 50 in flight is
most of their work (of httpx nine tenths). Here a request takes the connection that was used last. No cookies are kept.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

from ..call import APIRequest, Lost, Outcome
from ..http import (
    KEPT_FOR,
    Arriving,
    arrived,
    hang_up,
    has_more,
    library_of,
    lost,
    request_by,
    request_of,
    timeouts_of,
    transport_options,
)
from ..waiting import AsyncSlots
from .network import AsyncTimedNetwork

CONNECTIONS = 100
_NONE_FREE = Lost("all connections were in use")


class AsyncConnections:
    """Last in, first out: what a burst has left over is at the left. ``timeout`` is in seconds."""

    def __init__(
        self,
        request: APIRequest,
        timeout: float,
        *,
        connections: int = CONNECTIONS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._timeouts = timeouts_of(timeout)
        self._now = now
        self._options = transport_options(request.url)
        self._slots = AsyncSlots(connections)
        self._idle: deque[AsyncConnection] = deque()
        self._is_closed = False

    async def send(self, request: APIRequest) -> Outcome:
        built = request_of(request, self._timeouts)
        if not await self._slots.take(self._timeout):
            return _NONE_FREE
        try:
            return await self._send(built)
        except (httpx.HTTPError, OSError, ValueError) as error:
            return lost(error, httpx)
        finally:
            self._slots.give_back()

    async def aclose(self) -> None:
        """What is in use closes when it is not any more."""
        self._is_closed = True
        await self._close_surplus()

    async def _send(self, built: httpx.Request) -> Outcome:
        connection = self._connection()
        try:
            outcome, more = await connection.exchange(built, self._timeout)
        except BaseException:
            # Whatever broke off, a half of it may be left in there for the next one. And a task that is cancelled at
            # the wrong moment leaves a connection of httpx in use for ever.
            await connection.transport.aclose()
            raise
        # Whatever more there is, the next request would take it for its own answer.
        if more is not False:
            await connection.transport.aclose()
            return outcome
        connection.used_at = self._now()
        self._idle.append(connection)
        await self._close_surplus()
        return outcome

    def _connection(self) -> "AsyncConnection":
        # Other threads take from both ends.
        with suppress(IndexError):
            return self._idle.pop()
        return AsyncConnection(self._options)

    async def _close_surplus(self) -> None:
        """Those that nobody has needed for long; all of them once it is closed."""
        with suppress(IndexError):
            while self._is_closed or self._now() - self._idle[0].used_at > KEPT_FOR:
                await self._idle.popleft().transport.aclose()


class AsyncConnection:
    """One of them."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.transport = httpx.AsyncHTTPTransport(**options)
        self.used_at = 0.0
        self._network = AsyncTimedNetwork(self.transport)

    async def exchange(self, built: httpx.Request, within: float) -> tuple[Outcome, bool | None]:
        """The answer, and whether more than that is left in the connection; in so many seconds, however it trickles."""
        self._network.ends_at = time.monotonic() + within
        return await _received(await self.transport.handle_async_request(built))


class AsyncReadyClient:
    """The caller's own client, with whatever it is set to; closing it is the caller's job."""

    def __init__(self, client: Any) -> None:
        self._library = library_of(client, "AsyncClient")
        self._client = client

    async def send(self, request: APIRequest) -> Outcome:
        built = request_by(self._client, request)
        try:
            response = await self._client.send(built, stream=True, auth=None, follow_redirects=False)
            outcome, _ = await _received(response)
        except self._library.HTTPError as error:
            return lost(error, self._library)
        return outcome

    async def aclose(self) -> None:
        pass


async def _received(response: Any) -> tuple[Outcome, bool | None]:
    """The whole answer, and whether its connection has more; the connection is free then."""
    try:
        if response.is_stream_consumed:
            # By a mock, or a hook of the caller's.
            return arrived(response, response.content), None
        answer = Arriving(response)
        if problem := answer.problem():
            return problem, None
        async for chunk in response.stream:
            answer.add(chunk)
            if problem := answer.problem():
                return problem, None
        if more := has_more(response):
            hang_up(response)
        return answer.outcome(), more
    finally:
        await response.aclose()
