"""From a row to Django's ``TaskResult``, and the signals that carry one.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#task-results
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from .api import InvalidTask, Task, TaskError, TaskResult, TaskResultStatus
from .calls import with_defaults
from .options import BackendOptions
from .task import QStashTask, options_of

if TYPE_CHECKING:
    from .models import StoredTask


def task_of(row: "StoredTask", task: Task, options: BackendOptions) -> Task:
    """``task`` with what was said of it when it was enqueued."""
    said: dict[str, Any] = {"backend": row.backend, "queue_name": row.queue_name, "run_after": row.run_after}
    changes = {name: value for name, value in said.items() if value is not None and value != getattr(task, name)}
    if isinstance(task, QStashTask):
        usual = with_defaults(options_of(task), options)
        changes |= {name: value for name, value in row.options.items() if value != usual.get(name)}
    try:
        return task.using(**changes) if changes else task
    except InvalidTask:
        return task  # the settings have changed since: a queue less, another limit


def result_of(row: "StoredTask", task: Task) -> TaskResult:
    result = TaskResult(
        task=task,
        id=row.pk,
        status=TaskResultStatus(row.status),
        enqueued_at=row.enqueued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_attempted_at=row.last_attempted_at,
        args=row.args,
        kwargs=row.kwargs,
        backend=row.backend,
        errors=[TaskError(**error) for error in row.errors],
        worker_ids=[*row.worker_ids],
    )
    put(result, _return_value=row.return_value)
    return result


def put(result: TaskResult, **values: Any) -> None:
    """As Django's own backends do: a result is frozen, and its value none of the constructor's arguments."""
    for name, value in values.items():
        object.__setattr__(result, name, value)


def unstored(
    task: Task,
    *,
    id: str,  # noqa: A002 - its name in Django
    backend: str,
    args: list[Any],
    kwargs: dict[str, Any],
    enqueued_at: datetime | None,
) -> TaskResult:
    """Of a task that there is no row of."""
    return TaskResult(
        task=task,
        id=id,
        status=TaskResultStatus.READY,
        enqueued_at=enqueued_at,
        started_at=None,
        finished_at=None,
        last_attempted_at=None,
        args=args,
        kwargs=kwargs,
        backend=backend,
        errors=[],
        worker_ids=[],
    )


def tell(signal: Signal, sender: type, result: TaskResult) -> None:
    """What a receiver raises is logged by Django: it changes nothing of what has become of the task."""
    signal.send_robust(sender=sender, task_result=result)
