"""Writing rows: in the caller's transaction, on the database that it is open on.

Spec: https://docs.djangoproject.com/en/stable/topics/db/multi-db/
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from ..._core.publishing.inputs import Header
from ..._core.publishing.operations import Operation
from ..._core.publishing.operations.message import ID_HEADER
from ...outbox.row import Row, new_holder
from ...outbox.rule import BATCH
from ...outbox.watching import tell
from ...outbox.written import rows_of
from ..response import is_of_a_test

_NEAR = 8  # of the last hooks of a transaction


def is_open(alias: str) -> bool:
    """Whether the caller has a transaction open there; that of a TestCase, which never commits, is none."""
    connection = connections[alias]
    if connection.in_atomic_block:
        return not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    return connection.connection is not None and not connection.autocommit


def check_open(alias: str) -> None:
    """TransactionManagementError where a transaction is open on another database, and none on this one."""
    if is_open(alias):
        return
    others = [made.alias for made in connections.all(initialized_only=True) if is_open(made.alias)]
    if others:
        raise TransactionManagementError(
            f"a transaction is open on {others[0]!r} and none on {alias!r}, where this message would be written: it "
            f"would be sent although the other is rolled back; say using={others[0]!r}, where the outbox has its table "
            f"too, or open transaction.atomic(using={alias!r})"
        )


def write(operation: Operation[Any], alias: str, added: Sequence[Header] = ()) -> list[Row]:
    """A row for each message of a publishing call, in the same order. They are sent after the commit.

    ``added`` are headers of the client's, which go without saying: those are put on what is sent.
    """
    from .models import StoredMessage

    after = _after_commit(alias)
    rows = rows_of(operation, time.time_ns() // 1_000_000, after.holder)
    rows = [_plain(row, own, added) for row, own in zip(rows, operation.own_ids, strict=True)]
    StoredMessage.objects.using(alias).bulk_create([StoredMessage.of(row) for row in rows])
    after.wait_for([row.id for row in rows])
    tell(rows, lambda row_id: StoredMessage.objects.using(alias).filter(pk=row_id).exists())
    return rows


def _plain(row: Row, own_id: bool, added: Sequence[Header]) -> Row:
    """Without what the client has put on it: where one commits, the row's own id serves as well."""
    kept = [header for header in row.headers or () if header not in added]
    if not own_id:
        kept = [(name, row.id if name == ID_HEADER else value) for name, value in kept]
    return replace(row, headers=tuple(kept))


def _after_commit(alias: str) -> "_AfterCommit":
    """That of the open transaction. A test looks at the hooks of parts of its own, which never commits."""
    connection = connections[alias]
    if not is_of_a_test(connection.atomic_blocks):
        for hook, _ in _latest_hooks(connection):
            found = getattr(hook, "__self__", None)
            if isinstance(found, _AfterCommit):
                return found
    return _AfterCommit(alias)


class _AfterCommit:
    """What one transaction has written, sent with the first of its hooks that is called.

    A hook that is gone with its savepoint takes nothing along: the database says which rows there are.
    """

    def __init__(self, alias: str) -> None:
        self.holder: str = new_holder()
        self._alias = alias
        self._ids: list[str] = []

    def wait_for(self, ids: Sequence[str]) -> None:
        self._ids += ids
        connection = connections[self._alias]
        if not connection.in_atomic_block and not connection.get_autocommit():
            return  # nobody says when that commits: the next sweep finds them
        within = set(connection.savepoint_ids)
        if not any(hook == self.send and around <= within for hook, around in _latest_hooks(connection)):
            transaction.on_commit(self.send, using=self._alias, robust=True)

    def send(self) -> None:
        from .sending import sent_soon

        ids, self._ids = self._ids, []
        for first in range(0, len(ids), BATCH):
            sent_soon(self._alias, ids[first : first + BATCH], self.holder)


def _latest_hooks(connection: Any) -> Iterator[tuple[Callable[[], object], set[str]]]:
    """Those of the open transaction, each with the savepoints that it goes with."""
    return ((hook, around) for around, hook, *_ in islice(reversed(connection.run_on_commit), _NEAR))
