"""Delivery in real time: the loop that drives the engine, and the HTTP that it does."""

from .addresses import Network
from .loop import Worker
from .resolving import Listener
from .sending import Sender
from .target import Rewrites

__all__ = ["Listener", "Network", "Rewrites", "Sender", "Worker"]
