"""The table of the marks."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models

from ..fields import Digest


class Migration(migrations.Migration):
    initial: ClassVar[bool | None] = True

    dependencies: ClassVar[Sequence[tuple[str, str]]] = ()

    operations: ClassVar[Sequence[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("token", Digest(primary_key=True, serialize=False)),
                ("message", Digest(unique=True)),
                ("at", models.BigIntegerField(db_index=True, help_text="Unix milliseconds.")),
            ],
            options={"db_table": "qstash_inbox", "ordering": ("-at",)},
        ),
    ]
