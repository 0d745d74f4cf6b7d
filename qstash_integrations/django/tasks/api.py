"""Django's task API: that of Django 6, or of the package ``django-tasks``, which brings it to Django 5.2.

The package calls two exceptions otherwise.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from django.dispatch import Signal
    from django_tasks import TaskBackendHandler, TaskContext, TaskResultStatus
    from django_tasks import base as _base
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.base import TaskError
    from django_tasks.exceptions import InvalidTaskBackendError as InvalidTaskBackend
    from django_tasks.exceptions import InvalidTaskError as InvalidTask
    from django_tasks.exceptions import TaskResultDoesNotExist
    from django_tasks.utils import normalize_json

    task_backends: TaskBackendHandler
    task_enqueued: Signal
    task_finished: Signal
    task_started: Signal
    Task: TypeAlias = _base.Task[..., Any]
    TaskResult: TypeAlias = _base.TaskResult[Any]
elif find_spec("django.tasks"):
    from django.tasks import TaskContext, TaskResultStatus, task_backends
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.base import Task, TaskError, TaskResult
    from django.tasks.exceptions import InvalidTask, InvalidTaskBackend, TaskResultDoesNotExist
    from django.tasks.signals import task_enqueued, task_finished, task_started
    from django.utils.json import normalize_json
else:
    try:
        from django_tasks import TaskContext, TaskResultStatus, task_backends
    except ModuleNotFoundError as error:
        if error.name != "django_tasks":
            raise
        raise ModuleNotFoundError(
            "qstash_integrations.django.tasks needs Django 6, or django-tasks in Django 5.2; install that with: "
            "pip install 'qstash_integrations[tasks-backport]'",
            name="django_tasks",
        ) from error
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.base import Task, TaskError, TaskResult
    from django_tasks.exceptions import InvalidTaskBackendError as InvalidTaskBackend
    from django_tasks.exceptions import InvalidTaskError as InvalidTask
    from django_tasks.exceptions import TaskResultDoesNotExist
    from django_tasks.signals import task_enqueued, task_finished, task_started
    from django_tasks.utils import normalize_json

# As texts: Django's enumeration of them has labels that type checkers take for a part of the value.
READY: Literal["READY"] = "READY"
RUNNING: Literal["RUNNING"] = "RUNNING"
FAILED: Literal["FAILED"] = "FAILED"
SUCCESSFUL: Literal["SUCCESSFUL"] = "SUCCESSFUL"

__all__ = [
    "FAILED",
    "READY",
    "RUNNING",
    "SUCCESSFUL",
    "BaseTaskBackend",
    "InvalidTask",
    "InvalidTaskBackend",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultDoesNotExist",
    "TaskResultStatus",
    "is_task",
    "normalize_json",
    "task_backends",
    "task_enqueued",
    "task_finished",
    "task_started",
]


def is_task(value: object) -> "TypeGuard[Task]":
    """Whether it is a task of ``django.tasks``, of whichever package this Django has it from."""
    # Not isinstance, which would wake whatever is lazy.
    kind: type = Task
    return issubclass(type(value), kind)
