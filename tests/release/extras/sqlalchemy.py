"""Extra ``sqlalchemy``: a message is written in a session's transaction and is gone with it."""

from sqlalchemy import MetaData, create_engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from qstash_integrations.sqlalchemy import Inbox, Outbox

assert AsyncSession
metadata = MetaData()
outbox, inbox = Outbox(metadata), Inbox(metadata)
engine = create_engine("sqlite://")
metadata.create_all(engine)
(messages,) = [table for name, table in metadata.tables.items() if "outbox" in name]
with Session(engine) as session:
    outbox.publish_json(session, url="https://shop.example/ship", body={"id": 3})
    session.flush()
    assert session.scalar(select(func.count()).select_from(messages)) == 1
    session.rollback()
    assert session.scalar(select(func.count()).select_from(messages)) == 0
