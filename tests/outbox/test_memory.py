"""The store in memory keeps the contract, so that what is tried on it means something."""

import pytest

from tests.outbox.memory import MemoryStore
from tests.outbox.store_contract import StoreContract, Table


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def table(self) -> Table:
        store = MemoryStore()
        return Table(store=store, write=store.write, read=lambda: [store.rows[id_] for id_ in sorted(store.rows)])
