"""A clock that is moved by hand, a store in memory, and a QStash that answers as it is told."""

from collections.abc import Generator

import pytest

from tests.outbox.hand import FakeQStash, Hand, fake_qstash
from tests.outbox.memory import MemoryStore


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def fake() -> Generator[FakeQStash]:
    with fake_qstash() as one:
        yield one
