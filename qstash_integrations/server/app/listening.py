"""The port that the server listens on, or one line about why it cannot."""

import errno
import os
import re
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from ..api import LOCAL_NAMES
from ..model import StartupError
from ..worker import Listener

BACKLOG = 128
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A socket that connections can be made to already."""

    socket: socket.socket
    host: str  # as it was asked for
    address: Listener

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.address.host).is_loopback

    @property
    def url(self) -> str:
        """Where a client on this machine finds the server, a browser among them: see ``Access``."""
        if ip_address(self.address.host).is_unspecified:
            host = "127.0.0.1"
        elif self.is_loopback and self.host.lower() != "localhost":
            host = self.address.host
        else:
            host = self.host
        return self.url_of(host)

    def url_of(self, host: str) -> str:
        """Where who knows this machine as ``host`` finds the server."""
        return f"http://{_in_url(host)}:{self.address.port}"

    def names(self, is_published: bool) -> frozenset[str] | None:
        """The hosts that requests may be addressed to; None for any.

        Beyond loopback nobody knows under which names others see this machine; there the token is a secret, which a
        page that let its own name point here does not have, unless it is a published one.
        """
        return LOCAL_NAMES | {_in_url(self.host).lower()} if is_published else None


@contextmanager
def listen(host: str, port: int) -> Generator[Bound]:
    """Bind and listen. Raises StartupError that names the address and what to do."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise StartupError(f"--host {host!r} is no address of this machine") from error
    # IPv4 first: "localhost" is where most clients look for it.
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    # With the protocol named, asyncio turns off the delay that would hold back the second half of each answer.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        if os.name == "posix":
            # A port whose last connections are still being forgotten is free.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen(BACKLOG)
        except OSError as error:
            raise StartupError(f"{host}:{port}: {_remedy(error)}") from error
        bound.setblocking(False)
        name = bound.getsockname()
        yield Bound(socket=bound, host=host, address=Listener(str(name[0]), int(name[1])))


def check_host(text: str) -> str:
    """A name or an address as it stands in a Host header, without port. Raises StartupError."""
    host = text.lower()
    try:
        return f"[{ip_address(host.strip('[]'))}]" if ":" in host else str(ip_address(host))
    except ValueError:
        pass
    if not _NAME.fullmatch(host):
        raise StartupError(f"--allow-host {text!r} is no name of a host; give it alone, without http:// and port")
    return host


def _remedy(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "address already in use; stop what listens there, or choose another port with --port"
        case errno.EACCES:
            return "permission denied; choose a port above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return "no address of this machine; choose another one with --host"
        case _:
            return error.strerror or str(error)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
