"""The store of Django's outbox does what every store has to do, on SQLite, PostgreSQL and MariaDB."""

from collections.abc import Iterable

import pytest

from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.django.outbox.store import DjangoStore
from qstash_integrations.outbox.row import Row
from tests.outbox.store_contract import StoreContract, Table
from tests.outbox.trouble_contract import TroubleContract


class TestDjangoStore(StoreContract):
    @pytest.fixture
    def table(self) -> Table:
        return Table(store=DjangoStore("default"), write=write, read=read)


class TestDjangoStoreInTrouble(TroubleContract):
    @pytest.fixture
    def table(self) -> Table:
        return Table(store=DjangoStore("default"), write=write, read=read)


def write(rows: Iterable[Row]) -> None:
    StoredMessage.objects.bulk_create([StoredMessage.of(row) for row in rows])


def read() -> list[Row]:
    return [stored.row for stored in StoredMessage.objects.order_by("pk")]
