"""The table of the tasks."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models

from ..calls import new_id
from ..fields import JSONText


class Migration(migrations.Migration):
    initial: ClassVar[bool | None] = True

    dependencies: ClassVar[Sequence[tuple[str, str]]] = ()

    operations: ClassVar[Sequence[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="StoredTask",
            fields=[
                (
                    "id",
                    models.CharField(default=new_id, editable=False, max_length=32, primary_key=True, serialize=False),
                ),
                ("task", models.CharField(max_length=512)),
                ("backend", models.CharField(max_length=255)),
                ("queue_name", models.CharField(max_length=255, verbose_name="queue")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("READY", "Ready"),
                            ("RUNNING", "Running"),
                            ("FAILED", "Failed"),
                            ("SUCCESSFUL", "Successful"),
                        ],
                        default="READY",
                        max_length=10,
                    ),
                ),
                ("args", JSONText(default=list)),
                ("kwargs", JSONText(default=dict, verbose_name="keyword arguments")),
                ("options", JSONText(default=dict)),
                ("enqueued_at", models.DateTimeField()),
                ("run_after", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("last_attempted_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("return_value", JSONText(blank=True, null=True)),
                ("errors", JSONText(default=list)),
                ("worker_ids", JSONText(default=list)),
                ("runs", models.PositiveIntegerField(default=0, help_text="Runs that were started.")),
                ("most_runs", models.PositiveIntegerField(help_text="Runs that there may be.")),
                (
                    "lease_until",
                    models.DateTimeField(blank=True, help_text="Until then a run counts as alive.", null=True),
                ),
                ("message_id", models.CharField(blank=True, db_index=True, default="", max_length=512)),
                (
                    "given_up",
                    JSONText(default=list, help_text="Earlier messages of the task, which QStash has given up."),
                ),
                ("publishes", models.PositiveIntegerField(default=0, help_text="Messages that were published for it.")),
            ],
            options={
                "verbose_name": "task",
                "ordering": ("-enqueued_at", "-id"),
                "indexes": [
                    models.Index(fields=["status", "enqueued_at"], name="qstash_tasks_status"),
                    models.Index(fields=["task", "enqueued_at"], name="qstash_tasks_task"),
                    models.Index(fields=["finished_at"], name="qstash_tasks_finished"),
                ],
            },
        ),
    ]
