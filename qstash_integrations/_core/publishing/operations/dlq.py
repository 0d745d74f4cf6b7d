"""Look into the dead letter queue, empty it, and publish its messages anew.

Nothing that changes it is sent again by itself: a second retry would publish a second message, a second deletion
would not find what it is told to delete.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...names import check_names
from ..filters import DlqFilter, Order, Query, filter_query, page_query
from ..inputs import Header, check_id
from ..message_options import DlqRetryOptions
from ..results.dlq import DlqMessage, ListDlqMessagesResponse
from ..results.fields import Fields, is_object, read, read_list, reads
from ..results.published import PublishResponse
from ..wire import headers_of
from . import Operation, nothing
from .bulk import MOST_AT_ONCE, selection
from .message import urls_in


def list_page(
    *,
    cursor: str | None,
    count: int | None = None,
    wanted: DlqFilter | None = None,
    order: Order | None = None,
    trim_body: int | None = None,
) -> Operation[ListDlqMessagesResponse]:
    query = (*page_query(cursor, count, MOST_AT_ONCE, order, trim_body), *filter_query(wanted, DlqFilter))
    return Operation(method="GET", path="/v2/dlq", query=query, read=reads(ListDlqMessagesResponse), repeatable=True)


def get(dlq_id: str) -> Operation[DlqMessage]:
    path = f"/v2/dlq/{check_id(dlq_id, 'dlq_id')}"
    return Operation(method="GET", path=path, read=partial(_read_letter, dlq_id), repeatable=True)


def delete(dlq_id: str) -> Operation[None]:
    return Operation(method="DELETE", path=f"/v2/dlq/{check_id(dlq_id, 'dlq_id')}", read=nothing)


def delete_many(dlq_ids: Sequence[str] | None, wanted: DlqFilter | None, count: int | None) -> Operation[int]:
    query = selection(
        dlq_ids, wanted, DlqFilter, count, most=MOST_AT_ONCE, name="dlq_ids", parameter="dlqIds", all_="delete_all"
    )
    return Operation(method="DELETE", path="/v2/dlq", query=query, read=_read_deleted)


def delete_all(count: int | None) -> Operation[int]:
    query = page_query(None, count, MOST_AT_ONCE)
    return Operation(method="DELETE", path="/v2/dlq", query=query, read=_read_deleted)


def retry(dlq_id: str, options: Mapping[str, Any]) -> Operation[PublishResponse]:
    path = f"/v2/dlq/retry/{check_id(dlq_id, 'dlq_id')}"
    return Operation(method="POST", path=path, headers=_headers(options), calls=urls_in(options), read=_read_receipt)


def retry_many(
    dlq_ids: Sequence[str] | None, wanted: DlqFilter | None, count: int | None, options: Mapping[str, Any]
) -> Operation[list[PublishResponse]]:
    query = selection(
        dlq_ids, wanted, DlqFilter, count, most=MOST_AT_ONCE, name="dlq_ids", parameter="dlqIds", all_="retry_all"
    )
    return _retry_selected(query, options)


def retry_all(count: int | None, options: Mapping[str, Any]) -> Operation[list[PublishResponse]]:
    query = page_query(None, count, MOST_AT_ONCE)
    return _retry_selected(query, options)


def _retry_selected(query: Query, options: Mapping[str, Any]) -> Operation[list[PublishResponse]]:
    return Operation(
        method="POST",
        path="/v2/dlq/retry",
        query=query,
        headers=_headers(options),
        calls=urls_in(options),
        read=_read_receipts,
    )


def _headers(options: Mapping[str, Any]) -> tuple[Header, ...]:
    check_names(options, DlqRetryOptions.__annotations__)
    return tuple(headers_of(options))


def _read_letter(dlq_id: str, answer: Any) -> DlqMessage:
    """An answer about one does not repeat its id."""
    return read(DlqMessage, {**answer, "dlqId": dlq_id} if is_object(answer) else answer)


def _read_deleted(answer: Any) -> int:
    return int(Fields(answer).need("deleted", int))


def _read_receipt(answer: Any) -> PublishResponse:
    return PublishResponse(message_id=Fields(answer).need("messageId", str))


def _read_receipts(answer: Any) -> list[PublishResponse]:
    return read_list(Fields(answer).need("responses", list), _read_receipt, "messages")
