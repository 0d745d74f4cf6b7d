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
    LARGEST_ANSWER,
    TOO_LARGE,
    library_of,
    lost,
    request_by,
    request_of,
    response_of,
    timeouts_of,
    transport_options,
)
from ..waiting import AsyncSlots

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
        self._idle: deque[tuple[httpx.AsyncHTTPTransport, float]] = deque()
        self._is_closed = False

    async def send(self, request: APIRequest) -> Outcome:
        built = request_of(request, self._timeouts)
        if not await self._slots.take(self._timeout):
            return _NONE_FREE
        try:
            return await self._send(built)
        except httpx.HTTPError as error:
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
            outcome = await _received(await connection.handle_async_request(built))
        except BaseException:
            # Whatever broke off, a half of it may be left in there for the next one. And a task that is cancelled at
            # the wrong moment leaves a connection of httpx in use for ever.
            await connection.aclose()
            raise
        self._idle.append((connection, self._now()))
        await self._close_surplus()
        return outcome

    def _connection(self) -> httpx.AsyncHTTPTransport:
        # Other threads take from both ends.
        with suppress(IndexError):
            return self._idle.pop()[0]
        return httpx.AsyncHTTPTransport(**self._options)

    async def _close_surplus(self) -> None:
        """Those that nobody has needed for long; all of them once it is closed."""
        with suppress(IndexError):
            while self._is_closed or self._now() - self._idle[0][1] > KEPT_FOR:
                await self._idle.popleft()[0].aclose()


class AsyncReadyClient:
    """The caller's own client, with whatever it is set to; closing it is the caller's job."""

    def __init__(self, client: Any) -> None:
        self._library = library_of(client, "AsyncClient")
        self._client = client

    async def send(self, request: APIRequest) -> Outcome:
        try:
            built = request_by(self._client, request)
            return await _received(await self._client.send(built, stream=True, auth=None, follow_redirects=False))
        except self._library.HTTPError as error:
            return lost(error, self._library)

    async def aclose(self) -> None:
        pass


async def _received(response: Any) -> Outcome:
    """The whole answer, as long as it is not endless; its connection is free then."""
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return TOO_LARGE
        return response_of(response, body)
    finally:
        await response.aclose()
