"""Tasks: functions that are published with checked arguments, and run when QStash calls the app.

Needs the extra ``tasks``: ``pip install 'qstash_integrations[tasks]'``.
"""

from typing import TYPE_CHECKING

from .._core.extras import need

need("pydantic", "tasks")

from .._core.receiving.delivery import Callback
from .calls import RESULT, Call, Chain, chain
from .current import CurrentCall, current_call
from .injected import Injected
from .options import CallOptions, DecoratorOptions
from .schedules import Schedule, schedule
from .task import Task, task

if TYPE_CHECKING:
    from .asgi import TasksApp
else:

    def __getattr__(name):
        if name != "TasksApp":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # For those who mount it: it brings what verifies.
        from .asgi import TasksApp

        return TasksApp

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "RESULT",
    "Call",
    "CallOptions",
    "Callback",
    "Chain",
    "CurrentCall",
    "DecoratorOptions",
    "Injected",
    "Schedule",
    "Task",
    "TasksApp",
    "chain",
    "current_call",
    "schedule",
    "task",
]
