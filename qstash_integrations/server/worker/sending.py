"""One signed request over HTTP, exactly as it was signed, and what came back.

Keeps no cookies, follows no redirects, knows no proxies and decodes nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import TypeAlias

from ..attempt import SignedRequest, no_answer
from ..model import Outcome
from .addresses import Network
from .connection import Broken, Connections, NotConnected
from .names import Names
from .resolving import Listener, LookUp, Resolver, Unreachable
from .target import Rewrites, Target

# Those that say how long their body is even when there is none.
_WITH_BODY = ("POST", "PUT", "PATCH")
Body: TypeAlias = Callable[[], Iterable[bytes]]
"""Reads a body, in parts, from its beginning."""
_SOONER = "answer sooner, or give it more time with Upstash-Timeout"


class Sender:
    """Delivers to the addresses that ``network`` allows, and to where ``rewrites`` lead. Belongs to one event loop."""

    def __init__(
        self,
        network: Network,
        listener: Listener | None = None,
        *,
        rewrites: Rewrites | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        self._names = Names()
        look_up = look_up or self._names.look_up
        self._resolver = Resolver(network, listener, look_up)
        # Whoever starts the server names the place of a rewrite, and no publisher does: it may be a private one.
        self._rewritten = Resolver("local", listener, look_up)
        self._rewrites = rewrites or Rewrites()
        self._connections = Connections()

    async def send(self, request: SignedRequest, *, seconds: float, limit: int, body: Body | None = None) -> Outcome:
        """What came of the request within ``seconds`` in all; at most ``limit`` bytes of its answer.

        ``body`` reads a body that the request has not with it.
        """
        parts = body or (lambda: (request.body,))
        try:
            async with asyncio.timeout(seconds):
                return await self._to_first_reachable(request, limit, parts)
        except TimeoutError:
            return no_answer(f"timeout: no complete answer within {seconds:g} s; {_SOONER}")
        except (Unreachable, NotConnected, Broken, ValueError) as error:
            return no_answer(str(error))

    async def aclose(self) -> None:
        await self._names.aclose()
        await self._connections.aclose()

    async def _to_first_reachable(self, request: SignedRequest, limit: int, body: Body) -> Outcome:
        target, resolver = Target.of(request.url), self._resolver
        if elsewhere := self._rewrites.applied(target):
            target, resolver = elsewhere, self._rewritten
        *others, last = await resolver.addresses(target.host, target.port)
        for address in others:
            # Nothing was sent when no connection came about, so another address is no second delivery.
            with contextlib.suppress(NotConnected):
                return await self._to(address, request, target, limit, body)
        return await self._to(last, request, target, limit, body)

    async def _to(self, address: str, request: SignedRequest, target: Target, limit: int, body: Body) -> Outcome:
        head = _head(request, target)
        if request.unread:
            return await self._connections.attempt(target, address, head, limit, body())
        return await self._connections.attempt(target, address, head + request.body, limit)


def _head(request: SignedRequest, target: Target) -> bytes:
    """What goes over the wire before the body: the path and the headers byte for byte as they were published."""
    lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {target.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if not any(name.lower() == "accept-encoding" for name, _ in request.headers):
        lines.append("Accept-Encoding: identity")
    length = request.unread or len(request.body)
    if length or request.method in _WITH_BODY:
        lines.append(f"Content-Length: {length}")
    head = "\r\n".join(lines)
    # All of it was checked when it was published; what got past that must not become a header of its own.
    if not head.count("\r") == head.count("\n") == len(lines) - 1 or "\0" in head:
        raise ValueError("the request has a line break in a header")
    return head.encode("latin-1") + b"\r\n\r\n"
