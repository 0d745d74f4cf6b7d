"""Tasks: functions that are published with checked arguments, and run when QStash calls the app.

Needs the extra ``tasks``: ``pip install 'qstash_integrations[tasks]'``.
"""

from .._core.extras import need

need("pydantic", "tasks")

from .._core.receiving.delivery import Callback
from .calls import RESULT, Call, Chain, chain
from .current import CurrentCall, current_call
from .injected import Injected
from .schedules import Schedule, schedule
from .task import Task, task

__all__ = [
    "RESULT",
    "Call",
    "Callback",
    "Chain",
    "CurrentCall",
    "Injected",
    "Schedule",
    "Task",
    "chain",
    "current_call",
    "schedule",
    "task",
]
