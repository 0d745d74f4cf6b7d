"""The table of the outbox."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models

from ..fields import FixedCharField


class Migration(migrations.Migration):
    initial: ClassVar[bool | None] = True

    dependencies: ClassVar[Sequence[tuple[str, str]]] = ()

    operations: ClassVar[Sequence[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="StoredMessage",
            fields=[
                ("id", FixedCharField(editable=False, max_length=32, primary_key=True, serialize=False)),
                ("destination", models.TextField()),
                ("queue", models.CharField(max_length=256, null=True)),
                ("headers", models.TextField()),
                ("body", models.BinaryField(null=True)),
                ("created_at", models.BigIntegerField()),
                ("due_at", models.BigIntegerField(null=True)),
                ("holder", FixedCharField(max_length=32, null=True)),
                ("tries", models.IntegerField(default=0)),
                ("error", models.CharField(max_length=500, null=True)),
                ("message_id", models.CharField(max_length=128, null=True)),
                ("sent_at", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "message",
                "db_table": "qstash_outbox",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["due_at"], name="qstash_outbox_due"),
                    models.Index(fields=["sent_at"], name="qstash_outbox_sent"),
                ],
            },
        ),
    ]
