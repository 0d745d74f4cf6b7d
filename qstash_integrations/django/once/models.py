"""A row per message that is at work or done, and per token that was presented.

Spec: https://docs.djangoproject.com/en/stable/ref/models/fields/
"""

from typing import ClassVar

from django.db import models

from ...once.django_rows import TABLE
from .fields import ShortText


class Claim(models.Model):
    """What a mark of ``DjangoDatabaseStore`` is. Written, read and deleted by the store alone."""

    name: ShortText = ShortText(primary_key=True)
    value: ShortText = ShortText()
    expires_at: "models.BigIntegerField[int, int]" = models.BigIntegerField(
        db_index=True, help_text="Unix milliseconds, by the clock of the database."
    )

    class Meta:
        db_table = TABLE
        ordering: ClassVar[tuple[str, ...]] = ("-expires_at",)

    def __str__(self) -> str:
        return f"{self.name}"
