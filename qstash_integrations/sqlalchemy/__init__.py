"""SQLAlchemy: messages and their marks in the transactions of a ``Session``.

Spec: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
"""

from .._core.extras import need

need("sqlalchemy", "sqlalchemy")

from .._core.errors import InProgress, Replayed
from .inbox import Inbox
from .outbox import Outbox

__all__ = ["InProgress", "Inbox", "Outbox", "Replayed"]
