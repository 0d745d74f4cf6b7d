"""What tests in which something is committed run on: a file of SQLite, and PostgreSQL where the system tests run."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.django.postgres import cluster, missing
from tests.django.project import forget_connections


def a_file(request: pytest.FixtureRequest) -> dict[str, Any]:
    directory: Path = request.getfixturevalue("tmp_path")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / "test.sqlite3")}


def a_server(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.getfixturevalue("postgres")
    return found


@pytest.fixture(scope="session")
def postgres() -> Generator[dict[str, Any]]:
    with cluster() as database:
        yield database


def use(database: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """``default``, and ``other`` for the same database."""
    configured = connections.configure_settings({"default": database})["default"]
    for alias in ("default", "other"):
        monkeypatch.setitem(connections.settings, alias, configured)
    forget_connections()


ON_POSTGRES = [pytest.mark.system, pytest.mark.skipif(missing() is not None, reason=str(missing()))]
DATABASES = [pytest.param(a_file, id="SQLite"), pytest.param(a_server, id="PostgreSQL", marks=ON_POSTGRES)]
