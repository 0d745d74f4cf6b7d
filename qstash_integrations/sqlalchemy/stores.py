"""The table on one engine, as ``outbox.store`` asks for it: for threads and for event loops.

Each method takes a connection from the engine's pool and gives it back, so that nothing is held in between.

Spec: https://docs.sqlalchemy.org/en/20/core/connections.html
"""

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.ext.asyncio import AsyncEngine

from .._core.errors import ConfigurationError
from ..outbox.row import Row
from ..outbox.rule import Change
from ..outbox.store import Stats
from . import statements

P = ParamSpec("P")
T = TypeVar("T")
# Whoever waits for a row has to see what became of it, and a search for rows must lock none beside them.
_READ_COMMITTED: dict[str, Any] = {"isolation_level": "READ COMMITTED"}
_TOLD = ("postgresql", "mysql", "mariadb")

AnyEngine: TypeAlias = Engine | AsyncEngine
GivenEngine: TypeAlias = AnyEngine | Callable[[], AnyEngine] | None


def engine_of(given: GivenEngine) -> AnyEngine:
    """ConfigurationError where there is none."""
    found = given if isinstance(given, Engine | AsyncEngine) else given and given()
    if found is None:
        raise ConfigurationError("the outbox knows no engine: give it one here, or say Outbox(metadata, engine=...)")
    return found


class EngineStore:
    """A ``Store``."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self.label: str = _label(engine)
        self._engine = engine.execution_options(**_READ_COMMITTED) if engine.dialect.name in _TOLD else engine
        self._table = table

    def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        return self._run(statements.claim, holder, now, until, limit)

    def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        return self._run(statements.own, ids, holder, until)

    def settle(self, changes: Sequence[Change]) -> int:
        return self._run(statements.settle, changes)

    def stats(self, now: int) -> Stats:
        return self._run(statements.stats, now)

    def sent(self) -> int:
        return self._run(statements.sent)

    def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        return self._run(statements.requeue, ids, now)

    def prune(self, before: int, limit: int) -> int:
        return self._run(statements.prune, before, limit)

    def parked(self, limit: int) -> list[Row]:
        return self._run(statements.parked, limit)

    def close(self) -> None:
        """Nothing is held: connections are the pool's."""

    def _run(self, work: Callable[Concatenate[Connection, Table, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._engine.begin() as connection:
            return work(connection, self._table, *args, **kwargs)


class AsyncEngineStore:
    """An ``AsyncStore``."""

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self.label: str = _label(engine)
        self._engine = engine.execution_options(**_READ_COMMITTED) if engine.dialect.name in _TOLD else engine
        self._table = table

    async def claim(self, holder: str, now: int, until: int, limit: int) -> list[Row]:
        return await self._run(statements.claim, holder, now, until, limit)

    async def own(self, ids: Sequence[str], holder: str, until: int) -> list[Row]:
        return await self._run(statements.own, ids, holder, until)

    async def settle(self, changes: Sequence[Change]) -> int:
        return await self._run(statements.settle, changes)

    async def stats(self, now: int) -> Stats:
        return await self._run(statements.stats, now)

    async def sent(self) -> int:
        return await self._run(statements.sent)

    async def requeue(self, ids: Sequence[str] | None, now: int) -> int:
        return await self._run(statements.requeue, ids, now)

    async def prune(self, before: int, limit: int) -> int:
        return await self._run(statements.prune, before, limit)

    async def parked(self, limit: int) -> list[Row]:
        return await self._run(statements.parked, limit)

    async def close(self) -> None:
        """Nothing is held: connections are the pool's."""

    async def _run(
        self, work: Callable[Concatenate[Connection, Table, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work, self._table, *args, **kwargs)


class DisposingStore(EngineStore):
    """For a command, which has the engine to itself: no connection outlives it."""

    def close(self) -> None:
        self._engine.dispose()


class AsyncDisposingStore(AsyncEngineStore):
    """The same, and no connection outlives the event loop."""

    async def close(self) -> None:
        await self._engine.dispose()


def _label(engine: Engine | AsyncEngine) -> str:
    return engine.url.database or engine.dialect.name
