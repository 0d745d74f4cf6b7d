"""Tasks: functions that are published with checked arguments, and run when QStash calls the app.

Needs the extra ``tasks``: ``pip install 'qstash_integrations[tasks]'``.
"""

from .._core.extras import need

need("pydantic", "tasks")

from .schedules import Schedule, schedule

__all__ = ["Schedule", "schedule"]
