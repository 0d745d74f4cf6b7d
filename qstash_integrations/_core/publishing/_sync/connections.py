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
from ..waiting import Slots
from .network import TimedNetwork

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
        self._idle: deque[Connection] = deque()
        self._is_closed = False

    def send(self, request: APIRequest) -> Outcome:
        built = request_of(request, self._timeouts)
        if not self._slots.take(self._timeout):
            return _NONE_FREE
        try:
            return self._send(built)
        except (httpx.HTTPError, OSError, ValueError) as error:
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
            outcome, more = connection.exchange(built, self._timeout)
        except BaseException:
            # Whatever broke off, a half of it may be left in there for the next one. And a task that is cancelled at
            # the wrong moment leaves a connection of httpx in use for ever.
            connection.transport.close()
            raise
        # Whatever more there is, the next request would take it for its own answer.
        if more is not False:
            connection.transport.close()
            return outcome
        connection.used_at = self._now()
        self._idle.append(connection)
        self._close_surplus()
        return outcome

    def _connection(self) -> "Connection":
        # Other threads take from both ends.
        with suppress(IndexError):
            return self._idle.pop()
        return Connection(self._options)

    def _close_surplus(self) -> None:
        """Those that nobody has needed for long; all of them once it is closed."""
        with suppress(IndexError):
            while self._is_closed or self._now() - self._idle[0].used_at > KEPT_FOR:
                self._idle.popleft().transport.close()


class Connection:
    """One of them."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.transport = httpx.HTTPTransport(**options)
        self.used_at = 0.0
        self._network = TimedNetwork(self.transport)

    def exchange(self, built: httpx.Request, within: float) -> tuple[Outcome, bool | None]:
        """The answer, and whether more than that is left in the connection; in so many seconds, however it trickles."""
        self._network.ends_at = time.monotonic() + within
        return _received(self.transport.handle_request(built))


class ReadyClient:
    """The caller's own client, with whatever it is set to; closing it is the caller's job."""

    def __init__(self, client: Any) -> None:
        self._library = library_of(client, "Client")
        self._client = client

    def send(self, request: APIRequest) -> Outcome:
        built = request_by(self._client, request)
        try:
            response = self._client.send(built, stream=True, auth=None, follow_redirects=False)
            outcome, _ = _received(response)
        except self._library.HTTPError as error:
            return lost(error, self._library)
        return outcome

    def close(self) -> None:
        pass


def _received(response: Any) -> tuple[Outcome, bool | None]:
    """The whole answer, and whether its connection has more; the connection is free then."""
    try:
        if response.is_stream_consumed:
            # By a mock, or a hook of the caller's.
            return arrived(response, response.content), None
        answer = Arriving(response)
        if problem := answer.problem():
            return problem, None
        for chunk in response.stream:
            answer.add(chunk)
            if problem := answer.problem():
                return problem, None
        if more := has_more(response):
            hang_up(response)
        return answer.outcome(), more
    finally:
        response.close()
