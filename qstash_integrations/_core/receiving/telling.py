"""The fields of log records that are written while a verified delivery is at work."""

from typing import Unpack

from ..log_fields import LogFields, fields
from .delivery import found


def of_delivery(event: str, /, **given: Unpack[LogFields]) -> dict[str, object]:
    """As ``fields``, with which message it is, and how often it was tried before."""
    delivery = found()
    if delivery is not None:
        given = {"message_id": delivery.message_id, "retried": delivery.retried, **given}
    return fields(event, **given)
