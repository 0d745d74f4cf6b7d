"""The local server as a whole: ``run`` it in the foreground, or have one ``running`` for the length of a block."""

from ..model import Limits, Retention
from .background import running
from .config import LocalServer, ServerConfig
from .console import Console, ForMachines, ForPeople
from .foreground import run
from .printing import Printer, logging_to
from .protocol import Patience

__all__ = [
    "Console",
    "ForMachines",
    "ForPeople",
    "Limits",
    "LocalServer",
    "Patience",
    "Printer",
    "Retention",
    "ServerConfig",
    "logging_to",
    "run",
    "running",
]
