"""Up to a hundred connections to the QStash API, each of them an HTTP transport of its own.

The pools of the HTTP libraries look at every connection whenever a request begins or ends, which with 50 in flight is
most of their work (of httpx nine tenths). Here a request takes the connection that was used last. It knows no proxy,
and keeps no cookies.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore
from typing import Any

import httpx

from ...hosts import is_loopback
from ..call import APIRequest, Lost, Outcome
from ..http import aread, checked, headers_of, lost, read

CONNECTIONS = 100
KEPT_FOR = 30.0  # seconds without use
CONNECT_WITHIN = 5.0  # seconds
_UNPACKED = (b"Accept-Encoding", b"gzip, deflate")
_WITH_BODY = ("POST", "PUT", "PATCH")
_NONE_FREE = Lost("all connections were in use")


def timeout_of(seconds: float) -> Any:
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_WITHIN))


class _Lines:
    """What is the same for both kinds. Last in, first out: what a burst has left over is at the left."""

    def __init__(
        self,
        request: APIRequest,
        timeout: float,
        *,
        connections: int = CONNECTIONS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._timeouts = timeout_of(timeout).as_dict()
        self._now = now
        self._options: dict[str, Any] = {
            # One for all: it reads all certificates of the machine.
            "verify": httpx.create_ssl_context(trust_env=not is_loopback(request.url)),
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_FOR),
        }
        self._free = self._semaphore(connections)
        self._idle: deque[tuple[Any, float]] = deque()
        self._is_closed = False

    def _semaphore(self, value: int) -> Any:
        raise TypeError("use Lines or AsyncLines")

    def _built(self, request: APIRequest) -> Any:
        # Whole, so that the library has nothing to add.
        url, body = httpx.URL(request.url), request.body or b""
        headers = [(b"Host", url.netloc), _UNPACKED, *headers_of(request)]
        if body or request.method in _WITH_BODY:
            headers.append((b"Content-Length", b"%d" % len(body)))
        stream, timeouts = httpx.ByteStream(body), {"timeout": self._timeouts}
        built = httpx.Request(request.method, url, headers=headers, stream=stream, extensions=timeouts)
        del headers, body  # error trackers print the locals of raising frames
        return checked(built, request)

    def _surplus(self) -> Any:
        """A line that nobody has needed for long; all of them, one after the other, once it is closed."""
        # Other threads take from both ends.
        with suppress(IndexError):
            if self._is_closed or self._now() - self._idle[0][1] > KEPT_FOR:
                return self._idle.popleft()[0]
        return None


class Lines(_Lines):
    """For threads of one process."""

    def _semaphore(self, value: int) -> BoundedSemaphore:
        return BoundedSemaphore(value)

    def send(self, request: APIRequest) -> Outcome:
        built = self._built(request)
        if not self._free.acquire(timeout=self._timeout):
            return _NONE_FREE
        try:
            return self._send(built)
        except httpx.HTTPError as error:
            return lost(error, httpx)
        finally:
            self._free.release()

    def close(self) -> None:
        """What is in use closes when it is not any more."""
        self._is_closed = True
        while (line := self._surplus()) is not None:
            line.close()

    def _send(self, built: Any) -> Outcome:
        line = self._line()
        try:
            outcome = read(line.handle_request(built))
        except BaseException:
            # Whatever broke off, a half of it may be left in there for the next one.
            line.close()
            raise
        self._idle.append((line, self._now()))
        while (surplus := self._surplus()) is not None:
            surplus.close()
        return outcome

    def _line(self) -> Any:
        with suppress(IndexError):
            return self._idle.pop()[0]
        return httpx.HTTPTransport(**self._options)


class AsyncLines(_Lines):
    """For tasks of one event loop."""

    def _semaphore(self, value: int) -> Any:
        # Imported here: plain apps get along without.
        from anyio import Semaphore

        return Semaphore(value)

    async def send(self, request: APIRequest) -> Outcome:
        built = self._built(request)
        if not await self._acquire():
            return _NONE_FREE
        try:
            return await self._send(built)
        except httpx.HTTPError as error:
            return lost(error, httpx)
        finally:
            self._free.release()

    async def aclose(self) -> None:
        """What is in use closes when it is not any more."""
        self._is_closed = True
        while (line := self._surplus()) is not None:
            await line.aclose()

    async def _acquire(self) -> bool:
        from anyio import WouldBlock, move_on_after

        try:
            self._free.acquire_nowait()
        except WouldBlock:
            with move_on_after(self._timeout):
                await self._free.acquire()
                return True
            return False
        return True

    async def _send(self, built: Any) -> Outcome:
        line = self._idle.pop()[0] if self._idle else httpx.AsyncHTTPTransport(**self._options)
        try:
            outcome = await aread(await line.handle_async_request(built))
        except BaseException:
            # A task that is cancelled at the wrong moment leaves a line of httpx in use for ever.
            await line.aclose()
            raise
        self._idle.append((line, self._now()))
        while (surplus := self._surplus()) is not None:
            await surplus.aclose()
        return outcome
