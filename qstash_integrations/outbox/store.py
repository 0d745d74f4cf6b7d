"""What a database has to do for the outbox.

Each method is one short transaction of its own, on a connection of its own. Many threads and processes call them at
once, each relay on the same table: a row changes hands by one statement that says in which state it has to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .row import Row
from .rule import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How many rows there are that are not sent, of each kind."""

    waiting: int
    overdue: int
    """Of those that wait, how many have waited for longer than ``OVERDUE``."""
    parked: int
    oldest_at: int | None = None
    """When the oldest of those that wait was written; Unix milliseconds."""


class Store(Protocol):
    """One table. ``now``, ``until`` and ``before`` are Unix milliseconds."""

    @property
    def label(self) -> str:
        """For logs and commands, such as the alias of the database."""
        ...

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        """Take up to ``limit`` rows that are due, the longest due first, in the order of their ids.

        Due is what ``due_at`` says, and what lies more than ``FAR`` ahead: the clock was set back since. They belong
        to ``holder`` until ``until``.
        """
        ...

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        """Which of the rows that ``holder`` has written are there after its commit, still waiting and still its own.

        In the order of their ids. They stay its own until ``until``.
        """
        ...

    def settle(self, changes: Sequence[Change]) -> int:
        """Make each change whose ``holder`` still has the row; how many did."""
        ...

    def stats(self, now: int) -> Stats:
        """Takes no longer where many sent rows are kept."""
        ...

    def sent(self) -> int:
        """How many sent rows are kept, counted one by one; the others were deleted when they were sent."""
        ...

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        """Parked rows are due again, with no tries made; None for all of them. How many that were."""
        ...

    def prune(self, before: int, limit: int) -> int:
        """Delete up to ``limit`` rows that were sent before; how many that were."""
        ...

    def parked(self, limit: int) -> list[Row]:
        """The oldest first."""
        ...

    def close(self) -> None:
        """Let go of the connection of this thread, which ends or rests; the next call opens another."""
        ...


class AsyncStore(Protocol):
    """A ``Store`` for async code."""

    @property
    def label(self) -> str: ...
    async def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]: ...
    async def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]: ...
    async def settle(self, changes: Sequence[Change]) -> int: ...
    async def stats(self, now: int) -> Stats: ...
    async def sent(self) -> int: ...
    async def requeue(self, ids: Sequence[str] | None, now: int) -> int: ...
    async def prune(self, before: int, limit: int) -> int: ...
    async def parked(self, limit: int) -> list[Row]: ...
    async def close(self) -> None: ...
