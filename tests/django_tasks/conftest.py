"""Django is configured before any test module is imported; each test has a table of its own."""

from collections.abc import Generator

import pytest

from tests.databases import Database
from tests.django.project import configure, forget_connections, use

configure()

from django.db import connection  # noqa: E402 - after Django is configured
from django.test import override_settings  # noqa: E402

from qstash_integrations._core.publishing.client import override_transport  # noqa: E402
from qstash_integrations.django.tasks.models import StoredTask  # noqa: E402
from qstash_integrations.testing import LocalQStash  # noqa: E402
from tests.django_tasks import shop  # noqa: E402
from tests.django_tasks.calls import SETTINGS, FakeQStash  # noqa: E402


@pytest.fixture(autouse=True)
def database(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """``default`` with an empty table, and ``other`` for the same database."""
    use(empty_database, monkeypatch)
    with connection.schema_editor() as editor:
        editor.create_model(StoredTask)
    yield
    forget_connections()


@pytest.fixture(autouse=True)
def nothing_ran() -> Generator[None]:
    shop.ran.clear()
    yield
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
