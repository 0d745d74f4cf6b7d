"""Connections to the QStash API: one set per process, or per event loop, opened when first needed.

Nothing of the HTTP library leaves this module: what it raises becomes a ``Lost``. A process has locks of its own: one
that another thread holds at the moment of a fork would stay locked in the child for ever.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from typing import Any
from urllib.request import getproxies
from weakref import finalize

import httpx

from ..errors import ConfigurationError
from ..hosts import is_loopback
from ._async.connections import CONNECTIONS, KEPT_FOR, AsyncLines, Lines, timeout_of
from .call import APIRequest, Outcome
from .http import aread, checked, headers_of, library_of, lost, read


class Pool:
    """The connections of a ``QStash``. They close with it, or with the process."""

    def __init__(self, timeout: float, client: Any = None) -> None:
        self._timeout = timeout
        self._given = None if client is None else _Client(_checked(client, "Client"))
        self._opened: dict[int, tuple[_Client | Lines, finalize[..., Any]]] = {}

    def send(self, request: APIRequest) -> Outcome:
        return (self._given or self._connections(request)).send(request)

    def close(self) -> None:
        opened = self._opened.pop(os.getpid(), None)
        if opened is not None:
            opened[1]()

    def _connections(self, request: APIRequest) -> "_Client | Lines":
        # After a fork the parent's sockets are here as well, and still the parent's.
        process = os.getpid()
        opened = self._opened.get(process)
        if opened is None:
            made = (
                _Client(httpx.Client(**_options(self._timeout)))
                if _is_behind_proxy(request)
                else Lines(request, self._timeout)
            )
            new = made, finalize(self, _close, process, made)
            opened = self._opened.setdefault(process, new)
            if opened is not new:
                new[1]()
        return opened[0]


class AsyncPool:
    """The connections of an ``AsyncQStash``. An event loop that ends closes its own."""

    def __init__(self, timeout: float, client: Any = None) -> None:
        self._timeout = timeout
        self._given = None if client is None else _AsyncClient(_checked(client, "AsyncClient"))
        # One loop runs in one thread, so nobody else opens the connections of a loop.
        self._opened: dict[Any, tuple[_AsyncClient | AsyncLines, AsyncGenerator[None]]] = {}

    async def send(self, request: APIRequest) -> Outcome:
        return await (self._given or await self._connections(request)).send(request)

    async def aclose(self) -> None:
        opened = self._opened.get(_running_loop())
        if opened is not None:
            await opened[1].aclose()

    async def _connections(self, request: APIRequest) -> "_AsyncClient | AsyncLines":
        loop = _running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            self._forget_closed_loops()
            made = (
                _AsyncClient(httpx.AsyncClient(**_options(self._timeout)))
                if _is_behind_proxy(request)
                else AsyncLines(request, self._timeout)
            )
            opened = self._opened[loop] = made, self._owner(loop, made)
            # Up to its yield it does not wait, so no other task comes between.
            await anext(opened[1])
        return opened[0]

    def _forget_closed_loops(self) -> None:
        """Those that were closed without ``shutdown_asyncgens``; their sockets cannot be closed any more."""
        for loop in list(self._opened):
            if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed():
                self._opened.pop(loop, None)

    async def _owner(self, loop: Any, made: "_AsyncClient | AsyncLines") -> AsyncGenerator[None]:
        """Suspended as long as the event loop runs: what ends the loop ends this, and so closes the connections.

        A cycle with the pool, on purpose. What is dropped when the last coroutine ends would be closed by a task that
        ``asyncio.run`` cancels at once; so it stays until the loop, or the garbage collector before that, ends it.
        """
        try:
            yield
        finally:
            self._opened.pop(loop, None)
            await made.aclose()


class _Client:
    """A client of the HTTP library: the caller's own, with whatever it is set to, or one that knows the proxies."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._library = library_of(client)

    def send(self, request: APIRequest) -> Outcome:
        try:
            built = _built(self._client, request)
            return read(self._client.send(built, stream=True, auth=None, follow_redirects=False))
        except self._library.HTTPError as error:
            return lost(error, self._library)

    def close(self) -> None:
        self._client.close()


class _AsyncClient:
    def __init__(self, client: Any) -> None:
        self._client = client
        self._library = library_of(client)

    async def send(self, request: APIRequest) -> Outcome:
        try:
            built = _built(self._client, request)
            return await aread(await self._client.send(built, stream=True, auth=None, follow_redirects=False))
        except self._library.HTTPError as error:
            return lost(error, self._library)

    async def aclose(self) -> None:
        await self._client.aclose()


def _built(client: Any, request: APIRequest) -> Any:
    return checked(
        client.build_request(request.method, request.url, headers=headers_of(request), content=request.body), request
    )


def _is_behind_proxy(request: APIRequest) -> bool:
    # A proxy for the outer world cannot reach this machine's own server.
    return not is_loopback(request.url) and not getproxies().keys().isdisjoint(("http", "https", "all"))


def _options(timeout: float) -> dict[str, Any]:
    # As many connections are kept as may be open: with fewer, bursts would pay for new ones again and again.
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEPT_FOR)
    return {"timeout": timeout_of(timeout), "limits": limits}


def _running_loop() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
        if trio is None:
            raise
        return trio.lowlevel.current_trio_token()


def _close(process: int, made: _Client | Lines) -> None:
    if process == os.getpid():
        made.close()


def _checked(client: Any, wanted: str) -> Any:
    if not isinstance(client, getattr(library_of(client), wanted)):
        kind = type(client).__name__
        raise ConfigurationError(f"http_client is of {kind}, but QStash takes a Client and AsyncQStash an AsyncClient")
    return client
