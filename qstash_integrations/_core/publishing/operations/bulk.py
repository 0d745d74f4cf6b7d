"""Which of many: ids, or a filter. Nothing at all is refused, since QStash takes it for everything."""

from collections.abc import Sequence
from typing import Any

from ..filters import Filter, Query, filter_query, page_query
from ..inputs import check_id

MOST_AT_ONCE = 100  # ids


def selection(
    ids: Sequence[str] | None,
    wanted: Any,
    kind: type[Filter],
    count: int | None,
    *,
    most: int,
    name: str,
    parameter: str,
    all_: str,
) -> Query:
    """The query for ``ids``, the argument called ``name``, or for a filter; ``all_`` is the call that means everything.

    Of what fits the filter ``count`` are meant, and it may say ``most`` at most.

    In the query and not in a body: a proxy that drops the body of a DELETE would make everything of it.
    """
    if (ids is None) == (wanted is None):
        raise TypeError(f"give {name} or a filter; {all_}() means all of them")
    if wanted is not None:
        query = filter_query(wanted, kind)
        if not query:
            raise ValueError(f"filter is empty; {all_}() means all of them")
        return (*query, *page_query(None, count, most))
    if count is not None:
        raise TypeError(f"count goes with a filter, not with {name}")
    if not isinstance(ids, list | tuple | set | frozenset):
        raise TypeError(f"{name} must be a list of ids, not {type(ids).__name__}")
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        raise ValueError(f"{name} must be 1 to {MOST_AT_ONCE} ids, not {len(ids)}; {all_}() means all of them")
    return tuple((parameter, check_id(one, name)) for one in ids)
