"""Why a task failed that did not raise: what ``TaskResult.errors`` names where no exception of the task's own is.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#django.tasks.TaskError
"""

from ..._core.errors import QStashError


class TaskFailed(QStashError):
    """The base of these reasons."""


class WorkerLost(TaskFailed):
    """The process died at work, or the task outlasted its timeout, and no run was left."""


class NotDelivered(TaskFailed):
    """QStash gave the message up before a run of it has ended."""


class Cancelled(TaskFailed):
    """Somebody cancelled the task before it ran."""
