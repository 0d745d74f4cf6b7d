"""How a local server is run, and what its clients need to know of it."""

from dataclasses import dataclass, field
from pathlib import Path

from ..model import Keys, Limits
from ..worker import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """On loopback the server has the published development credentials, elsewhere its own."""

    host: str = "127.0.0.1"
    port: int = 8080  # 0: any that is free
    db: Path | None = None  # None: in memory
    network: Network | None = None  # None: "local" on loopback, "public" elsewhere
    limits: Limits = field(default_factory=Limits)
    longest_timeout: float = 900.0  # seconds that a destination may take, at most
    patience: float = 10.0  # seconds that deliveries under way are waited for at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A server that is running. Prints without its secrets."""

    url: str
    token: str = field(repr=False)
    keys: Keys = field(repr=False)  # as they were at the start
    is_loopback: bool
