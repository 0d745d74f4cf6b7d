"""Delivery in real time: the loop that drives the engine, and the HTTP that it does."""

from .addresses import Network
from .attempt import Attempt, line, printable
from .loop import Worker
from .resolving import Listener
from .sending import Sender

__all__ = ["Attempt", "Listener", "Network", "Sender", "Worker", "line", "printable"]
