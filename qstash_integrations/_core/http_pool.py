"""Connections to the QStash API: one HTTP client per process, or per event loop, opened when first needed.

Nothing of the HTTP library leaves this module: what it raises becomes a ``Lost``. There are no locks: one that another
thread holds at the moment of a fork would stay locked in the child for ever.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from typing import Any
from weakref import finalize

from .errors import ConfigurationError
from .exchange import Lost, Outcome, Request, Response
from .http_library import httpx, library_of
from .settings import is_loopback

# As many connections are kept as may be open: with fewer, bursts would pay for new ones again and again.
_CONNECTIONS = 100
_KEPT_FOR = 30.0  # seconds without use
_CONNECT_WITHIN = 5.0  # seconds
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes, unpacked


class Pool:
    """The connections of a ``QStash``. They close with it, or with the process."""

    def __init__(self, timeout: float, client: Any = None) -> None:
        _check(client, "Client")
        self._timeout = timeout
        self._given = client
        self._opened: dict[int, tuple[Any, finalize[..., Any]]] = {}

    def send(self, request: Request) -> Outcome:
        client = self._given or self._client(request)
        library = library_of(client)
        try:
            response = client.send(_built(client, request), stream=True, auth=None, follow_redirects=False)
            try:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        return _TOO_LARGE
                return _response(response, body)
            finally:
                response.close()
        except library.HTTPError as error:
            return _lost(error, library)

    def close(self) -> None:
        opened = self._opened.pop(os.getpid(), None)
        if opened is not None:
            opened[1]()

    def _client(self, request: Request) -> Any:
        # After a fork the parent's sockets are here as well, and still the parent's.
        process = os.getpid()
        opened = self._opened.get(process)
        if opened is None:
            client = httpx.Client(**_options(request, self._timeout))
            new = client, finalize(self, _close, process, client)
            opened = self._opened.setdefault(process, new)
            if opened is not new:
                new[1]()
        return opened[0]


class AsyncPool:
    """The connections of an ``AsyncQStash``. An event loop that ends closes its own."""

    def __init__(self, timeout: float, client: Any = None) -> None:
        _check(client, "AsyncClient")
        self._timeout = timeout
        self._given = client
        # One loop runs in one thread, so nobody else opens the client of a loop.
        self._opened: dict[Any, tuple[Any, AsyncGenerator[None]]] = {}

    async def send(self, request: Request) -> Outcome:
        client = self._given or await self._client(request)
        library = library_of(client)
        try:
            response = await client.send(_built(client, request), stream=True, auth=None, follow_redirects=False)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        return _TOO_LARGE
                return _response(response, body)
            finally:
                await response.aclose()
        except library.HTTPError as error:
            return _lost(error, library)

    async def aclose(self) -> None:
        opened = self._opened.get(_running_loop())
        if opened is not None:
            await opened[1].aclose()

    async def _client(self, request: Request) -> Any:
        loop = _running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            self._forget_closed_loops()
            client = httpx.AsyncClient(**_options(request, self._timeout))
            opened = self._opened[loop] = client, self._owner(loop, client)
            # Up to its yield it does not wait, so no other task comes between.
            await anext(opened[1])
        return opened[0]

    def _forget_closed_loops(self) -> None:
        """Those that were closed without ``shutdown_asyncgens``; their sockets cannot be closed any more."""
        for loop in list(self._opened):
            if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed():
                self._opened.pop(loop, None)

    async def _owner(self, loop: Any, client: Any) -> AsyncGenerator[None]:
        """Suspended as long as the event loop runs: what ends the loop ends this, and so closes the client.

        A cycle with the pool, on purpose. What is dropped when the last coroutine ends would be closed by a task that
        ``asyncio.run`` cancels at once; so it stays until the loop, or the garbage collector before that, ends it.
        """
        try:
            yield
        finally:
            self._opened.pop(loop, None)
            await client.aclose()


def _running_loop() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
        if trio is None:
            raise
        return trio.lowlevel.current_trio_token()


def _close(process: int, client: Any) -> None:
    if process == os.getpid():
        client.close()


def _options(request: Request, timeout: float) -> dict[str, Any]:
    return {
        "timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT_WITHIN)),
        "limits": httpx.Limits(
            max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_KEPT_FOR
        ),
        # A proxy for the outer world cannot reach this machine's own server.
        "trust_env": not is_loopback(request.url),
    }


def _built(client: Any, request: Request) -> Any:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers]
    built = client.build_request(request.method, request.url, headers=headers, content=request.body)
    del headers  # error trackers print the locals of raising frames
    # QStash signs the destination as it arrives: a library that tidies it up would break every signature, or make
    # another API call of it.
    path = request.url.partition("://")[2].partition("/")[2]
    if built.url.raw_path != b"/" + path.encode("ascii", "replace"):
        raise ValueError("the HTTP library would change the path of this API call: check QSTASH_URL, then destination")
    return built


def _response(response: Any, body: bytearray) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, bytes(body), headers)


_TOO_LARGE = Lost(f"an answer of more than {LARGEST_ANSWER} bytes", hopeless=True)


def _lost(error: Exception, library: Any) -> Lost:
    name = type(error).__name__
    if isinstance(error, library.LocalProtocolError | library.UnsupportedProtocol):
        # Without its text: it may quote a header.
        return Lost(name, hopeless=True)
    return Lost(f"{name}: {error}" if str(error) else name)


def _check(client: Any, wanted: str) -> None:
    if client is not None and not isinstance(client, getattr(library_of(client), wanted)):
        kind = type(client).__name__
        raise ConfigurationError(f"http_client is of {kind}, but QStash takes a Client and AsyncQStash an AsyncClient")
