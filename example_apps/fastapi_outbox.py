"""Orders in a database, and the messages about them in the same transactions: FastAPI and SQLAlchemy.

The configuration is the QSTASH_* environment variables, and DATABASE_URL.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    uvicorn fastapi_outbox:app --host 0.0.0.0 --port 8000 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile fastapi_outbox up --build`.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from qstash_integrations.fastapi import DeliveryDep, QStash, QStashDep, VerifiedRoute
from qstash_integrations.sqlalchemy import Inbox, Outbox


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    number: Mapped[int] = mapped_column(primary_key=True)
    parcels: Mapped[int] = mapped_column(default=0)


class Number(BaseModel):
    number: int


engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///orders.sqlite3"))
outbox = Outbox(Base.metadata, engine=engine)
inbox = Inbox(Base.metadata)


@asynccontextmanager
async def tables(app: FastAPI) -> AsyncGenerator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


async def session() -> AsyncGenerator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(session)]
app = FastAPI(lifespan=tables)
hooks = APIRouter(prefix="/hooks", route_class=VerifiedRoute)
QStash(app, tasks=[outbox.sweep])
every_five_minutes = outbox.schedule()


@app.post("/orders", status_code=202)
async def order(order: Number, session: SessionDep, qstash: QStashDep) -> Number:
    try:
        async with session.begin():
            outbox.publish_json(session, url=qstash.url_for("ship"), body=order.model_dump())
            # A number that is taken takes the message back.
            session.add(Order(number=order.number))
    except IntegrityError as error:
        raise HTTPException(409, "there is such an order") from error
    return order


@hooks.post("/ship")
async def ship(order: Number, delivery: DeliveryDep, session: SessionDep) -> None:
    async with session.begin():
        # However often QStash comes with it, one parcel leaves.
        if await inbox.afirst_time(session, delivery):
            parcel = update(Order).where(Order.number == order.number).values(parcels=Order.parcels + 1)
            await session.execute(parcel)


@app.get("/parcels")
async def parcels(session: SessionDep) -> dict[int, int]:
    orders = await session.scalars(select(Order))
    return {order.number: order.parcels for order in orders}


app.include_router(hooks)
