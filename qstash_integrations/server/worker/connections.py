"""Connections to destinations, each lent to one delivery at a time and kept for a moment after it.

Two hosts at one address share none: the certificate was checked for one of them only.
"""

import asyncio
import ssl
from typing import NamedTuple

from .connection import Answer, Exchange

CONNECT_TIMEOUT = 10.0
# Shorter than servers keep an idle connection: one that they just closed would cost a delivery its attempt.
KEEP_ALIVE = 1.0


class Origin(NamedTuple):
    scheme: str
    host: str  # whose name a certificate must have
    address: str
    port: int


class NotConnected(Exception):
    """No connection came about, so nothing was sent. The cause says why."""


class _Idle(NamedTuple):
    connection: Exchange
    since: float


class Connections:
    """Belongs to one event loop. ``keep_alive`` is in seconds."""

    def __init__(self, keep_alive: float = KEEP_ALIVE) -> None:
        self._keep_alive = keep_alive
        self._idle: dict[Origin, list[_Idle]] = {}
        self._all: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None

    async def exchange(self, origin: Origin, request: bytes, limit: int) -> Answer:
        """The answer to a request. Raises NotConnected, or Broken or OSError for what happened after that."""
        if origin in self._idle:
            # A turn of the event loop, in which it notices those that were closed at the other end.
            await asyncio.sleep(0)
        connection = self._idle_one(origin) or await self._connect(origin)
        answer = await connection(request, limit)
        if connection.is_open:
            self._keep(origin, connection)
        return answer

    async def aclose(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._idle.clear()
        for connection in self._all:
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in self._all))

    def _idle_one(self, origin: Origin) -> Exchange | None:
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop().connection
            if connection.is_open:
                return connection
        return None

    async def _connect(self, origin: Origin) -> Exchange:
        tls, name = (self._trusting(), origin.host.rstrip(".")) if origin.scheme == "https" else (None, None)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Exchange, origin.address, origin.port, ssl=tls, server_hostname=name
                )
        except TimeoutError as error:
            raise NotConnected(f"no connection within {CONNECT_TIMEOUT:g} s") from error
        except (OSError, ValueError) as error:
            raise NotConnected(str(error)) from error
        self._all.add(connection)
        connection.lost.add_done_callback(lambda _: self._all.discard(connection))
        return connection

    def _trusting(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reads the certificates of all authorities, which takes a while: only once somebody needs it.
            import httpx

            self._tls = httpx.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _keep(self, origin: Origin, connection: Exchange) -> None:
        loop = asyncio.get_running_loop()
        self._idle.setdefault(origin, []).append(_Idle(connection, loop.time()))
        if self._timer is None:
            self._timer = loop.call_later(self._keep_alive, self._end_idle)

    def _end_idle(self) -> None:
        """Close what has been idle for long enough: the oldest stand first."""
        loop = asyncio.get_running_loop()
        before = loop.time() - self._keep_alive
        for origin, idle in list(self._idle.items()):
            while idle and idle[0].since <= before:
                idle.pop(0).connection.close()
            if not idle:
                del self._idle[origin]
        oldest = min((idle[0].since for idle in self._idle.values()), default=None)
        self._timer = None if oldest is None else loop.call_at(oldest + self._keep_alive, self._end_idle)
