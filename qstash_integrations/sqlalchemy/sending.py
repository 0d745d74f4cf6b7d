"""Sending what has committed: at once, off the way of whoever has committed it, on another connection.

Threads have a thread for it, event loops a task. Where one connection is all there is, as of a database in memory,
nobody else may look at it meanwhile: there rows are sent by a sweep.

Spec: https://docs.sqlalchemy.org/en/20/core/pooling.html
"""

from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

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

_Senders = dict[QStash | AsyncQStash, Sender | AsyncSender]


class Sending:
    """Of the rows of one table, on whatever engines they were written."""

    def __init__(self, table: Table, clients: Clients, *, keep: bool) -> None:
        self._table = table
        self._clients = clients
        self._keep = keep
        self._senders: WeakKeyDictionary[Engine, _Senders] = WeakKeyDictionary()

    def soon(self, engine: Engine, ids: Sequence[str], holder: str) -> None:
        """These rows were written by this holder, and have committed. Waits for nothing, but for tests that look on."""
        if is_watched():
            store = EngineStore(engine, self._table)
            drive(written([(ids, holder)], Manner(keep=self._keep)), store, self._clients.sync())
        elif not isinstance(engine.pool, StaticPool | SingletonThreadPool):
            self._sender(engine).sent_soon(ids, holder)

    def _sender(self, engine: Engine) -> Sender | AsyncSender:
        senders = self._senders.setdefault(engine, {})
        keep = partial(bool, self._keep)
        if engine.dialect.is_async:
            aclient = self._clients.for_loops()
            if aclient not in senders:
                senders[aclient] = AsyncSender(AsyncEngineStore(AsyncEngine(engine), self._table), aclient, keep=keep)
            return senders[aclient]
        client = self._clients.sync()
        if client not in senders:
            senders[client] = Sender(EngineStore(engine, self._table), client, keep=keep)
        return senders[client]
