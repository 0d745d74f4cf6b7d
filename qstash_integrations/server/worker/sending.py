"""One signed request over HTTP, exactly as it was signed, and what came back.

Keeps no cookies, follows no redirects, knows no proxies and decodes nothing.
"""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncGenerator
from typing import cast

from ..._core.http_library import httpx
from ..delivery import SignedRequest, no_answer, outcome_of
from ..model import Outcome
from .addresses import Network
from .connections import KEEP_ALIVE, Connections, Origin
from .resolving import Listener, LookUp, Resolver, Unreachable, look_up
from .target import Rewrites, Target

CONNECT_TIMEOUT = 10.0


class Sender:
    """Delivers to the addresses that ``network`` allows, and to where ``rewrites`` lead. Belongs to one event loop."""

    def __init__(
        self,
        network: Network,
        listener: Listener | None = None,
        *,
        rewrites: Rewrites | None = None,
        keep_alive: float = KEEP_ALIVE,
        look_up: LookUp = look_up,
    ) -> None:
        self._resolver = Resolver(network, listener, look_up)
        # Whoever starts the server names the place of a rewrite, and no publisher does: it may be a private one.
        self._rewritten = Resolver("local", listener, look_up)
        self._rewrites = rewrites or Rewrites()
        self._connections = Connections(keep_alive)

    async def send(self, request: SignedRequest, *, seconds: float, limit: int) -> Outcome:
        """What came of the request within ``seconds`` in all; at most ``limit`` bytes of its answer."""
        try:
            async with asyncio.timeout(seconds):
                return await self._to_first_reachable(request, limit)
        except TimeoutError:
            return no_answer(f"timeout: no complete answer within {seconds:g} s")
        except Unreachable as error:
            return no_answer(str(error))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return no_answer(_reason(error))

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _to_first_reachable(self, request: SignedRequest, limit: int) -> Outcome:
        target, resolver = Target.of(request.url), self._resolver
        if elsewhere := self._rewrites.applied(target):
            target, resolver = elsewhere, self._rewritten
        *others, last = await resolver.addresses(target.host, target.port)
        for address in others:
            # Nothing was sent when no connection came about, so another address is no second delivery.
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._to(address, request, target, limit)
        return await self._to(last, request, target, limit)

    async def _to(self, address: str, request: SignedRequest, target: Target, limit: int) -> Outcome:
        async with self._connections.one_to(Origin(target.scheme, target.host, address, target.port)) as transport:
            answer = await transport.handle_async_request(_request(address, request, target))
            try:
                body = await _start_of(answer, limit)
            finally:
                await answer.aclose()
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw]
        return outcome_of(answer.status_code, fields, body, limit)


def _request(address: str, request: SignedRequest, target: Target) -> httpx.Request:
    headers = [("Host", target.authority), *request.headers]
    if "accept-encoding" not in {name.lower() for name, _ in request.headers}:
        headers.append(("Accept-Encoding", "identity"))
    return httpx.Request(
        request.method,
        f"{target.scheme}://{f'[{address}]' if ':' in address else address}:{target.port}/",
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        content=request.body,
        extensions={
            # The library would rewrite the path; what was signed has to arrive.
            "target": target.path.encode("ascii"),
            "sni_hostname": target.host.rstrip("."),
            "timeout": {"connect": CONNECT_TIMEOUT},
        },
    )


async def _start_of(answer: httpx.Response, limit: int) -> bytes:
    """The body as it was sent, encoded or not; little more than ``limit`` bytes are read of it."""
    body = b""
    async with contextlib.aclosing(cast("AsyncGenerator[bytes]", answer.aiter_raw())) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) >= limit:
                break
    return body


def _reason(error: BaseException) -> str:
    """The innermost cause that says something, as people know it: 'Connection refused'."""
    text = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {cause.verify_message}"
        text = (os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(cause)) or text
        cause = cause.__cause__ or cause.__context__
    return text or type(error).__name__
