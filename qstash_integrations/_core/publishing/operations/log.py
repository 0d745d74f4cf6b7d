"""Read what happened to messages.

Spec: https://upstash.com/docs/qstash/api-refernce/logs/list-logs
"""

from ..filters import LogFilter, filter_query, page_query
from ..results.fields import reads
from ..results.log import ListLogsResponse
from . import Operation

LARGEST_PAGE = 1000


def list_page(*, cursor: str | None, count: int | None, wanted: LogFilter | None) -> Operation[ListLogsResponse]:
    query = (*page_query(cursor, count, LARGEST_PAGE), *filter_query(wanted, LogFilter))
    return Operation(method="GET", path="/v2/events", query=query, read=reads(ListLogsResponse), repeatable=True)
