"""How a local server is run, and what its clients need to know of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..model import Keys, Limits, Retention
from ..worker import Network
from .protocol import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """On loopback the server has the published development credentials, elsewhere its own unless it is told to."""

    host: str = "127.0.0.1"
    port: int = 8080  # 0: any that is free
    allow_hosts: Sequence[str] = ()  # names that requests may be addressed to as well; others reach it by the first
    published_credentials: bool = False  # beyond loopback, too: everybody there may use the server
    read_only_token: str | None = None
    db: Path | None = None  # None: in memory
    network: Network | None = None  # None: "local" on loopback, "public" elsewhere
    rewrites: Sequence[tuple[str, str]] = ()  # origins, and where what is addressed to them is delivered instead
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    patience: float = 10.0  # seconds that deliveries under way are waited for at the end
    client_patience: Patience = field(default_factory=Patience)
    allow_production: bool = False  # start although the environment says that this is production


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A server that is running. Prints without its secrets."""

    url: str  # for this machine
    url_for_others: str  # the same, unless it was told by what name others reach it
    token: str = field(repr=False)
    keys: Keys = field(repr=False)  # as they were at the start
    is_loopback: bool
    is_published: bool  # everybody knows the token
    db: Path | None  # None: in memory
    dashboard: str = field(repr=False)  # a link to open; where the token is a secret it holds a code that works once
    read_only_token: str | None = field(default=None, repr=False)
