"""Rows in a session's transaction: added to its unit of work, and told to whoever sends them once it has committed.

A hook after a commit raises nothing, waits for nothing and leaves the session alone. It is also called for savepoints,
and where an outer transaction of the connection is still open, as in many test suites: both are no commit.

Spec: https://docs.sqlalchemy.org/en/20/orm/session_events.html
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, MetaData, Table, event, inspect
from sqlalchemy.exc import StatementError, UnboundExecutionError
from sqlalchemy.orm import Session, SessionTransaction, object_session, registry

from .._core.errors import ConfigurationError
from .._core.publishing.discreet import discreet
from .._core.publishing.operations import Operation
from ..outbox import watching
from ..outbox.pace import left_to_sweep
from ..outbox.row import Row, columns_of, new_holder
from ..outbox.written import rows_of

Tell = Callable[[Engine, Sequence[str], str], object]
"""That rows were written on an engine, under these ids and by this holder, and that the transaction has committed."""
_PENDING = "_qstash_outbox_written"
_tables: set[str] = set()
"""Names of the tables of all outboxes."""


@discreet
class Stored:
    """A row, as a session keeps it until it is flushed. Each table has a subclass of its own."""

    id: str
    holder: str
    tell: Tell

    def __init__(self, row: Row, tell: Tell) -> None:
        self.tell = tell
        for name, value in columns_of(row).items():
            setattr(self, name, value)


class _Pending:
    """What the transaction of a session has written so far."""

    def __init__(self) -> None:
        self.holder: str = new_holder()
        self.ids: dict[tuple[Tell, Connection], list[str]] = {}
        self.is_gone: bool = False
        """Whether it has ended without a commit."""


def stored_in(table: Table) -> type[Stored]:
    """The class by which sessions write rows of this table."""
    kind: type[Stored] = type("Stored", (Stored,), {"__module__": __name__})
    registry(metadata=MetaData()).map_imperatively(kind, table)
    event.listen(kind, "after_insert", _inserted)
    if not event.contains(Session, "after_commit", _committed):
        event.listen(Session, "after_commit", _committed)
        event.listen(Session, "after_transaction_end", _ended)
        event.listen(Engine, "handle_error", _hidden)
    _tables.add(table.name)
    return kind


def write(session: Session, kind: type[Stored], operation: Operation[Any], tell: Tell) -> list[str]:
    """The ids of the rows that the operation has become, one for each of its messages.

    Flushed with everything else that the session writes. ConfigurationError where the session has no engine for them.
    """
    try:
        session.get_bind(kind)
    except UnboundExecutionError as error:
        raise ConfigurationError(
            "the session has no engine for the table of the outbox; among the binds of a session, say "
            "Session(binds={..., outbox.table: engine})"
        ) from error
    pending: _Pending = session.info.setdefault(_PENDING, _Pending())
    rows = rows_of(operation, time.time_ns() // 1_000_000, pending.holder)
    stored = {row.id: kind(row, tell) for row in rows}
    session.add_all(stored.values())
    # What was rolled back to a savepoint is as if it had never been added.
    watching.tell(rows, lambda row_id: not pending.is_gone and not inspect(stored[row_id]).transient)
    return list(stored)


def _hidden(context: ExceptionContext) -> None:
    """An error shows the values of its statement, which here are bodies and headers."""
    error = context.sqlalchemy_exception
    if isinstance(error, StatementError) and any(name in (context.statement or "") for name in _tables):
        error.hide_parameters = True


def _inserted(_: Any, connection: Connection, stored: Stored) -> None:
    """Only now it is known which engine the session has chosen."""
    session = object_session(stored)
    pending: _Pending | None = None if session is None else session.info.get(_PENDING)
    if pending is not None and pending.holder == stored.holder:
        pending.ids.setdefault((stored.tell, connection), []).append(stored.id)


def _committed(session: Session) -> None:
    if _PENDING not in session.info or session.in_nested_transaction():
        return
    pending: _Pending = session.info.pop(_PENDING)
    for (tell, connection), ids in pending.ids.items():
        if connection.in_transaction():
            continue  # of somebody outside, who may still roll it back: what is committed then is due soon
        try:
            tell(connection.engine, ids, pending.holder)
        except Exception as error:  # noqa: BLE001 - whatever it is, the commit is done
            left_to_sweep(str(connection.engine.url.database), error)


def _ended(session: Session, transaction: SessionTransaction) -> None:
    """Also where it was rolled back, or closed without a commit."""
    if transaction.parent is None:
        pending: _Pending | None = session.info.pop(_PENDING, None)
        if pending is not None:
            pending.is_gone = True
