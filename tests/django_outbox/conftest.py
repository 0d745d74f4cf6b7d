"""Django is configured before any test module is imported; each test has a table of its own."""

from collections.abc import Generator

import pytest

from tests.databases import Database
from tests.django.project import configure, forget_connections, use

configure()

from django.db import connection  # noqa: E402 - after Django is configured
from django.test import override_settings  # noqa: E402

from qstash_integrations.django.outbox.models import StoredMessage  # noqa: E402
from tests.django_outbox.shop import SETTINGS, FakeQStash  # noqa: E402


@pytest.fixture(autouse=True)
def database(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """``default`` with an empty table, and ``other`` for the same database."""
    use(empty_database, monkeypatch)
    with connection.schema_editor() as editor:
        editor.create_model(StoredMessage)
    yield
    forget_connections()


@pytest.fixture
def qstash_api() -> Generator[FakeQStash]:
    """What the senders reach, in whatever thread."""
    made = FakeQStash()
    with override_settings(QSTASH=SETTINGS | {"HTTP_CLIENT": made.client}):
        yield made
        made.wait()  # nothing is at work on the table any more
