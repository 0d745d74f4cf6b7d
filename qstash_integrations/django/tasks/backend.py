"""``QStashBackend``: what Django calls when a task is enqueued or its result is asked for.

Django makes a backend per thread, while apps load: making one touches neither models nor the network. Connections to
QStash are those of the publisher, which the threads share.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#backends
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from ..conf import ConfigurationError
from ..inbox.places import APP as INBOX
from ..outbox.places import APP as OUTBOX
from ..outbox.places import NOT_INSTALLED
from ..outbox.writing import check_open
from ..publisher import qstash
from . import registered
from .api import (
    BaseTaskBackend,
    InvalidTask,
    InvalidTaskBackend,
    Task,
    TaskResult,
    TaskResultDoesNotExist,
    task_backends,
    task_enqueued,
    task_finished,
)
from .calls import body_of, message, new_id, schedule, with_defaults
from .fields import plain
from .options import BackendOptions
from .places import queue_of, urls_of
from .results import result_of, task_of, tell, unstored
from .task import QStashTask, options_of

if TYPE_CHECKING:
    from .models import StoredTask

    # Whose own types leave some open.
    class _Base(BaseTaskBackend):
        options: dict[str, Any]

        def __init__(self, alias: str, params: dict[str, Any]) -> None: ...
        def validate_task(self, task: Task) -> None: ...
        def get_result(self, result_id: str) -> TaskResult: ...
else:
    _Base = BaseTaskBackend

APP = "qstash_integrations.django.tasks"


class QStashBackend(_Base):
    """Tasks that QStash calls back: no worker, no broker. Its OPTIONS are in docs/frameworks/django-tasks.md.

    One that is wrong is an InvalidTaskBackend that names it, when the backend is made; what Django's checks find is
    under ``check``.

    Spec: https://docs.djangoproject.com/en/stable/topics/tasks/
    """

    task_class: Any = QStashTask
    supports_defer = True
    supports_async_task = True
    supports_get_result: bool = True
    supports_priority = False

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self.read: BackendOptions = BackendOptions.read(self.options, alias)
        """OPTIONS, checked."""
        self.supports_get_result: bool = self.read.results

    def validate_task(self, task: Task) -> None:
        """InvalidTask for what cannot run here; a ``run_after`` may be a ``timedelta``."""
        run_after: Any = task.run_after
        if isinstance(run_after, timedelta):
            super().validate_task(replace(task, run_after=None))
            self._check_delay(run_after)
        else:
            super().validate_task(task)
            if isinstance(run_after, datetime):
                self._check_delay(timedelta(seconds=run_after.timestamp() - time.time()))
        registered.declare(task)

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        """The row is written, in the caller's transaction; the message is published when that commits, or at once."""
        self.validate_task(task)
        now = timezone.now()
        run_after: Any = task.run_after
        if isinstance(run_after, timedelta):
            task = replace(task, run_after=now + run_after)
        plain_args, plain_kwargs = plain([*args]), plain({**kwargs})
        options = plain(with_defaults(options_of(task), self.read))
        if not self.read.results:
            return self._enqueue_unstored(task, plain_args, plain_kwargs, options, now)
        from .models import StoredTask
        from .publishing import message_of
        from .rows import database

        row = StoredTask(
            task=task.module_path,
            backend=self.alias,
            queue_name=task.queue_name,
            args=plain_args,
            kwargs=plain_kwargs,
            options=options,
            enqueued_at=now,
            run_after=task.run_after,
            most_runs=options["retries"] + 1,
        )
        made = message_of(row, self.read, now)
        if self.read.enqueue == "outbox":
            check_open(database())
            row.publishes = 1
            with transaction.atomic(using=database()):
                row.save(force_insert=True, using=database())
                self._write(made, result_of(row, task), database())
            return result_of(row, task)
        qstash.check_now(made)  # what cannot be published is said before a row is written
        row.save(force_insert=True, using=database())

        # No partial, whose name Django 5.2 would look for when it logs a failure.
        def publish() -> None:
            self._publish(row, task, made)

        self._in_time(publish, database())
        return result_of(row, task)

    def get_result(self, result_id: str) -> TaskResult:
        """TaskResultDoesNotExist as well where the project has the task no more."""
        if not self.read.results:
            return super().get_result(result_id)
        from .rows import rows

        row = rows().filter(pk=result_id).first()
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        task = registered.find(row.task)
        if task is None:
            raise TaskResultDoesNotExist(f"{result_id}: the project has no task {row.task} any more")
        return result_of(row, task_of(row, task, self.read))

    def planned(self, task: Task, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """What ``qstash.schedule.create`` takes for a schedule of this task, but for its ``cron`` and id."""
        self.validate_task(task)
        return schedule(
            urls_of(task.module_path, self.read),
            body=body_of(self.alias, args, kwargs),
            queue=queue_of(task.queue_name, self.read),
            options=plain(with_defaults(options_of(task), self.read)),
            reaped=self.read.results,
        )

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """qstash_tasks.E001: the app is not installed. E002: no URL leads to the tasks. E003: nor is the outbox.

        E004: nor is the inbox. W001: a setting is missing.
        """
        found: list[CheckMessage] = []
        if self.read.results and not apps.is_installed(APP):
            hint = 'Or do without a table: OPTIONS = {"RESULTS": False}.'
            found.append(Error(f"{APP!r} is not in INSTALLED_APPS", hint=hint, id="qstash_tasks.E001"))
        if self.read.inbox and not apps.is_installed(INBOX):
            hint = "With INBOX a task commits with its mark, which has a table there."
            found.append(Error(f"{INBOX!r} is not in INSTALLED_APPS", hint=hint, id="qstash_tasks.E004"))
        if self.read.enqueue == "outbox" and not apps.is_installed(OUTBOX):
            found.append(Error(NOT_INSTALLED, id="qstash_tasks.E003"))
        try:
            urls = urls_of("check", self.read)
            qstash.check_now({"url": urls.run})
        except ConfigurationError as error:
            found.append(Warning(str(error), id="qstash_tasks.W001"))
        except (ImproperlyConfigured, ValueError) as error:
            found.append(Error(str(error), id="qstash_tasks.E002"))
        return found

    def _enqueue_unstored(
        self, task: Task, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any], now: datetime
    ) -> TaskResult:
        result = unstored(task, id=new_id(), backend=self.alias, args=args, kwargs=kwargs, enqueued_at=now)
        made = message(
            urls_of(task.module_path, self.read),
            id=result.id,
            at=now,
            retries=options["retries"],
            body=body_of(self.alias, args, kwargs),
            queue=queue_of(task.queue_name, self.read),
            options=options,
            run_after=task.run_after,
            reaped=False,
        )
        if self.read.enqueue == "outbox":
            self._write(made, result, None)
            return result
        qstash.check_now(made)

        def publish() -> None:
            qstash.publish_now(made)
            tell(task_enqueued, type(self), result)

        self._in_time(publish, DEFAULT_DB_ALIAS)
        return result

    def _publish(self, row: "StoredTask", task: Task, made: Mapping[str, Any]) -> None:
        from .publishing import publish_first

        try:
            publish_first(row, made)
        except Exception:
            if row.is_finished:
                tell(task_finished, type(self), result_of(row, task))
            raise
        tell(task_enqueued, type(self), result_of(row, task))

    def _write(self, made: Mapping[str, Any], result: TaskResult, using: str | None) -> None:
        """Into the outbox, from which it will be published."""

        def enqueued() -> None:
            tell(task_enqueued, type(self), result)

        alias = qstash.write_now(made, using)
        transaction.on_commit(enqueued, using=alias, robust=True)

    def _in_time(self, publish: Callable[[], None], using: str) -> None:
        """When the transaction commits, where there is one; what fails then Django logs, since nothing is undone."""
        connection = transaction.get_connection(using)
        # Without autocommit nobody says when it is committed, which is Django's own error.
        waits = connection.in_atomic_block or (connection.connection is not None and not connection.autocommit)
        if self.read.enqueue == "on_commit" and waits:
            transaction.on_commit(publish, using=using, robust=True)
        else:
            publish()

    def _check_delay(self, delay: timedelta) -> None:
        longest = self.read.max_delay
        if delay > longest:
            raise InvalidTask(f"run_after lies {delay} ahead, and QStash takes {longest} at most (OPTIONS MAX_DELAY).")


def backend_of(alias: str) -> QStashBackend | None:
    """None where the setting TASKS has no backend of ours by this name."""
    try:
        found: object = task_backends[alias]
    except InvalidTaskBackend:
        return None
    return found if isinstance(found, QStashBackend) else None
