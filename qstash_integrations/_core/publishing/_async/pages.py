"""One item after the other out of pages that are asked for one by one.

A class and no generator: an async one that is left in the middle would have to be closed by hand on trio.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Generic, Protocol, Self, TypeVar

from ..discreet import discreet


class Page(Protocol):
    @property
    def cursor(self) -> str | None: ...


P = TypeVar("P", bound=Page)
T = TypeVar("T")


@discreet
class AsyncItems(Generic[P, T]):
    """A cursor that comes back unchanged ends it: asking for the same page for ever helps nobody."""

    def __init__(self, page_at: Callable[[str | None], Awaitable[P]], items_of: Callable[[P], Iterable[T]]) -> None:
        self._page_at = page_at
        self._items_of = items_of
        self._items: Iterator[T] = iter(())
        self._cursor: str | None = None
        self._is_last = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while True:
            for item in self._items:
                return item
            if self._is_last:
                raise StopAsyncIteration
            page = await self._page_at(self._cursor)
            self._items = iter(self._items_of(page))
            self._is_last = page.cursor in (None, self._cursor)
            self._cursor = page.cursor
