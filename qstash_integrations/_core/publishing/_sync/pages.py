"""One item after the other out of pages that are asked for one by one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar


class Page(Protocol):
    @property
    def cursor(self) -> str | None: ...


P = TypeVar("P", bound=Page)
T = TypeVar("T")


def items(page_at: Callable[[str | None], P], items_of: Callable[[P], Iterable[T]]) -> Iterator[T]:
    """A cursor that comes back unchanged ends it: asking for the same page for ever helps nobody."""
    cursor: str | None = None
    while True:
        page = page_at(cursor)
        yield from items_of(page)
        if page.cursor in (None, cursor):
            return
        cursor = page.cursor
