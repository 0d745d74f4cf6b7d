"""The local server as a whole: ``run`` it in the foreground, or have one ``running`` for the length of a block."""

from .config import LocalServer, ServerConfig
from .serving import run, running

__all__ = ["LocalServer", "ServerConfig", "run", "running"]
