"""The outbox in a ``Table`` of the app's own metadata: ``outbox.publish_json(session, url=..., body=...)``.

The message is a row in the session's transaction: rolled back, also to a savepoint, it was never there; committed, it
is sent, at least once.

Spec: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack, overload

from sqlalchemy import Engine, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncEngine

from .._core.durations import Duration, parse_duration
from .._core.errors import ConfigurationError
from .._core.publishing.discreet import discreet
from .._core.publishing.message_options import (
    AnyMessage,
    GroupMessage,
    QueuedGroupMessage,
    QueuedUrlMessage,
    UrlMessage,
)
from .._core.publishing.operations import Operation, merged
from .._core.publishing.operations.batch import batch
from .._core.publishing.operations.message import enqueue, publish
from .._core.publishing.signatures import named_options
from ..outbox.blocking import BlockingStore
from ..outbox.here import AsyncHere, Here
from ..outbox.store import Store
from ..outbox.sweeps import EVERY, SCHEDULE
from .clients import AnyClient, Clients
from .savepoints import keep_whole
from .sending import TableSender
from .sessions import AnySession, made, outbox_of, session_of
from .stores import AsyncDisposingStore, AsyncEngineStore, DisposingStore, EngineStore, GivenEngine, engine_of
from .table import NAME, outbox_table
from .written import stored_in, write

if TYPE_CHECKING:
    from ..tasks import Schedule, Task

_IS_ASYNC = "engine is an AsyncEngine: ask for astore(), and give the engine itself to Outbox instead of a function"


@named_options
@discreet
class Outbox:
    """A table of messages that ``metadata`` gets, made with the app's other tables.

    ``engine`` is for who sweeps without a session: an ``Engine``, an ``AsyncEngine``, or a function that returns one.
    ``client`` publishes what is swept: a ``QStash`` or ``AsyncQStash``, or a function that returns one; by default that
    of the running app, else of the environment. ``keep`` is for how long rows stay when they are sent, such as "7d";
    they are deleted at once by default. ``schema`` is that of the metadata unless it is given.

    Each ``session`` may be a ``Session``, an ``AsyncSession`` without an await, or a scoped one of either. The messages
    are those of the publisher's verbs, checked as there; what comes back is the id of the row. A provider's ``api`` is
    a ValueError: its token would be stored.
    """

    def __init__(
        self,
        metadata: MetaData,
        *,
        engine: GivenEngine = None,
        client: AnyClient | Callable[[], AnyClient] | None = None,
        keep: Duration | None = None,
        name: str = NAME,
        schema: str | None = None,
    ) -> None:
        if not isinstance(metadata, MetaData):
            raise TypeError(f"metadata must be a MetaData, such as Base.metadata, not {type(metadata).__name__}")
        self.keep: timedelta | None = None if keep is None else parse_duration(keep, "keep")
        self._engine = engine
        self._clients = Clients(client)
        self.table: Table = outbox_table(metadata, name, schema)
        self._sending = TableSender(self.table, self._clients, keep=keep is not None)
        self._kind = stored_in(self.table)
        keep_whole()
        made.add(self)

    @overload
    def publish(self, session: AnySession, message: UrlMessage | GroupMessage, /) -> str: ...
    @overload
    def publish(self, session: AnySession, /, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    def publish(self, session: AnySession, /, **message: Unpack[GroupMessage]) -> str: ...
    def publish(self, session: AnySession, message: Any = None, /, **fields: Any) -> str:
        """Write a message to a ``url``, or to every endpoint of a ``url_group``; the id of its row.

        TypeError or ValueError names what is wrong with the message, before anything is written. It is sent, at least
        once, after the session's transaction has committed.
        """
        return self._write(session, publish(merged(message, fields), None))[0]

    @overload
    def publish_json(self, session: AnySession, message: UrlMessage | GroupMessage, /) -> str: ...
    @overload
    def publish_json(self, session: AnySession, /, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    def publish_json(self, session: AnySession, /, **message: Unpack[GroupMessage]) -> str: ...
    def publish_json(self, session: AnySession, message: Any = None, /, **fields: Any) -> str:
        """``publish`` with the body encoded as JSON, whatever it is."""
        return self._write(session, publish(merged(message, fields), None, as_json=True))[0]

    @overload
    def enqueue(self, session: AnySession, message: QueuedUrlMessage | QueuedGroupMessage, /) -> str: ...
    @overload
    def enqueue(self, session: AnySession, /, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    def enqueue(self, session: AnySession, /, **message: Unpack[QueuedGroupMessage]) -> str: ...
    def enqueue(self, session: AnySession, message: Any = None, /, **fields: Any) -> str:
        """``publish`` through a ``queue``."""
        return self._write(session, enqueue(merged(message, fields), None))[0]

    @overload
    def enqueue_json(self, session: AnySession, message: QueuedUrlMessage | QueuedGroupMessage, /) -> str: ...
    @overload
    def enqueue_json(self, session: AnySession, /, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    def enqueue_json(self, session: AnySession, /, **message: Unpack[QueuedGroupMessage]) -> str: ...
    def enqueue_json(self, session: AnySession, message: Any = None, /, **fields: Any) -> str:
        """``enqueue`` with the body encoded as JSON, whatever it is."""
        return self._write(session, enqueue(merged(message, fields), None, as_json=True))[0]

    def batch(self, session: AnySession, messages: Iterable[AnyMessage]) -> list[str]:
        """Many messages, each with its own destination and options; the ids of their rows, in their order.

        All are checked before one is written; an error names the index.
        """
        return self._write(session, batch(messages, None))

    def batch_json(self, session: AnySession, messages: Iterable[AnyMessage]) -> list[str]:
        """``batch`` with the bodies encoded as JSON."""
        return self._write(session, batch(messages, None, as_json=True))

    def store(self, engine: Engine | None = None) -> EngineStore:
        """The table on an engine, by default the one that was given; ConfigurationError where there is none."""
        found = engine_of(self._engine) if engine is None else engine
        if isinstance(found, AsyncEngine):
            raise ConfigurationError(_IS_ASYNC)
        return EngineStore(found, self.table)

    def astore(self, engine: AsyncEngine | None = None) -> AsyncEngineStore:
        """``store`` for an ``AsyncEngine``."""
        found = engine_of(self._engine) if engine is None else engine
        if isinstance(found, Engine):
            raise ConfigurationError("engine is an Engine, which serves no event loop: ask for store()")
        return AsyncEngineStore(found, self.table)

    @cached_property
    def sweep(self) -> "Task[[], Any]":
        """A task that sends what is due: ``QStash(app, tasks=[shop, outbox.sweep])``, for ``schedule`` to call."""
        # It brings pydantic, which those who run a relay need not have.
        from ..outbox.sweep_task import async_sweep_task, sweep_task

        name = f"{self.table.name}.sweep"
        if isinstance(self._engine, AsyncEngine):  # whose connections belong to the event loop of the app
            return async_sweep_task(
                lambda: AsyncHere(store=self.astore(), client=self._clients.for_loops(), keep=self.keep), name
            )
        return sweep_task(lambda: Here(store=self.store(), client=self._clients.sync(), keep=self.keep), name)

    def schedule(self, cron: str = EVERY, *, name: str = SCHEDULE) -> "Schedule":
        """QStash as the relay: calls ``sweep``, every five minutes by default. ``schedules sync`` makes it.

        ``cron`` is five fields in UTC. Needs the extra ``tasks``, and ``sweep`` among the tasks of an app.
        """
        from ..outbox.sweep_task import sweep_schedule

        return sweep_schedule(self.sweep, cron, name)

    def here(self) -> Here:
        """For the command ``qstash-integrations outbox --outbox shop.db:outbox``."""
        engine = engine_of(self._engine)
        if isinstance(engine, AsyncEngine):
            store: Store = BlockingStore(AsyncDisposingStore(engine, self.table))
        else:
            store = DisposingStore(engine, self.table)
        return Here(store=store, client=self._clients.sync(), keep=self.keep)

    def _write(self, session: AnySession, operation: Operation[Any]) -> list[str]:
        checked = self._clients.checked(operation)
        return write(session_of(session), self._kind, checked, self._sending.soon)

    def __repr__(self) -> str:
        return f"<Outbox {self.table.fullname}>"


def publish_in(session: AnySession, message: Any) -> str:
    """Write the call of a task into the outbox that goes with the session."""
    outbox = outbox_of(session_of(session))
    return (outbox.enqueue if message.get("queue") else outbox.publish)(session, message)
