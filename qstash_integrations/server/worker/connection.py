"""One HTTP/1.1 connection to a destination: a request out, its answer back, as far as the answer is worth keeping.

What comes unasked, does not end or breaks the rules costs the connection. The reading is ``httptools``'; a client
library on top takes longer than everything else that a delivery needs.

Spec: https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
from typing import NamedTuple, cast

import httptools

MAX_HEAD = 64 * 1024  # bytes before the body of an answer, interim answers included, and as many behind it
_HUNG_UP = "the destination hung up before its answer was complete"


class Broken(Exception):
    """Why no answer came over a connection that stood."""


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Exchange(asyncio.Protocol):
    """A connection, for one request at a time."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading: _Reading | None = None

    async def __call__(self, request: bytes, limit: int) -> Answer:
        """The answer to a whole request, at most ``limit`` bytes of its body. Raises Broken or OSError.

        The connection can be used again only if it ``is_open`` afterwards.
        """
        if not self.is_open:
            raise Broken(_HUNG_UP)
        reading = self._reading = _Reading(limit)
        self._transport.write(request)
        try:
            answer = await reading.answer
        except BaseException:
            self.abort()
            raise
        finally:
            self._reading = None
        # After an early answer the rest of the request would stand in front of the next one.
        if not reading.leaves_open or self._transport.get_write_buffer_size():
            self.abort()
        return answer

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._reading is None:
            # What nobody asked for would be taken for the answer to the next request.
            self.abort()
        else:
            self._reading.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reading is not None:
            self._reading.end(exc)
        self.lost.set_result(None)


class _Reading:
    """What has come of one answer. The methods that start with ``on_`` are called by the parser."""

    def __init__(self, limit: int) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.leaves_open = False
        self._limit = limit
        self._parser = httptools.HttpResponseParser(self)
        # Destinations under development are one line of shell at times, and end theirs as the shell does.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)
        self._beside = 0  # bytes since the answer began, or since the last of its body
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._in_body = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_complete = False

    def feed(self, data: bytes) -> None:
        if self.answer.done():
            # More than the answer: whatever it is, nobody asked for it.
            self.leaves_open = False
            return
        self._beside += len(data)
        error: Exception | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            error = Broken("the destination switched to another protocol")
        except httptools.HttpParserError as broken:
            error = Broken(f"the answer is not HTTP: {broken}")
        if self._is_complete or (self._in_body and self._size >= self._limit):
            self.leaves_open = self.leaves_open and error is None
            self._succeed()
        elif error is None and self._beside > MAX_HEAD:
            error = Broken(f"the headers or trailers of the answer are larger than {MAX_HEAD} bytes")
        if error is not None:
            self._fail(error)

    def end(self, error: Exception | None) -> None:
        """The connection is gone. That is how a body ends whose length was not told."""
        self.leaves_open = False
        if error is None and self._in_body and not self._is_framed():
            self._succeed()
        else:
            self._fail(error or Broken(_HUNG_UP))

    def on_message_begin(self) -> None:
        if self._is_complete:
            # The rest would be read into the next answer.
            self.leaves_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those after a body come here as well.
        if not self._in_body:
            self._headers.append((name, value))

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
        if not self._in_body:
            # An interim answer; the one that counts follows.
            self._headers.clear()
        elif not self._is_complete:
            self._is_complete = True
            self.leaves_open = self._parser.should_keep_alive()

    def _is_framed(self) -> bool:
        return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._headers)

    def _succeed(self) -> None:
        if not self.answer.done():
            self.answer.set_result(Answer(self._status, self._headers, b"".join(self._chunks)))

    def _fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
