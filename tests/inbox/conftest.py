"""Django is configured before any test module is imported; each test has a database of its own."""

from collections.abc import Generator

import pytest

from tests.databases import Database
from tests.django.project import configure, forget_connections, use

configure()

from tests.inbox.shop import Shop, create_tables  # noqa: E402 - after Django is configured


@pytest.fixture
def database(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Generator[Database]:
    """``default`` with a table of marks and one of orders, and ``other`` for the same database."""
    use(empty_database, monkeypatch)
    create_tables()
    yield empty_database
    forget_connections()


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop()
