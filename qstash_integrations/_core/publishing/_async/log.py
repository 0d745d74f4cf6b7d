"""``client.log``.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

# ruff: noqa: A002 - ``filter`` is the official SDK's name

from collections.abc import AsyncIterator
from typing import Any, overload

from ..discreet import discreet
from ..filters import LogFilter, Order
from ..operations import log as operations
from ..operations.log import GroupBy
from ..results.log import ListGroupedLogsResponse, ListLogsResponse, Log, MessageLogs
from . import AsyncRunner
from .pages import AsyncItems


@discreet
class AsyncLogApi:
    """``client.log``: what became of messages, for as long as the plan keeps it."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncRunner) -> None:
        self._client = client

    @overload
    def iter(
        self,
        *,
        filter: LogFilter | None = None,
        count: int | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> AsyncIterator[Log]: ...
    @overload
    def iter(
        self,
        *,
        group_by: GroupBy,
        filter: LogFilter | None = None,
        count: int | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> AsyncIterator[MessageLogs]: ...
    def iter(
        self,
        *,
        group_by: GroupBy | None = None,
        filter: LogFilter | None = None,
        count: int | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> AsyncIterator[Any]:
        """Everything that ``list`` would show, read a page of ``count`` at a time as it is asked for.

        ``count`` is a thousand at most; of messages, with ``group_by="messageId"``, a hundred.
        """
        return AsyncItems(
            lambda cursor: self._list(
                group_by=group_by, cursor=cursor, count=count, filter=filter, order=order, trim_body=trim_body
            ),
            lambda page: page.logs if group_by is None else page.messages,
        )

    @overload
    async def list(
        self,
        *,
        cursor: str | None = None,
        count: int | None = None,
        filter: LogFilter | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> ListLogsResponse: ...
    @overload
    async def list(
        self,
        *,
        group_by: GroupBy,
        cursor: str | None = None,
        count: int | None = None,
        filter: LogFilter | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> ListGroupedLogsResponse: ...
    async def list(
        self,
        *,
        group_by: GroupBy | None = None,
        cursor: str | None = None,
        count: int | None = None,
        filter: LogFilter | None = None,
        order: Order | None = None,
        trim_body: int | None = None,
    ) -> Any:
        """One page of the entries that fit the filter, newest first, ``count`` of them, a thousand at most.

        With ``group_by="messageId"`` it is of messages, a hundred at most, each with its entries. ``trim_body`` is how
        many bytes of each body are shown at most.
        """
        return await self._list(
            group_by=group_by, cursor=cursor, count=count, filter=filter, order=order, trim_body=trim_body
        )

    async def _list(self, *, cursor: str | None, filter: LogFilter | None = None, **asked: Any) -> Any:
        return await self._client.run(operations.list_page(cursor=cursor, wanted=filter, **asked))
