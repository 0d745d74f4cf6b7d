"""The inbox in a ``Table`` of the app's own metadata: ``if inbox.first_time(session, delivery): ...``.

The mark is written in the session's transaction, first, and commits or rolls back with the work. On SQLite every writer
waits for the handler.

Spec: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, delete, func, select
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.types import CHAR

from .._core.durations import Duration
from .._core.errors import ConfigurationError, InProgress, Replayed
from .._core.receiving.delivery import Delivery, current_delivery
from .._core.receiving.report import Reporter
from ..inbox import COME_AGAIN, KEPT, MARKS_AT_ONCE, TABLE, forgotten_before, is_contended, kept_for, mark_of
from .marks import DIALECTS, take
from .savepoints import keep_whole

if TYPE_CHECKING:
    from ..tasks.current import CurrentCall

_reporter = Reporter()
_NO_ENGINE = "the inbox knows no engine: give it one here, or to Inbox(metadata, engine=...)"


class Stats(NamedTuple):
    """What there is in an inbox. Times are Unix milliseconds."""

    marks: int
    oldest_at: int | None
    newest_at: int | None
    prunable: int
    """Marks that ``prune`` would delete."""


class Inbox:
    """Marks of messages whose work is committed, in a table that ``metadata`` gets.

    ``kept`` is how long a message is known at least, 45 days by default. ``engine`` is for ``prune`` and ``stats``.
    ``now`` returns Unix seconds.
    """

    def __init__(
        self,
        metadata: MetaData,
        *,
        name: str = TABLE,
        engine: Engine | None = None,
        kept: Duration = KEPT,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(metadata, MetaData):
            raise TypeError(f"metadata must be a MetaData, such as Base.metadata, not {type(metadata).__name__}")
        digest: Any = CHAR(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
        self.table: Table = Table(
            name,
            metadata,
            Column("token", digest, primary_key=True),
            Column("message", digest, nullable=False, unique=True),
            Column("at", BigInteger, nullable=False, index=True),
        )
        self._engine = engine
        self._kept = kept_for(kept)
        keep_whole()
        self._now = now

    def first_time(
        self, session: "Session | scoped_session[Any]", delivery: "Delivery | CurrentCall | None" = None
    ) -> bool:
        """Whether the message has not had its effect yet: the mark is written, and counts if ``session`` commits.

        To be called before anything is written; what is not to be done for good must be rolled back. False is for an
        answer with 2xx. ``delivery`` is the one that is being handled, in a task the call. Raises InProgress, which is
        answered 409, where another transaction is at work on the message for more than a second, and Replayed,
        answered 401, where the signature was presented before. An AsyncSession takes ``afirst_time``.
        """
        given: object = session
        if isinstance(given, AsyncSession | async_scoped_session):
            raise TypeError("an AsyncSession is awaited: if await inbox.afirst_time(session, delivery)")
        if not isinstance(given, Session | scoped_session):
            raise TypeError(f"session must be a Session or a scoped one, not {type(given).__name__}")
        handled, of_tasks = _handled(delivery)
        mark, url = mark_of(handled, of_tasks=of_tasks), handled.claims.sub
        del handled, delivery  # error trackers print the locals of raising frames
        if mark is None:
            _reporter.repeated("method", url)
            raise Replayed
        connection = session.connection(bind_arguments={"clause": self.table})
        _refuse_unusable(connection)
        try:
            found = take(connection, self.table, mark, int(self._now() * 1000))
        except DBAPIError as error:
            if not is_contended(error):
                raise
            found = "busy"
        if found in ("first", "again"):
            return True
        _reporter.repeated(found, url)
        if found == "replayed":
            raise Replayed
        if found == "busy":
            raise InProgress(COME_AGAIN)
        return False

    async def afirst_time(
        self, session: "AsyncSession | async_scoped_session[Any]", delivery: "Delivery | CurrentCall | None" = None
    ) -> bool:
        """``first_time`` for an AsyncSession. Raises what ``first_time`` raises, and TypeError for a Session."""
        if not isinstance(session, AsyncSession | async_scoped_session):
            raise TypeError(f"session must be an AsyncSession, not {type(session).__name__}, which takes first_time")
        own: AsyncSession = session if isinstance(session, AsyncSession) else session()
        return await own.run_sync(self.first_time, delivery)

    def prune(self, engine: Engine | None = None) -> int:
        """Delete the marks that are older than ``kept``, a few hundred per transaction; how many they were.

        On ``engine``, by default the one that was given; ConfigurationError where there is none.
        """
        found = self._known(engine)
        deleted = 0
        with found.begin() as connection:
            before = self._forgotten_before(connection)
        while True:
            with found.begin() as connection:
                old = self.table.c.at < before
                tokens = connection.scalars(select(self.table.c.token).where(old).limit(MARKS_AT_ONCE)).all()
                if not tokens:
                    return deleted
                # A failed attempt that comes again in this moment has another time.
                connection.execute(delete(self.table).where(self.table.c.token.in_(tokens), old))
                deleted += len(tokens)

    async def aprune(self, engine: AsyncEngine) -> int:
        """``prune`` for an AsyncEngine, which is always given; how many marks were deleted."""
        from sqlalchemy.util import greenlet_spawn

        return int(await greenlet_spawn(self.prune, engine.sync_engine))

    def stats(self, engine: Engine | None = None) -> Stats:
        """How many marks there are, from when (Unix milliseconds), and how many ``prune`` would delete.

        ConfigurationError where no engine is given here and none was given before.
        """
        with self._known(engine).connect() as connection:
            at = self.table.c.at
            marks, oldest_at, newest_at = connection.execute(
                select(func.count(), func.min(at), func.max(at)).select_from(self.table)
            ).one()
            old = at < self._forgotten_before(connection)
            prunable = connection.scalar(select(func.count()).select_from(self.table).where(old))
        return Stats(marks, oldest_at, newest_at, prunable or 0)

    def _known(self, engine: Engine | None) -> Engine:
        found: object = engine or self._engine
        if found is None:
            raise ConfigurationError(_NO_ENGINE)
        if not isinstance(found, Engine):
            raise TypeError(f"engine must be an Engine, not {type(found).__name__}; await inbox.aprune(async_engine)")
        return found

    def _forgotten_before(self, connection: Any) -> int:
        newest_at = connection.scalar(select(func.max(self.table.c.at)))
        return forgotten_before(self._now(), newest_at, self._kept)


def _handled(given: "Delivery | CurrentCall | None") -> tuple[Delivery, bool]:
    """What is being handled, and whether it is the call of a task, which is known by its signed id."""
    running = _running()
    if given is None:
        return (current_delivery(), False) if running is None else (running.delivery, True)
    if isinstance(given, Delivery):
        return given, running is not None and running.delivery is given
    return given.delivery, True


def _running() -> Any:
    """The call of a task; who has not imported tasks runs none."""
    module: Any = sys.modules.get("qstash_integrations.tasks.current")
    return None if module is None else module.CURRENT.get(None)


def _refuse_unusable(connection: Any) -> None:
    if connection.dialect.name not in DIALECTS:
        raise ConfigurationError(f"the inbox is for PostgreSQL, MariaDB and SQLite, not {connection.dialect.name}")
    options = connection.get_execution_options()
    level = options.get("isolation_level") or getattr(connection.dialect, "_on_connect_isolation_level", None)
    if level == "AUTOCOMMIT":
        raise ConfigurationError(
            "the inbox needs a transaction: at the isolation level AUTOCOMMIT the mark would be there without its work"
        )
