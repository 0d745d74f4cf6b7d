"""HTTP/1.1 connections to destinations, one for each attempt: a request out, its answer back, as far as it is kept.

None is kept for the next attempt. A destination may close a connection while the next request is on its way: nobody
can tell then whether that one arrived, so it would either count as an attempt that failed, or be made twice. And what
came late on a connection would be taken for the next answer.

What does not end or breaks the rules is no answer. The reading is ``httptools``'; a client library on top takes longer
than everything else that an attempt needs.

Spec: https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, cast

import httptools

from ..attempt import outcome_of
from ..model import Outcome
from . import explaining
from .target import Target

CONNECT_TIMEOUT, HANDSHAKE_TIMEOUT = 10.0, 6.0  # seconds; the second is a part of the first
MAX_HEAD = 64 * 1024  # bytes before the body of an answer, interim answers included, and as many behind it
# Seconds, and connections, for which it is left to the destination to close: whoever does so first cannot use that
# port for a minute, and this side has only so many of them.
LINGER, MOST_LINGERING = 1.0, 16


class NotConnected(Exception):
    """Why no connection came about, so that nothing was sent."""


class Broken(Exception):
    """Why no answer came over a connection that stood."""


class Connections:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._lingering = 0
        self._tls: ssl.SSLContext | None = None

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    async def attempt(
        self, target: Target, address: str, request: bytes, limit: int, rest: Iterable[bytes] = ()
    ) -> Outcome:
        """What came of a request, with at most ``limit`` bytes of the answer's body.

        ``rest`` is what follows ``request``, each part taken when the destination has taken the last one.

        Raises NotConnected, or Broken for what happened after that.
        """
        connection = await self._connect(target, address)
        try:
            return await connection.attempt(request, limit, rest)
        finally:
            self._end(connection)

    async def aclose(self) -> None:
        for connection in self._open:
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in self._open))

    async def _connect(self, target: Target, address: str) -> "Connection":
        tls: dict[str, Any] = {}
        if target.scheme == "https":
            name = target.host.rstrip(".")
            tls = {"ssl": self._trusting(), "server_hostname": name, "ssl_handshake_timeout": HANDSHAKE_TIMEOUT}
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(target), address, target.port, **tls
                )
        except (OSError, ValueError) as error:
            raise NotConnected(explaining.no_connection(error, target, CONNECT_TIMEOUT)) from error
        self._open.add(connection)
        connection.lost.add_done_callback(lambda _: self._open.discard(connection))
        return connection

    def _trusting(self) -> ssl.SSLContext:
        if self._tls is None:
            import httpx

            # Reads the certificates of all authorities, which takes a while: only once somebody needs it.
            self._tls = httpx.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _end(self, connection: "Connection") -> None:
        if not connection.is_over or self._lingering == MOST_LINGERING:
            connection.abort()
            return
        self._lingering += 1
        timer = asyncio.get_running_loop().call_later(LINGER, connection.abort)
        connection.lost.add_done_callback(lambda _: self._closed(timer))

    def _closed(self, timer: asyncio.TimerHandle) -> None:
        timer.cancel()
        self._lingering -= 1


class Connection(asyncio.Protocol):
    """For one attempt. The methods that start with ``on_`` are called by the parser."""

    def __init__(self, target: Target) -> None:
        loop = asyncio.get_running_loop()
        self._target = target
        self.lost: asyncio.Future[None] = loop.create_future()
        self.is_over: bool = False
        """Whether all was sent, all of the answer came, and nothing is left but to close."""
        self._outcome: asyncio.Future[Outcome] = loop.create_future()
        self._writable: asyncio.Future[None] | None = None  # while the destination takes nothing more
        self._limit = 0
        self._is_asked = False
        self._parser = httptools.HttpResponseParser(self)
        # Destinations under development are one line of shell at times, and end theirs as the shell does.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)
        self._begin = b""
        self._beside = 0  # bytes since the answer began, or since the last of its body
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._in_body = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_complete = False

    async def attempt(self, request: bytes, limit: int, rest: Iterable[bytes] = ()) -> Outcome:
        if self._transport.is_closing():
            raise Broken(explaining.lost(None, self._target, is_silent=True))
        self._limit = limit
        self._is_asked = True
        self._transport.write(request)
        is_sent = await self._send(rest)
        outcome = await self._outcome
        self.is_over = is_sent and self._is_complete and not self._transport.get_write_buffer_size()
        return outcome

    async def _send(self, rest: Iterable[bytes]) -> bool:
        """Whether all was sent. An answer that does not wait for that is the answer."""
        for part in rest:
            if self._writable is not None:
                await asyncio.wait((self._writable, self._outcome), return_when=asyncio.FIRST_COMPLETED)
            if self._outcome.done() or self._transport.is_closing():
                return False
            self._transport.write(part)
        return True

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_asked or self._outcome.done():
            # Something else than the answer: whatever it is, nobody asked for it.
            self.abort()
            return
        self._begin = self._begin or data[:16]
        self._beside += len(data)
        error: Exception | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            error = Broken("the destination switched to another protocol; answer a delivery with HTTP")
        except httptools.HttpParserError as broken:
            error = Broken(explaining.not_http(self._begin, str(broken)))
        if self._is_complete or (self._in_body and self._size >= self._limit):
            self._succeed()
        elif error is not None:
            self._outcome.set_exception(error)
        elif self._beside > MAX_HEAD:
            why = f"the headers or trailers of the answer are larger than {MAX_HEAD} bytes; send fewer of them"
            self._outcome.set_exception(Broken(why))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)
        if not self._is_asked or self._outcome.done():
            return
        # The end of the connection is how a body ends whose length was not told.
        if exc is None and self._in_body and not self._is_framed():
            self._succeed()
        else:
            why = explaining.lost(exc, self._target, is_silent=not self._begin)
            self._outcome.set_exception(Broken(why))

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those after a body come here as well.
        if not self._in_body:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if not self._in_body:
            self._status = self._parser.get_status_code()
            self._in_body = not 100 <= self._status < 200

    def on_body(self, body: bytes) -> None:
        if not self._is_complete:
            self._chunks.append(body)
            self._size += len(body)
            self._beside = 0

    def on_message_complete(self) -> None:
        if self._in_body:
            self._is_complete = True
        else:
            # An interim answer; the one that counts follows.
            self._headers.clear()

    def _is_framed(self) -> bool:
        return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in self._headers)

    def _succeed(self) -> None:
        self._outcome.set_result(outcome_of(self._status, self._headers, b"".join(self._chunks), self._limit))
