"""Dead letters: messages whose last attempt has failed, and what came back from it.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .fields import Fields, Headers, read_list
from .message import Message, message_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class DlqMessage(Message):
    """A message in the dead letter queue."""

    dlq_id: str
    response_status: int
    """Of the last attempt; 0 when no answer arrived."""
    response_headers: Headers | None = field(default=None, repr=False)
    response_body: str | None = field(default=None, repr=False)
    response_body_base64: str | None = field(default=None, repr=False)
    """Instead of ``response_body`` when that is not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDlqMessagesResponse:
    """One page of dead letters."""

    messages: Sequence[DlqMessage]
    cursor: str | None = None
    """Where the next page begins; None on the last one."""


def read_dlq_message(answer: Any, dlq_id: str | None = None) -> DlqMessage:
    """``dlq_id``: of an entry that does not repeat it."""
    fields = Fields(answer)
    return DlqMessage(
        dlq_id=dlq_id or fields.need("dlqId", str),
        response_status=fields.get("responseStatus", int) or 0,
        response_headers=fields.get("responseHeader", dict),
        response_body=fields.get("responseBody", str),
        response_body_base64=fields.get("responseBodyBase64", str),
        **message_fields(fields),
    )


def read_dlq_page(answer: Any) -> ListDlqMessagesResponse:
    fields = Fields(answer)
    return ListDlqMessagesResponse(
        messages=tuple(read_list(fields.need("messages", list), read_dlq_message, "messages")),
        cursor=fields.get("cursor", str) or None,
    )
