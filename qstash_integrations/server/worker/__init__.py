"""Delivery in real time: the loop that drives the engine, and the HTTP that it does."""

from .addresses import Network
from .lines import Attempt, line, printable, summary
from .loop import Worker
from .resolving import Listener
from .sending import Sender
from .target import Rewrites

__all__ = ["Attempt", "Listener", "Network", "Rewrites", "Sender", "Worker", "line", "printable", "summary"]
