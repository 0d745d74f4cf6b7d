"""Connections to destinations, each lent to one delivery at a time and kept for a moment after it.

Each has a transport of its own: a pool of the library looks at all its connections for every request, and takes two
hosts at one address for the same, although the certificate was checked for one of them only.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from ..._core.http_library import httpx

# Shorter than servers keep an idle connection: one that they just closed would cost a delivery its attempt.
KEEP_ALIVE = 1.0


class Origin(NamedTuple):
    scheme: str
    host: str  # whose name a certificate must have
    address: str
    port: int


class _Idle(NamedTuple):
    transport: httpx.AsyncHTTPTransport
    since: float


class Connections:
    """Belongs to one event loop. ``keep_alive`` is in seconds."""

    def __init__(self, keep_alive: float = KEEP_ALIVE) -> None:
        self._keep_alive = keep_alive
        self._idle: dict[Origin, list[_Idle]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._nothing_trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def one_to(self, origin: Origin) -> AsyncGenerator[httpx.AsyncHTTPTransport]:
        """A transport that nobody else uses; it connects when there is no connection yet."""
        idle = self._idle.get(origin)
        transport = idle.pop().transport if idle else self._new(origin.scheme)
        try:
            yield transport
        except BaseException:
            await transport.aclose()
            raise
        loop = asyncio.get_running_loop()
        self._idle.setdefault(origin, []).append(_Idle(transport, loop.time()))
        loop.call_later(self._keep_alive, self._end_idle, origin)

    async def aclose(self) -> None:
        idle = [one for kept in self._idle.values() for one in kept]
        self._idle.clear()
        for one in idle:
            await one.transport.aclose()
        await asyncio.gather(*self._ending)

    def _new(self, scheme: str) -> httpx.AsyncHTTPTransport:
        if scheme == "https":
            # Reads the certificates of all authorities, which takes a while: only once somebody needs it.
            self._tls = self._tls or httpx.create_ssl_context()
        return httpx.AsyncHTTPTransport(
            verify=self._tls if scheme == "https" and self._tls else self._nothing_trusted,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._keep_alive),
        )

    def _end_idle(self, origin: Origin) -> None:
        """Close what has been idle for long enough: the oldest stand first."""
        idle = self._idle.get(origin, [])
        before = asyncio.get_running_loop().time() - self._keep_alive
        while idle and idle[0].since <= before:
            task = asyncio.create_task(idle.pop(0).transport.aclose())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        if not idle:
            self._idle.pop(origin, None)
