"""From a host to the addresses that may be connected to: asked for at every attempt, each one checked.

The connection then goes to a checked address, so that no second look-up can lead elsewhere.
"""

import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple, TypeAlias

from .addresses import Network, reached, refusal

_ELSEWHERE = "check how it is spelled, or deliver it elsewhere with --rewrite"
LookUp: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, best first. Raises OSError, or UnicodeError for what can be no name."""


class Listener(NamedTuple):
    """Where this server itself is listening; nothing is delivered there."""

    host: str  # an address, perhaps the unspecified one
    port: int


class Unreachable(Exception):
    """Why nothing is delivered to a host, as its publisher may know it."""


class Resolver:
    def __init__(self, network: Network, listener: Listener | None, look_up: LookUp) -> None:
        self._network: Network = network
        self._listener = listener
        self._look_up = look_up

    async def addresses(self, host: str, port: int) -> list[str]:
        """Those that may be connected to, one at least. Raises Unreachable."""
        refused = ""
        allowed: list[str] = []
        for address in dict.fromkeys(await self._found(host, port)):
            why = refusal(address, self._network) or self._own(address, port)
            if why is None:
                allowed.append(address)
            else:
                refused = f"not delivered to {address}: {why}"
        if not allowed:
            raise Unreachable(refused or f"the host {host} has no address; {_ELSEWHERE}")
        return allowed

    async def _found(self, host: str, port: int) -> Sequence[str]:
        if _is_address(host):
            return [host]
        try:
            return await self._look_up(host, port)
        except OSError as error:
            raise Unreachable(f"the host {host} was not found: {error.strerror}; {_ELSEWHERE}") from error
        # A label that is empty or too long never reaches the resolver.
        except UnicodeError as error:
            raise Unreachable(f"the host {host[:100]} was not found: it is no host name") from error

    def _own(self, address: str, port: int) -> str | None:
        if self._listener is None or port != self._listener.port or not _listens_on(self._listener.host, address):
            return None
        return "this server would deliver to itself; publish to the address of your app"


@lru_cache(maxsize=256)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _listens_on(host: str, address: str) -> bool:
    there = reached(address)
    if not ip_address(host).is_unspecified:
        return there == reached(host)
    family = socket.AF_INET if there.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(there), 0))
        except OSError:
            return False
    # Only an address of this machine can be bound.
    return True
