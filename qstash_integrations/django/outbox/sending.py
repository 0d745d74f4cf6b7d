"""Sending what was written, after the commit: in a thread of its own, on a connection of its own.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit
"""

from collections.abc import Sequence
from typing import Any

from django.db import connections

from ..._core.publishing.base import transport_of_test
from ..._core.publishing.client import QStash
from ..._core.publishing.manner import Manner
from ..._core.publishing.retry import RetryPolicy
from ...outbox.clock import Clock
from ...outbox.driving import drive
from ...outbox.pace import Pace
from ...outbox.sender import Sender
from ...outbox.sweeping import written
from ...outbox.watching import is_watched
from ..conf import load, outbox_keep
from ..publisher import manner_without
from ..response import is_of_a_test
from .store import DjangoStore, is_in_memory

_TIMEOUT = 10.0  # seconds: a try that takes longer would outlive the lease of its rows
_manner = manner_without("AsyncClient")


def _tried_once() -> Manner:
    told = _manner()
    return Manner(
        timeout=min(told.timeout, _TIMEOUT),
        policy=RetryPolicy(0),
        http_client=told.http_client,
        headers=told.headers,
        allow_http=told.allow_http,
    )


client: QStash = QStash.from_settings(load, _tried_once)
"""By which rows are sent: the publisher's account, and one try, for it is the row that is tried again."""
_senders: dict[str, Sender] = {}


def sent_soon(alias: str, ids: Sequence[str], holder: str) -> None:
    """Never in the way of who has committed; but a test's rows are sent before it goes on."""
    if _is_tested(connections[alias]):
        pace = Pace(Clock(), keeps)
        pace.note(drive(written([(ids, holder)], pace.manner()), DjangoStore(alias), client))
    else:
        sender_of(alias).sent_soon(ids, holder)


def sender_of(alias: str) -> Sender:
    """One per process and database."""
    found = _senders.get(alias)
    return _senders.setdefault(alias, Sender(DjangoStore(alias), client, keep=keeps)) if found is None else found


def keeps() -> bool:
    """Whether rows stay once they are sent."""
    return outbox_keep() is not None


def _is_tested(connection: Any) -> bool:
    """Whether a thread would come too late, or find nothing: the rows of a TestCase are never committed.

    So it is with a database in memory, which belongs to its connection.
    """
    if is_watched() or transport_of_test() is not None:
        return True
    return is_of_a_test(connection.atomic_blocks) or is_in_memory(connection)
