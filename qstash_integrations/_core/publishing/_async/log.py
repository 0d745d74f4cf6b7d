"""``client.log``.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

# ruff: noqa: A002 - ``filter`` is the official SDK's name

from collections.abc import AsyncIterator

from ..discreet import discreet
from ..filters import LogFilter
from ..operations import log as operations
from ..results.log import ListLogsResponse, Log
from . import AsyncRunner
from .pages import AsyncItems


@discreet
class AsyncLogApi:
    """``client.log``."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncRunner) -> None:
        self._client = client

    def iter(self, *, filter: LogFilter | None = None, count: int | None = None) -> AsyncIterator[Log]:
        """Every entry that fits the filter, newest first, read a page of ``count`` at a time as they are asked for."""
        return AsyncItems(lambda cursor: self.list(cursor=cursor, count=count, filter=filter), lambda page: page.logs)

    async def list(
        self, *, cursor: str | None = None, count: int | None = None, filter: LogFilter | None = None
    ) -> ListLogsResponse:
        """One page of the entries that fit the filter, newest first, ``count`` of them, a thousand at most."""
        return await self._client.run(operations.list_page(cursor=cursor, count=count, wanted=filter))
