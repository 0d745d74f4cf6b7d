"""Schedules as code: what differs between the code and QStash, and what makes them alike.

``plan`` and ``check`` compare values and change nothing; ``sync`` carries a plan out with a client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .declared import Wanted, wanted
    from .finding import schedules_in
    from .owner import Owner
    from .planning import Change, Plan, check, plan
    from .syncing import Synced, sync
else:
    _PLACES = {
        **dict.fromkeys(("Wanted", "wanted"), "declared"),
        "schedules_in": "finding",
        "Owner": "owner",
        **dict.fromkeys(("Change", "Plan", "check", "plan"), "planning"),
        **dict.fromkeys(("Synced", "sync"), "syncing"),
    }

    def __getattr__(name):
        # The command line knows the verbs, and is to start without pydantic.
        if name in _PLACES:
            return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = ["Change", "Owner", "Plan", "Synced", "Wanted", "check", "plan", "schedules_in", "sync", "wanted"]
