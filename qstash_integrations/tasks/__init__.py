"""Tasks: functions that are published with checked arguments, and run when QStash calls the app.

Needs the extra ``tasks``: ``pip install 'qstash_integrations[tasks]'``.
"""

from typing import TYPE_CHECKING, Any

from .._core.extras import need

need("pydantic", "tasks")

from .._core.receiving.delivery import Callback
from .calls import RESULT, Call, Chain, chain
from .current import CurrentCall, current_call
from .injected import Injected
from .schedules import Schedule, schedule
from .task import Task, task

if TYPE_CHECKING:
    from .asgi import TasksApp

__all__ = [
    "RESULT",
    "Call",
    "Callback",
    "Chain",
    "CurrentCall",
    "Injected",
    "Schedule",
    "Task",
    "TasksApp",
    "chain",
    "current_call",
    "schedule",
    "task",
]


def __getattr__(name: str) -> Any:
    if name != "TasksApp":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # For those who mount it: it brings what verifies.
    from .asgi import TasksApp

    return TasksApp
