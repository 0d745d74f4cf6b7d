"""The outbox that a command or a task is about."""

from dataclasses import dataclass
from datetime import timedelta

from .._core.publishing.client import AsyncQStash, QStash
from .clock import Clock
from .store import AsyncStore, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    keep: timedelta | None = None
    """How long rows stay when they are sent; None deletes them at once."""
    clock: Clock = Clock()  # noqa: RUF009 - immutable

    @property
    def kept(self) -> int | None:
        """In milliseconds."""
        return None if self.keep is None else int(self.keep.total_seconds() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here(_Kept):
    store: Store
    client: QStash
    """Tries each call once: rows are what is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncHere(_Kept):
    """For async code."""

    store: AsyncStore
    client: AsyncQStash
