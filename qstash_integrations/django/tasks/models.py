"""A row per task: what it was called with, how far it is, and who is at work on it.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#task-results
"""

from datetime import datetime
from typing import ClassVar

from django.db import models

from .api import FAILED, READY, SUCCESSFUL, TaskResultStatus
from .calls import new_id
from .fields import JSONText


class StoredTask(models.Model):
    """One task that was enqueued, or that a schedule has made."""

    id: "models.CharField[str, str]" = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    task: "models.CharField[str, str]" = models.CharField(max_length=512)
    backend: "models.CharField[str, str]" = models.CharField(max_length=255)
    queue_name: "models.CharField[str, str]" = models.CharField("queue", max_length=255)
    status: "models.CharField[str, str]" = models.CharField(
        max_length=10, choices=TaskResultStatus.choices, default=READY
    )
    args: JSONText = JSONText(default=list)
    kwargs: JSONText = JSONText("keyword arguments", default=dict)
    options: JSONText = JSONText(default=dict)
    enqueued_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()
    run_after: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True, blank=True)
    started_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True, blank=True)
    last_attempted_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(
        null=True, blank=True
    )
    finished_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True, blank=True)
    return_value: JSONText = JSONText(null=True, blank=True)
    errors: JSONText = JSONText(default=list)
    worker_ids: JSONText = JSONText(default=list)
    runs: "models.PositiveIntegerField[int, int]" = models.PositiveIntegerField(
        default=0, help_text="Runs that were started."
    )
    most_runs: "models.PositiveIntegerField[int, int]" = models.PositiveIntegerField(
        help_text="Runs that there may be."
    )
    lease_until: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(
        null=True, blank=True, help_text="Until then a run counts as alive."
    )
    message_id: "models.CharField[str, str]" = models.CharField(max_length=512, blank=True, default="", db_index=True)
    given_up: JSONText = JSONText(default=list, help_text="Earlier messages of the task, which QStash has given up.")
    publishes: "models.PositiveIntegerField[int, int]" = models.PositiveIntegerField(
        default=0, help_text="Messages that were published for it."
    )

    class Meta:
        verbose_name = "task"
        ordering: ClassVar[tuple[str, ...]] = ("-enqueued_at", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "enqueued_at"], name="qstash_tasks_status"),
            models.Index(fields=["task", "enqueued_at"], name="qstash_tasks_task"),
            models.Index(fields=["finished_at"], name="qstash_tasks_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.status in (SUCCESSFUL, FAILED)
