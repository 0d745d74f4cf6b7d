"""A row per message that is done, and per attempt that has failed.

Spec: https://docs.djangoproject.com/en/stable/ref/models/fields/
"""

from typing import ClassVar

from django.db import models

from ...inbox import TABLE
from .fields import Digest


class Mark(models.Model):
    """What one attempt has left. Written and read by ``marks.py``."""

    token: Digest = Digest(primary_key=True)
    message: Digest = Digest(unique=True)
    at: "models.BigIntegerField[int, int]" = models.BigIntegerField(db_index=True, help_text="Unix milliseconds.")

    class Meta:
        db_table = TABLE
        ordering: ClassVar[tuple[str, ...]] = ("-at",)

    def __str__(self) -> str:
        return f"{self.message}"
