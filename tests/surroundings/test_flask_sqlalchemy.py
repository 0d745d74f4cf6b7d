"""Flask-SQLAlchemy's ``db.session`` as the session of an outbox."""

from collections.abc import Generator
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from qstash_integrations.flask import QStash
from qstash_integrations.outbox import sender
from qstash_integrations.sqlalchemy import Outbox
from qstash_integrations.tasks import task
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash, fake_qstash

URL = "https://shop.example.com/hooks/ship"
TOKEN = "token-of-the-app"


@task
def ship(order_id: int) -> None: ...


@pytest.fixture
def qstash() -> Generator[FakeQStash]:
    with fake_qstash() as fake:
        yield fake


@pytest.fixture
def db() -> SQLAlchemy:
    return SQLAlchemy()


@pytest.fixture
def outbox(db: SQLAlchemy) -> Outbox:
    return Outbox(db.metadata, engine=lambda: db.engine)


@pytest.fixture
def app(db: SQLAlchemy, outbox: Outbox, tmp_path: Path) -> Generator[Flask]:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = sqlite(tmp_path / "shop.sqlite3").url
    app.config["SQLALCHEMY_BINDS"] = {"other": sqlite(tmp_path / "other.sqlite3").url}
    app.config["QSTASH_TOKEN"] = TOKEN
    app.config["QSTASH_PUBLIC_URL"] = "https://shop.example.com"
    app.config["QSTASH_CURRENT_SIGNING_KEY"] = "sig_TESTONLYcurrent000000000000A"
    app.config["QSTASH_NEXT_SIGNING_KEY"] = "sig_TESTONLYnext00000000000000BB"
    db.init_app(app)
    QStash(app, tasks=[ship, outbox.sweep])

    @app.post("/orders/<int:number>")
    def order(number: int) -> str:
        db.session.info["qstash_outbox"] = outbox
        ids = [outbox.publish_json(db.session, url=URL, body={"order": number}), ship.publish_in(db.session, number)]
        if number > 1:
            db.session.rollback()
        else:
            db.session.commit()
        return " ".join(ids)

    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()
        db.engines["other"].dispose()


def test_what_a_request_commits_is_sent_and_what_it_rolls_back_is_not(
    app: Flask, db: SQLAlchemy, outbox: Outbox, qstash: FakeQStash
) -> None:
    browser = app.test_client()
    ids = browser.post("/orders/1").text.split()
    browser.post("/orders/2")
    sender._wait_for_all()
    assert qstash.ids == ids
    assert qstash.accepted[1].destination.startswith(f"https://shop.example.com/qstash/tasks/{ship.name}?id=")
    with app.app_context():
        assert list(db.session.scalars(select(outbox.table.c.id))) == []


def test_the_sweep_finds_the_engine_of_the_app(app: Flask, db: SQLAlchemy, outbox: Outbox, qstash: FakeQStash) -> None:
    with app.app_context():
        assert outbox.sweep() == {"sent": 0, "refused": 0, "parked": 0, "is_over": True}
