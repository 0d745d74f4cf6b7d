"""Read what happened to messages.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

from typing import Any, Literal, TypeAlias

from ..filters import LogFilter, Order, filter_query, page_query
from ..results.fields import reads
from ..results.log import ListGroupedLogsResponse, ListLogsResponse
from . import Operation

LARGEST_PAGE = 1000
MOST_GROUPS = 100
GroupBy: TypeAlias = Literal["messageId"]


def list_page(
    *,
    cursor: str | None,
    count: int | None = None,
    wanted: LogFilter | None = None,
    group_by: GroupBy | None = None,
    order: Order | None = None,
    trim_body: int | None = None,
) -> Operation[Any]:
    """Of entries, or of messages with their entries: a ListLogsResponse or a ListGroupedLogsResponse."""
    most = LARGEST_PAGE if group_by is None else MOST_GROUPS
    query = (*page_query(cursor, count, most, order, trim_body), *filter_query(wanted, LogFilter))
    if group_by is None:
        return Operation(method="GET", path="/v2/events", query=query, read=reads(ListLogsResponse), repeatable=True)
    if group_by != "messageId":
        raise ValueError(f"group_by must be 'messageId', not {group_by!r}")
    query = (*query, ("groupBy", group_by))
    return Operation(method="GET", path="/v2/logs", query=query, read=reads(ListGroupedLogsResponse), repeatable=True)
