"""What one shop does with one database is tried in one world, each order by a number of its own."""

from collections.abc import Generator

import pytest

from tests.databases import DATABASES, Database, fresh
from tests.guarantees.world import SHOPS, World, world


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module", params=DATABASES)
def shops_database(shop: str, request: pytest.FixtureRequest) -> Generator[Database]:
    """One that no other shop has written to."""
    with fresh(request) as database:
        yield database


@pytest.fixture(scope="module")
def it(shop: str, shops_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with world(shop, shops_database, tmp_path_factory.mktemp(shop)) as made:
        yield made
