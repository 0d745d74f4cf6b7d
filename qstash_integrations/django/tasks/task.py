"""``QStashTask``: Django's task with the options of publishing.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#django.tasks.Task
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self, Unpack, cast

from ..._core.durations import Duration
from ..._core.publishing.message_options import FlowControl, Redact
from .api import InvalidTask, Task
from .fields import plain
from .options import ON_FUNCTION, TaskOptions, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class QStashTask(Task):
    """What ``@task`` makes where the backend is a ``QStashBackend``.

    ``run_after`` may be a ``timedelta``, counted from each ``enqueue``. The other options are those of ``TaskOptions``.
    """

    retries: int | None = None
    retry_delay: str | int | None = None
    timeout: Duration | None = None
    # A dict has no hash, and a task has one.
    flow_control: FlowControl | None = field(default=None, hash=False)
    label: str | Sequence[str] | None = field(default=None, hash=False)
    delay: Duration | None = None
    headers: Mapping[str, str] | None = field(default=None, hash=False)
    callback: str | None = None
    callback_headers: Mapping[str, str] | None = field(default=None, hash=False)
    redact: Redact | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        # Dataclasses with slots are made anew, which super() without arguments does not know of.
        try:
            checked(options_of(self))
        except (TypeError, ValueError) as error:
            raise InvalidTask(str(error)) from None
        Task.__post_init__(self)

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | timedelta | None = None,
        backend: str | None = None,
        **options: Unpack[TaskOptions],
    ) -> Self:
        """A copy with other options; TypeError for one that there is none of."""
        changes = checked(options)
        given = {"priority": priority, "queue_name": queue_name, "run_after": run_after, "backend": backend}
        changes.update({name: value for name, value in given.items() if value is not None})
        return replace(self, **changes)

    def bind(self, *args: Any, **kwargs: Any) -> "Bound":
        """A call of this task as a value, for ``qstash_integrations.tasks.schedule``; its arguments are checked now."""
        parameters = inspect.signature(self.func)
        parameters.bind(*([None] if self.takes_context else []), *args, **kwargs)
        return Bound(task=self, args=plain([*args]), kwargs=plain({**kwargs}))

    def planned(self, task_url: object = None, /) -> dict[str, Any]:
        """As a schedule calls it, without arguments."""
        return self.bind().planned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A task with its arguments."""

    task: QStashTask
    args: list[Any]
    kwargs: dict[str, Any]

    def using(self, *, queue: str | None = None, **options: Unpack[TaskOptions]) -> Self:
        """The same call with these options as well, as of the task's ``using``."""
        return replace(self, task=self.task.using(queue_name=queue, **options))

    def planned(self, task_url: object = None, /) -> dict[str, Any]:
        """Destination, body and options of a schedule. Where it is served the backend knows."""
        backend: Any = self.task.get_backend()
        planned: dict[str, Any] = backend.planned(self.task, self.args, self.kwargs)
        return planned


def options_of(task: Task) -> dict[str, Any]:
    """What a task says itself, first by its function; of a task that another backend has made that alone."""
    on_function = cast("dict[str, Any]", getattr(task.func, ON_FUNCTION, {}))
    said = {name: getattr(task, name, None) for name in TaskOptions.__annotations__}
    return {**on_function, **{name: value for name, value in said.items() if value is not None}}
