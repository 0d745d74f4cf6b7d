"""Pages of long lists, and the cursor that continues them: ``<milliseconds>-<sequence number>``, as in DLQ ids."""

import re
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

from ..model import Page, Refused, milliseconds

T = TypeVar("T")

# Bodies on one page: an answer has to fit into memory several times over.
MOST_BYTES = 32 * 1024 * 1024
_POSITION = re.compile(r"([0-9]{1,15})-([0-9]{1,18})", re.ASCII)


def position(at: float, seq: int) -> str:
    return f"{milliseconds(at)}-{seq}"


def seq_of(text: str) -> int | None:
    """The sequence number in a position; None when the text is none."""
    match = _POSITION.fullmatch(text)
    return int(match[2]) if match else None


def beyond(cursor: str | None) -> int | None:
    """The sequence number that a page continues after."""
    if cursor is None:
        return None
    seq = seq_of(cursor)
    if seq is None:
        raise Refused(400, f"invalid cursor {cursor[:40]!r}: give the one of the page before")
    return seq


def page(items: Generator[T], count: int, *, position_of: Callable[[T], str], size_of: Callable[[T], int]) -> Page[T]:
    """The first ``count`` items, or fewer when they are large; never none where there is one."""
    taken: list[T] = []
    size = 0
    with closing(items):
        for item in items:
            size += size_of(item)
            if len(taken) == count or (taken and size > MOST_BYTES):
                return Page(items=tuple(taken), cursor=position_of(taken[-1]) if taken else None)
            taken.append(item)
    return Page(items=tuple(taken), cursor=None)
