# Made of _async/connections.py by tools/unasync.py: change that one, and run it.
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
from ..waiting import Slots

CONNECTIONS = 100
_NONE_FREE = Lost("all connections were in use")


class Connections:
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
        self._slots = Slots(connections)
        self._idle: deque[tuple[httpx.HTTPTransport, float]] = deque()
        self._is_closed = False

    def send(self, request: APIRequest) -> Outcome:
        built = request_of(request, self._timeouts)
        if not self._slots.take(self._timeout):
            return _NONE_FREE
        try:
            return self._send(built)
        except httpx.HTTPError as error:
            return lost(error, httpx)
        finally:
            self._slots.give_back()

    def close(self) -> None:
        """What is in use closes when it is not any more."""
        self._is_closed = True
        self._close_surplus()

    def _send(self, built: httpx.Request) -> Outcome:
        connection = self._connection()
        try:
            outcome = _received(connection.handle_request(built))
        except BaseException:
            # Whatever broke off, a half of it may be left in there for the next one. And a task that is cancelled at
            # the wrong moment leaves a connection of httpx in use for ever.
            connection.close()
            raise
        self._idle.append((connection, self._now()))
        self._close_surplus()
        return outcome

    def _connection(self) -> httpx.HTTPTransport:
        # Other threads take from both ends.
        with suppress(IndexError):
            return self._idle.pop()[0]
        return httpx.HTTPTransport(**self._options)

    def _close_surplus(self) -> None:
        """Those that nobody has needed for long; all of them once it is closed."""
        with suppress(IndexError):
            while self._is_closed or self._now() - self._idle[0][1] > KEPT_FOR:
                self._idle.popleft()[0].close()


class ReadyClient:
    """The caller's own client, with whatever it is set to; closing it is the caller's job."""

    def __init__(self, client: Any) -> None:
        self._library = library_of(client, "Client")
        self._client = client

    def send(self, request: APIRequest) -> Outcome:
        try:
            built = request_by(self._client, request)
            return _received(self._client.send(built, stream=True, auth=None, follow_redirects=False))
        except self._library.HTTPError as error:
            return lost(error, self._library)

    def close(self) -> None:
        pass


def _received(response: Any) -> Outcome:
    """The whole answer, as long as it is not endless; its connection is free then."""
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return TOO_LARGE
        return response_of(response, body)
    finally:
        response.close()
