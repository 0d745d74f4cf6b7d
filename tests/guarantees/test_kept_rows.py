"""Rows that were sent and are kept cost nothing: they are not read to find those that are due."""

import signal

import pytest

from tests.databases import MARIADB, POSTGRESQL
from tests.guarantees.processes import wait_until
from tests.guarantees.world import World

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

# SQLite counts nothing.
COUNTING = pytest.mark.parametrize("shops_database", [POSTGRESQL, MARIADB], indirect=True, scope="module")
KEPT, FEW = 20_000, 5_000


@COUNTING
def test_what_is_kept_is_not_read_to_find_what_is_due(it: World) -> None:
    it.ledger.keep(KEPT)
    for number in range(20, 25):
        it.killed_order(number, "commit", "after-commit")
    before = it.ledger.rows_read()
    relay = it.actors.act("relay", "--interval", "0.1", clock=31)
    wait_until(lambda: it.ledger.waiting() == 0)
    relay.send(signal.SIGTERM)
    assert relay.ended() == 0, relay.printed
    assert [it.messages(number) for number in range(20, 25)] == [1] * 5
    assert it.ledger.rows_read() - before < FEW
