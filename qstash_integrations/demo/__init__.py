"""The whole loop, shown: a local QStash, one app in each framework, and what passes between them.

``run`` says 0 only when every message was really published by an app, delivered, verified and handled. Nothing is
simulated: the apps are processes of their own behind the frameworks' own servers.
"""

from .show import run

__all__ = ["run"]
