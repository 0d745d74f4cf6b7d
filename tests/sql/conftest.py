"""A shop whose orders are in a database beside the outbox, and a QStash that says what has arrived."""

from collections.abc import Generator
from pathlib import Path
from queue import Queue

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from qstash_integrations.outbox import sender
from qstash_integrations.sqlalchemy import Outbox
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash, Sent, fake_qstash

URL = "https://shop.example.com/hooks/ship"


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


outbox = Outbox(Base.metadata)


class Arrivals:
    """What has reached QStash."""

    def __init__(self, fake: FakeQStash) -> None:
        self.fake = fake
        self._sent: Queue[Sent] = Queue()
        fake.refuses = self._sent.put  # type: ignore[assignment] - None: it is accepted

    def next(self) -> Sent:
        return self._sent.get(timeout=20)

    def next_id(self) -> str:
        return self.next().row_id

    def are_over(self) -> bool:
        """Whether nothing arrives any more, once all senders are at rest."""
        sender._wait_for_all()
        return self._sent.empty()


@pytest.fixture
def qstash(monkeypatch: pytest.MonkeyPatch) -> Generator[FakeQStash]:
    monkeypatch.setenv("QSTASH_TOKEN", "a-token")
    with fake_qstash() as fake:
        yield fake
        sender._wait_for_all()


@pytest.fixture
def arrivals(qstash: FakeQStash) -> Arrivals:
    return Arrivals(qstash)


def shop_at(url: str) -> Engine:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def engine(tmp_path: Path, qstash: FakeQStash) -> Generator[Engine]:
    engine = shop_at(sqlite(tmp_path / "shop.sqlite3").url)
    yield engine
    sender._wait_for_all()
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Generator[Session]:
    with Session(engine) as session:
        yield session


def with_savepoints(engine: Engine) -> None:
    """SQLite's driver begins no transaction before a savepoint, unless it is told to begin none at all."""

    @event.listens_for(engine, "connect")
    def connected(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def begun(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]
