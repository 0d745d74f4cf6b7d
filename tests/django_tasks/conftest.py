"""Django is configured before any test module is imported; each test has a table of its own."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.django.project import configure, forget_connections

configure()

from django.db import connection, connections  # noqa: E402 - after Django is configured
from django.test import override_settings  # noqa: E402

from qstash_integrations._core.publishing.client import override_transport  # noqa: E402
from qstash_integrations.django.tasks.models import StoredTask  # noqa: E402
from qstash_integrations.testing import LocalQStash  # noqa: E402
from tests.django.postgres import cluster, missing  # noqa: E402
from tests.django_tasks import shop  # noqa: E402
from tests.django_tasks.calls import SETTINGS, FakeQStash  # noqa: E402


def a_file(request: pytest.FixtureRequest) -> dict[str, Any]:
    directory: Path = request.getfixturevalue("tmp_path")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / "tasks.sqlite3")}


def a_server(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.getfixturevalue("postgres")
    return found


@pytest.fixture(scope="session")
def postgres() -> Generator[dict[str, Any]]:
    with cluster() as database:
        yield database


ON_POSTGRES = [pytest.mark.system, pytest.mark.skipif(missing() is not None, reason=str(missing()))]
DATABASES = [pytest.param(a_file, id="SQLite"), pytest.param(a_server, id="PostgreSQL", marks=ON_POSTGRES)]


@pytest.fixture(autouse=True, params=DATABASES)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """``default`` with an empty table, and ``other`` for the same database."""
    configured = connections.configure_settings({"default": request.param(request)})["default"]
    for alias in ("default", "other"):
        monkeypatch.setitem(connections.settings, alias, configured)
    forget_connections()
    with connection.schema_editor() as editor:
        editor.create_model(StoredTask)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(StoredTask)
    forget_connections()


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    shop.ran.clear()
    shop.during.clear()


@pytest.fixture
def project() -> Generator[None]:
    with override_settings(ROOT_URLCONF="tests.django_tasks.urls"):
        yield


@pytest.fixture
def qstash(project: None) -> Generator[LocalQStash]:
    with LocalQStash() as local:
        yield local


@pytest.fixture
def queue(project: None) -> Generator[FakeQStash]:
    with override_settings(QSTASH=SETTINGS, ALLOWED_HOSTS=["*"]), override_transport(made := FakeQStash()):
        yield made
