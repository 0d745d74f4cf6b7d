"""Schedules as code: what differs between the code and QStash, and what makes them alike.

``plan`` and ``check`` compare values and change nothing; ``sync`` carries a plan out with a client.
"""

from .owner import Owner
from .planning import Change, Plan, check, plan
from .syncing import Synced, sync
from .wanted import Wanted, wanted

__all__ = ["Change", "Owner", "Plan", "Synced", "Wanted", "check", "plan", "sync", "wanted"]
