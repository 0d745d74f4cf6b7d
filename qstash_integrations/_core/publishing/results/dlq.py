"""Dead letters: messages whose last attempt has failed, and what came back from it.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .fields import Headers
from .message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DlqMessage(Message):
    """A message that was given up: its last attempt has failed, or a handler raised ``NonRetryable``."""

    dlq_id: str
    """What ``client.dlq`` knows it by; it is not that of the message."""
    response_status: int = 0
    """Of the last attempt; 0 when no answer arrived."""
    response_headers: Headers | None = field(default=None, repr=False)
    response_body: str | None = field(default=None, repr=False)
    response_body_base64: str | None = field(default=None, repr=False)
    """Instead of ``response_body`` when that is not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDlqMessagesResponse:
    """One page of dead letters; ``cursor=page.cursor`` asks for the next one."""

    messages: Sequence[DlqMessage]
    cursor: str | None = field(default=None, metadata={"instead": {"": None}})
    """Where the next page begins; None on the last one."""
