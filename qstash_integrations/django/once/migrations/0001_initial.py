"""The table of the claims."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models

from ..fields import ShortText


class Migration(migrations.Migration):
    initial: ClassVar[bool | None] = True

    dependencies: ClassVar[Sequence[tuple[str, str]]] = ()

    operations: ClassVar[Sequence[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("name", ShortText(primary_key=True, serialize=False)),
                ("value", ShortText()),
                (
                    "expires_at",
                    models.BigIntegerField(db_index=True, help_text="Unix milliseconds, by the clock of the database."),
                ),
            ],
            options={"db_table": "qstash_once", "ordering": ("-expires_at",)},
        ),
    ]
