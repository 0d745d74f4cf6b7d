"""The shop in FastAPI, with SQLAlchemy's ``AsyncSession``."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData, event, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from qstash_integrations.cli import main
from qstash_integrations.fastapi import DeliveryDep, QStash, VerifiedRoute
from qstash_integrations.sqlalchemy import Inbox, Outbox
from tests.guarantees.shops.given import (
    EFFECT,
    KEEP,
    OPTIONS,
    ORDER,
    STAY,
    Fate,
    Meanwhile,
    RolledBack,
    database,
    hook_url,
    nothing,
)
from tests.guarantees.shops.sqlite import patient

engine = create_async_engine(database()["async_url"])
patient(engine.sync_engine)
metadata = MetaData()
outbox = Outbox(metadata, engine=engine, keep=KEEP)
inbox = Inbox(metadata)
app = FastAPI()
QStash(app)
hooks = APIRouter(route_class=VerifiedRoute)


def create_tables() -> None:
    async def create() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    asyncio.run(create())


def relay(*options: str) -> int:
    return main(["outbox", "relay", "--outbox", f"{__name__}:outbox", *options])


async def aorder(number: int, fate: Fate, meanwhile: Meanwhile = nothing, committed: Meanwhile = nothing) -> None:
    with suppress(RolledBack):
        async with AsyncSession(engine) as session, session.begin():
            # First, and so before what the outbox does after a commit.
            plain = session.sync_session
            event.listen(plain, "after_commit", lambda _: None if plain.in_nested_transaction() else committed())
            with suppress(RolledBack):
                async with session.begin_nested():
                    await session.execute(text(ORDER.format(number)))
                    outbox.publish_json(session, url=hook_url(), body={"number": number}, **OPTIONS)
                    if fate == "savepoint":
                        raise RolledBack
            meanwhile()
            if fate == "rollback":
                raise RolledBack


def order(number: int, fate: Fate, meanwhile: Meanwhile = nothing, committed: Meanwhile = nothing) -> None:
    async def and_stay() -> None:
        await aorder(number, fate, meanwhile, committed)
        await asyncio.sleep(STAY if fate == "commit" else 0)

    asyncio.run(and_stay())


@app.post("/orders/{number}/{fate}")
async def orders(number: int, fate: Fate) -> None:
    await aorder(number, fate)


@hooks.post("/hook")
async def hook(delivery: DeliveryDep) -> None:
    async with AsyncSession(engine) as session, session.begin():
        if await inbox.afirst_time(session, delivery):
            await session.execute(text(EFFECT.format(delivery.json()["number"])))


app.include_router(hooks)
