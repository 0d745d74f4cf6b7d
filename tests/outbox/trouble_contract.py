"""What a relay makes of a database that gives a transaction up, or closes connections: subclass ``TroubleContract``.

Each row is sent once, none waits for the end of its lease, and what passes is not told.
"""

import threading
from datetime import timedelta
from typing import Any

import pytest

from qstash_integrations import QStash
from qstash_integrations._core.publishing.operations.message import publish
from qstash_integrations.outbox.commands import run
from qstash_integrations.outbox.here import Here
from qstash_integrations.outbox.relay import relay
from qstash_integrations.outbox.row import Row, new_holder
from qstash_integrations.outbox.sweeping import Swept
from qstash_integrations.outbox.verbs import OutboxCommand
from qstash_integrations.outbox.written import rows_of
from qstash_integrations.schedules.terminal import Terminal
from tests.databases import MARIADB, POSTGRESQL, Database
from tests.outbox.hand import fake_qstash
from tests.outbox.store_contract import NOW, Table, row
from tests.outbox.trouble import close_connections, lock_out


def due() -> list[Row]:
    message: Any = {"url": "https://shop.example/hooks/ship", "body": "hi"}
    return [row for number in range(3) for row in rows_of(publish(message, None), NOW + number, new_holder())]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of ours; pools have something to say as well."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("qstash")]


@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
class TroubleContract:
    def test_a_connection_that_is_closed_while_rows_are_sent(
        self, empty_database: Database, table: Table, caplog: pytest.LogCaptureFixture
    ) -> None:
        rows = due()
        table.write(rows)
        with fake_qstash() as fake:
            fake.before = lambda: close_connections(empty_database)
            swept = relay(table.store, QStash("token", retry=False), stop=threading.Event(), once=True)
            assert swept == Swept(sent=3)
        assert (sorted(fake.ids), table.read(), told(caplog)) == ([one.id for one in rows], [], [])

    def test_a_connection_that_was_closed_before_rows_are_claimed(
        self, empty_database: Database, table: Table, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert table.store.claim(new_holder(), 0, 1, 1) == []
        table.write(due())
        close_connections(empty_database)
        with fake_qstash():
            swept = relay(table.store, QStash("token", retry=False), stop=threading.Event(), once=True)
        assert (swept, table.read(), told(caplog)) == (Swept(sent=3), [], [])

    def test_a_connection_that_was_closed_before_a_command(self, empty_database: Database, table: Table) -> None:
        table.write([row(due_at=None, error="HTTP 404"), row(due_at=None, sent_at=NOW)])
        here = Here(store=table.store, client=QStash("token", retry=False))
        said: list[str] = []
        terminal = Terminal(say=said.append, complain=said.append, ask=None)
        for options in (OutboxCommand(verb="requeue", all=True), OutboxCommand(verb="prune", older_than=timedelta(0))):
            table.store.stats(NOW)
            close_connections(empty_database)
            assert run(options, lambda: here, terminal) == 0
        assert said == ["1 row due again", "1 row deleted"]

    def test_a_deadlock_over_what_was_sent(
        self, empty_database: Database, table: Table, caplog: pytest.LogCaptureFixture
    ) -> None:
        rows = due()
        table.write(rows)
        ends: list[threading.Thread] = []
        with fake_qstash() as fake:
            fake.before = lambda: ends.append(lock_out(empty_database, [one.id for one in rows]))
            swept = relay(table.store, QStash("token", retry=False), stop=threading.Event(), once=True)
            ends[0].join()
        assert (swept, len(fake.calls)) == (Swept(sent=3), 1)
        assert (table.read(), told(caplog)) == ([], [])
