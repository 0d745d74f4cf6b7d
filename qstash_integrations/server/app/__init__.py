"""The local server as a whole: ``run`` it in the foreground, or have one ``running`` for the length of a block."""

from ..model import Limits, Retention
from .app_process import AppProcess, public_url_of
from .background import running
from .config import LocalServer, ServerConfig
from .console import Console, ForMachines, ForPeople, environment
from .env_file import EnvFile
from .foreground import run
from .printing import Printer, logging_to
from .protocol import Patience
from .terminal import shows_colours, width_of

__all__ = [
    "AppProcess",
    "Console",
    "EnvFile",
    "ForMachines",
    "ForPeople",
    "Limits",
    "LocalServer",
    "Patience",
    "Printer",
    "Retention",
    "ServerConfig",
    "environment",
    "logging_to",
    "public_url_of",
    "run",
    "running",
    "shows_colours",
    "width_of",
]
