# Made of _async/network.py by tools/unasync.py: change that one, and run it.
"""A network in which whatever is done for one answer ends at one moment.

The limits of httpx are each for one read: an answer that trickles, or one that is announced again and again (HTTP 100),
would go on for ever.
"""

import math
import time
from typing import Any

import httpcore
import httpx

_HELD_BYTES = 64 * 1024  # more is not copied to save one packet


class TimedNetwork(httpcore.NetworkBackend):
    """Stands between a transport and what it has connected with before."""

    def __init__(self, transport: httpx.HTTPTransport) -> None:
        self.ends_at = math.inf
        """As ``time.monotonic`` counts."""
        pool: Any = getattr(transport, "_pool", None)
        self._inner: Any = getattr(pool, "_network_backend", None)
        if self._inner is not None:
            pool._network_backend = self

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> "TimedStream":
        limit = self.left(timeout)
        return TimedStream(self._inner.connect_tcp(host, port, limit, local_address, socket_options), self)

    def left(self, timeout: float | None) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return left if timeout is None else min(timeout, left)


class TimedStream(httpcore.NetworkStream):
    """Sends a request of the usual size in one go: its head waits for its body."""

    def __init__(self, stream: Any, network: TimedNetwork) -> None:
        self._stream = stream
        self._network = network
        self._held = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:
            self.write(b"", timeout)
        found: bytes = self._stream.read(max_bytes, self._network.left(timeout))
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The library ends every request by writing nothing.
        if buffer and len(self._held) + len(buffer) <= _HELD_BYTES:
            self._held += buffer
            return
        held, self._held = self._held, b""
        for part in (held, buffer):
            if part:
                self._stream.write(part, self._network.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "TimedStream":
        limit = self._network.left(timeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, limit), self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
