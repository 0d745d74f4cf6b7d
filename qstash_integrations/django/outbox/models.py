"""A row per message that was written in a transaction, until QStash has it. Columns are those of every outbox of ours.

Spec: https://docs.djangoproject.com/en/stable/ref/models/fields/
"""

from typing import ClassVar, Literal

from django.db import models

from ...outbox.row import Row, columns_of, row_stored
from .fields import FixedCharField

State = Literal["waiting", "parked", "sent"]


class StoredMessage(models.Model):
    """Instants are Unix milliseconds."""

    id: FixedCharField = FixedCharField(primary_key=True, max_length=32, editable=False)
    destination: "models.TextField[str, str]" = models.TextField()
    queue: "models.CharField[str | None, str | None]" = models.CharField(max_length=256, null=True)
    headers: "models.TextField[str, str]" = models.TextField()
    body: "models.BinaryField[bytes | None, bytes | None]" = models.BinaryField(null=True)
    created_at: "models.BigIntegerField[int, int]" = models.BigIntegerField()
    due_at: "models.BigIntegerField[int | None, int | None]" = models.BigIntegerField(null=True)
    holder: FixedCharField = FixedCharField(max_length=32, null=True)
    tries: "models.IntegerField[int, int]" = models.IntegerField(default=0)
    error: "models.CharField[str | None, str | None]" = models.CharField(max_length=500, null=True)
    message_id: "models.CharField[str | None, str | None]" = models.CharField(max_length=128, null=True)
    sent_at: "models.BigIntegerField[int | None, int | None]" = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "message"
        db_table = "qstash_outbox"
        ordering: ClassVar[tuple[str, ...]] = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="qstash_outbox_due"),
            models.Index(fields=["sent_at"], name="qstash_outbox_sent"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def of(cls, row: Row) -> "StoredMessage":
        return cls(**columns_of(row))

    @property
    def row(self) -> Row:
        """As the neutral rule takes it."""
        return row_stored(self)

    @property
    def state(self) -> State:
        if self.sent_at is not None:
            return "sent"
        return "parked" if self.due_at is None else "waiting"
