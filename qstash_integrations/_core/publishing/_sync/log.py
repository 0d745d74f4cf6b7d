# Made of _async/log.py by tools/unasync.py: change that one, and run it.
"""``client.log``.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

# ruff: noqa: A002 - ``filter`` is the official SDK's name

from collections.abc import Iterator

from ..discreet import discreet
from ..filters import LogFilter
from ..operations import log as operations
from ..results.log import ListLogsResponse, Log
from . import Runner
from .pages import Items


@discreet
class LogApi:
    """``client.log``."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    def iter(self, *, filter: LogFilter | None = None, count: int | None = None) -> Iterator[Log]:
        """Every entry that fits the filter, newest first, read a page of ``count`` at a time as they are asked for."""
        return Items(lambda cursor: self.list(cursor=cursor, count=count, filter=filter), lambda page: page.logs)

    def list(
        self, *, cursor: str | None = None, count: int | None = None, filter: LogFilter | None = None
    ) -> ListLogsResponse:
        """One page of the entries that fit the filter, newest first, ``count`` of them, a thousand at most."""
        return self._client.run(operations.list_page(cursor=cursor, count=count, wanted=filter))
