# Made of _async/dlq.py by tools/unasync.py: change that one, and run it.
"""``client.dlq``: the dead letter queue.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

# ruff: noqa: A002 - ``filter`` is the official SDK's name

from collections.abc import Iterator, Sequence
from typing import Unpack, overload

from ..discreet import discreet
from ..filters import DlqFilter, Order
from ..message_options import DlqRetryOptions
from ..operations import dlq as operations
from ..results.dlq import DlqMessage, ListDlqMessagesResponse
from ..results.published import PublishResponse
from ..signatures import named_options
from . import Runner
from .pages import Items


@named_options
@discreet
class DlqApi:
    """``client.dlq``: what was given up. Each call raises APIError or TransportError where QStash does not do it."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    def get(self, dlq_id: str) -> DlqMessage:
        """One dead letter, with what came back from its last attempt; APIError 404 for an unknown id."""
        return self._client.run(operations.get(dlq_id))

    def delete(self, dlq_id: str) -> None:
        """Delete one dead letter; APIError 404 for an unknown id."""
        return self._client.run(operations.delete(dlq_id))

    @overload
    def delete_many(self, dlq_ids: Sequence[str]) -> int: ...
    @overload
    def delete_many(self, *, filter: DlqFilter, count: int | None = None) -> int: ...
    def delete_many(
        self, dlq_ids: Sequence[str] | None = None, *, filter: DlqFilter | None = None, count: int | None = None
    ) -> int:
        """Delete by ids, a hundred at most, or by a filter; how many were deleted. Unknown ids do not count.

        By a filter QStash deletes a part of them at a time, ``count`` at most: call again until it is 0.
        """
        return self._client.run(operations.delete_many(dlq_ids, filter, count))

    def delete_all(self, *, count: int | None = None) -> int:
        """Delete every dead letter, a part of them at a time: call again until it is 0."""
        return self._client.run(operations.delete_all(count))

    def retry(self, dlq_id: str, **options: Unpack[DlqRetryOptions]) -> PublishResponse:
        """Publish a dead letter anew, as a message of its own, and take it out of the queue.

        The options replace those of the message. APIError 404 for an unknown id.
        """
        return self._client.run(operations.retry(dlq_id, options))

    @overload
    def retry_many(self, dlq_ids: Sequence[str], **options: Unpack[DlqRetryOptions]) -> list[PublishResponse]: ...
    @overload
    def retry_many(
        self, *, filter: DlqFilter, count: int | None = None, **options: Unpack[DlqRetryOptions]
    ) -> list[PublishResponse]: ...
    def retry_many(
        self,
        dlq_ids: Sequence[str] | None = None,
        *,
        filter: DlqFilter | None = None,
        count: int | None = None,
        **options: Unpack[DlqRetryOptions],
    ) -> list[PublishResponse]:
        """``retry`` by ids, a hundred at most, or by a filter; the new messages. Unknown ids are left aside.

        By a filter QStash publishes a part of them at a time, ``count`` at most: call again until there are none.
        """
        return self._client.run(operations.retry_many(dlq_ids, filter, count, options))

    def retry_all(self, *, count: int | None = None, **options: Unpack[DlqRetryOptions]) -> list[PublishResponse]:
        """``retry`` every dead letter, a part of them at a time: call again until there are none."""
        return self._client.run(operations.retry_all(count, options))

    def iter(
        self,
        *,
        filter: DlqFilter | None = None,
        count: int | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> Iterator[DlqMessage]:
        """Every dead letter that fits the filter, read a page of ``count`` at a time as they are asked for.

        ``count`` is a hundred at most, ``trim_body`` how many bytes of each body are shown at most.
        """
        return Items(
            lambda cursor: self.list(cursor=cursor, count=count, filter=filter, order=order, trim_body=trim_body),
            lambda page: page.messages,
        )

    def list(
        self,
        *,
        cursor: str | None = None,
        count: int | None = None,
        filter: DlqFilter | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> ListDlqMessagesResponse:
        """One page of the dead letters that fit the filter, oldest first, ``count`` of them, a hundred at most.

        ``trim_body`` is how many bytes of each body are shown at most.
        """
        return self._client.run(
            operations.list_page(cursor=cursor, count=count, wanted=filter, order=order, trim_body=trim_body)
        )
