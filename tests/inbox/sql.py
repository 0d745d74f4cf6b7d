"""An app with SQLAlchemy that ships orders: it writes one row each time that it runs."""

from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, func, insert, select
from sqlalchemy.orm import Session

from qstash_integrations import Claims, Delivery
from qstash_integrations.sqlalchemy import Inbox
from tests.databases import Database

CLAIMS = Claims(
    sub="https://api.example.com/hooks/ship", body="3XKT8BxP0pPM", exp=1, nbf=0, iat=0, jti="jwt_1", key="current"
)
metadata = MetaData()
inbox = Inbox(metadata)
orders = Table("orders", metadata, Column("id", Integer))


def delivery(jti: str, message_id: str | None = "msg_1", *, row: str | None = None, **claims: Any) -> Delivery:
    return Delivery(b"", CLAIMS._replace(jti=jti, **claims), message_id, outbox_id=row)


def ship(session: Session, of: Delivery | None = None) -> bool:
    if not inbox.first_time(session, of):
        return False
    session.execute(insert(orders).values(id=1))
    return True


def shipped(engine: Engine, of: Delivery) -> bool:
    with Session(engine) as session, session.begin():
        return ship(session, of)


def opened(database: Database, **options: Any) -> Engine:
    engine = create_engine(database.url, **options)
    metadata.create_all(engine)
    return engine


def count(engine: Engine, table: Table = orders) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)
