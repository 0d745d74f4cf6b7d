"""HTTP as uvicorn speaks it with ``httptools``, and what that leaves to whoever stands in front of it.

There is nobody in front: heads and trailers without end are cut off here, clients that do not get on are hung up on,
trailers are no headers, and the target of a request, which holds a destination, stays byte for byte as it came.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .clients import Clients

# A server that knows what it was asked refuses less than this with a better word.
MAX_HEAD = 64 * 1024
# Requests that came before the one ahead of them was answered, which hardly any client does.
MOST_PIPELINED = 16
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 32\r\nretry-after: 1\r\n"
    b'connection: close\r\n\r\n{"error":"too many connections"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that a client may take."""

    head: float = 10.0  # until the head of a request is there, from its start or that of the connection
    body: float = 60.0  # until the body is there after that, or until an answer is taken
    idle: float = 15.0  # until the next request


class Protocol(HttpToolsProtocol):
    _in_head = False
    _gets_on = False  # with what came last a request began, or some of its body came, or its end
    _beside = 0  # bytes since then
    _body_until = 0.0

    def __init__(self, clients: Clients, patience: Patience, log: logging.Logger, **from_uvicorn: Any) -> None:
        super().__init__(**from_uvicorn)
        self.logger = log
        self.address: str = ""
        self._clients = clients
        self._patience = patience

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        now = self.loop.time()
        if not self._clients.admit(self, now, now + self._patience.head):
            transport.write(_BUSY)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.leave(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._gets_on = False
        super().data_received(data)
        self._beside = 0 if self._gets_on else self._beside + len(data)
        if self._beside > MAX_HEAD and not self.transport.is_closing():
            if self._in_head:
                self.send_400_response("The head of the request is too large.")
            else:
                self.transport.close()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("too many requests at once")  # for the parser, which is made to stop
        self._in_head = self._gets_on = True
        if self._is_idle():
            self._wait(self._patience.head)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes behind a body was not there when the head was looked at.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._body_until = self.loop.time() + self._patience.body
        self._wait(self._patience.body)
        super().on_headers_complete()
        self.scope["raw_path"], _, self.scope["query_string"] = self.url.partition(b"?")

    def on_body(self, body: bytes) -> None:
        self._gets_on = True
        self._clients.wait(self, self.loop.time(), self._body_until)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._gets_on = True
        super().on_message_complete()
        if self._is_idle():
            self._rest()
        elif not self.flow.write_paused:
            self._clients.serve(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_idle() and not self.cycle.more_body:
            self._rest()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(self._patience.body)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._is_idle():
            self._rest()
        elif not self.cycle.more_body:
            self._clients.serve(self)

    def _is_idle(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's annotation says
        return cycle is None or bool(cycle.response_complete)

    def _rest(self) -> None:
        """Until the next request, or until the answer is taken."""
        self._wait(self._patience.body if self.transport.get_write_buffer_size() else self._patience.idle)

    def _wait(self, seconds: float) -> None:
        now = self.loop.time()
        self._clients.wait(self, now, now + seconds)
