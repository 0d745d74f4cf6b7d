"""Bytes to a socket, and the answers that come back: nothing is added, corrected or joined on the way."""

import select
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

PATIENCE = 30.0  # seconds; whoever has answered nothing by then hangs


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._received = self._socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._received.close()
        self._socket.close()

    def send(self, *parts: bytes) -> None:
        """Write as much as the server takes: it may answer and close before it has read all."""
        try:
            for part in parts:
                self._socket.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            return

    def hang_up(self) -> None:
        """Say that no more will come, and still listen."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:  # the server was first
            return

    def reset(self) -> None:
        """Be gone at once, as when a machine loses its network."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__(None, None, None)

    def is_answered(self, within: float) -> bool:
        """Whether something has come back before ``within`` seconds have passed."""
        return bool(select.select([self._socket], [], [], within)[0])

    def answer(self, method: str = "POST") -> Answer | None:
        """The next answer to a request of that method, or None when the server has closed instead."""
        try:
            answer = self._answer(method)
        except ConnectionResetError:
            return None
        if answer is not None and answer.headers.get("connection") == "close":
            # Some servers read on until the client has closed as well.
            self.hang_up()
        return answer

    def answers(self, methods: Sequence[str] = ()) -> list[Answer]:
        """All answers until the server closes; ``methods`` are those of the first requests, POST of the others."""
        received: list[Answer] = []
        while True:
            final = sum(answer.status >= 200 for answer in received)
            answer = self.answer(methods[final] if final < len(methods) else "POST")
            if answer is None:
                return received
            received.append(answer)

    def _answer(self, method: str) -> Answer | None:
        first = self._received.readline()
        if not first.startswith(b"HTTP/"):
            # Nothing, or a page without a head: of what is no request at all some servers think that it is HTTP/0.9.
            self._received.read()
            return None
        status = int(first.split()[1])
        headers: dict[str, str] = {}
        while (line := self._received.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if method == "HEAD" or status < 200 or status in (204, 304):
            return Answer(status, headers, b"")
        return Answer(status, headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._received.readline().split(b";")[0] or b"0", 16):
                body += self._received.read(size)
                self._received.readline()
            self._received.readline()
            return body
        if "content-length" in headers:
            return self._received.read(int(headers["content-length"]))
        return self._received.read()


def chunks(*parts: bytes) -> bytes:
    """The parts in the chunked coding, with the chunk that ends it."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
