"""The shop in Flask, with SQLAlchemy's plain ``Session``."""

from contextlib import suppress

from flask import Flask
from sqlalchemy import MetaData, create_engine, event, text
from sqlalchemy.orm import Session

from qstash_integrations import current_delivery
from qstash_integrations.cli import main
from qstash_integrations.flask import QStash, verify_qstash
from qstash_integrations.sqlalchemy import Inbox, Outbox
from tests.guarantees.shops.given import (
    EFFECT,
    KEEP,
    OPTIONS,
    ORDER,
    Fate,
    Meanwhile,
    RolledBack,
    database,
    hook_url,
    nothing,
)
from tests.guarantees.shops.sqlite import patient

engine = create_engine(database()["url"])
patient(engine)
metadata = MetaData()
outbox = Outbox(metadata, engine=engine, keep=KEEP)
inbox = Inbox(metadata)
app = Flask(__name__)
QStash(app)


def create_tables() -> None:
    metadata.create_all(engine)


def relay(*options: str) -> int:
    return main(["outbox", "relay", "--outbox", f"{__name__}:outbox", *options])


def order(number: int, fate: Fate, meanwhile: Meanwhile = nothing, committed: Meanwhile = nothing) -> None:
    with suppress(RolledBack), Session(engine) as session, session.begin():
        # First, and so before what the outbox does after a commit.
        event.listen(session, "after_commit", lambda _: None if session.in_nested_transaction() else committed())
        with suppress(RolledBack), session.begin_nested():
            session.execute(text(ORDER.format(number)))
            outbox.publish_json(session, url=hook_url(), body={"number": number}, **OPTIONS)
            if fate == "savepoint":
                raise RolledBack
        meanwhile()
        if fate == "rollback":
            raise RolledBack


@app.post("/orders/<int:number>/<fate>")
def orders(number: int, fate: Fate) -> str:
    order(number, fate)
    return ""


@app.post("/hook")
@verify_qstash
def hook() -> str:
    delivery = current_delivery()
    with Session(engine) as session, session.begin():
        if inbox.first_time(session, delivery):
            session.execute(text(EFFECT.format(delivery.json()["number"])))
    return ""
