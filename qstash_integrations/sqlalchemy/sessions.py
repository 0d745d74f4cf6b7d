"""The ``Session`` behind whatever an app calls its session, and the outbox that goes with it.

Spec: https://docs.sqlalchemy.org/en/20/orm/contextual.html
"""

from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakSet

from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session

if TYPE_CHECKING:
    from .outbox import Outbox

AnySession: TypeAlias = Session | AsyncSession | scoped_session[Any] | async_scoped_session[Any]
"""Also Flask-SQLAlchemy's ``db.session``, and the sessions of SQLModel."""

INFO = "qstash_outbox"
"""In ``session.info``: the outbox that ``publish_in`` writes to."""
made: "WeakSet[Outbox]" = WeakSet()
"""The outboxes of this process."""


def session_of(given: AnySession) -> Session:
    """TypeError for what is no session, such as the factory that makes them."""
    found: Any = given.registry() if isinstance(given, scoped_session | async_scoped_session) else given
    if isinstance(found, AsyncSession):
        found = found.sync_session
    if not isinstance(found, Session):
        raise TypeError(
            f"session must be a Session, an AsyncSession or a scoped session, not {type(given).__name__}: the message "
            "is written in its transaction"
        )
    return found


def outbox_of(session: Session) -> "Outbox":
    """RuntimeError where it is not clear which one is meant."""
    told: Outbox | None = session.info.get(INFO)
    if told is not None:
        return told
    if len(made) == 1:
        (only,) = made
        return only
    if not made:
        raise RuntimeError("there is no outbox: make one with Outbox(Base.metadata), where the models are")
    raise RuntimeError(
        f'there are {len(made)} outboxes: say which one with Session(..., info={{"{INFO}": outbox}}), as sessionmaker '
        "takes it too"
    )
