"""Sending what has committed: at once, off the way of whoever has committed it, on another connection.

Threads have a thread for it, event loops a task. Where one connection is all there is, as of a database in memory,
nobody else may look at it meanwhile: there rows are sent by a sweep.

Spec: https://docs.sqlalchemy.org/en/20/core/pooling.html
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Engine, Table
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from .._core.publishing.client import AsyncQStash, QStash
from ..outbox.driving import drive
from ..outbox.sender import AsyncSender, Sender
from ..outbox.sweeping import Manner, written
from ..outbox.watching import is_watched
from .clients import Clients
from .stores import AsyncEngineStore, EngineStore

_Senders = dict[tuple[object, str, QStash | AsyncQStash], Sender | AsyncSender]


class TableSender:
    """Of the rows of one table, on whatever engines they were written."""

    def __init__(self, table: Table, clients: Clients, *, keep: bool) -> None:
        self._table = table
        self._clients = clients
        self._keep = keep

    def soon(self, engine: Engine, ids: Sequence[str], holder: str) -> None:
        """These rows were written by this holder, and have committed. Waits for nothing, but for tests that look on."""
        if is_watched():
            store = EngineStore(engine, self._table)
            drive(written([(ids, holder)], Manner(keep=self._keep)), store, self._clients.sync())
        elif not isinstance(engine.pool, StaticPool | SingletonThreadPool):
            self._sender(engine).sent_soon(ids, holder)

    def _sender(self, engine: Engine) -> Sender | AsyncSender:
        # They live and go with the pool: engine.execution_options() makes another Engine of it for each session.
        senders: _Senders = vars(engine.pool).setdefault("_qstash_outbox", {})
        keep = partial(bool, self._keep)
        schemas = engine.get_execution_options().get("schema_translate_map")
        where = self, repr(sorted(schemas.items(), key=repr) if schemas else None)
        if engine.dialect.is_async:
            aclient = self._clients.for_loops()
            found = senders.get((*where, aclient))
            if found is None:
                store = AsyncEngineStore(AsyncEngine(engine), self._table)
                found = senders[*where, aclient] = AsyncSender(store, aclient, keep=keep)
            return found
        client = self._clients.sync()
        found = senders.get((*where, client))
        if found is None:
            found = senders[*where, client] = Sender(EngineStore(engine, self._table), client, keep=keep)
        return found
