"""The table: who holds a row, on SQLite, PostgreSQL and MariaDB."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.django.outbox.store import DjangoStore
from qstash_integrations.outbox.row import Row, new_holder, new_id
from qstash_integrations.outbox.rule import FAR, OVERDUE, Change
from tests.django.project import forget_connections

NOW = 1_800_000_000_000
URL = "https://shop.example.com/hooks/ship"
ME, SHE = new_holder(), new_holder()
store = DjangoStore("default")


def row(number: int = 0, **fields: object) -> Row:
    made = Row(id=new_id(NOW + number), destination=URL, created_at=NOW + number, due_at=NOW + number, holder=None)
    return replace(made, **fields)  # type: ignore[arg-type]


def write(*rows: Row) -> list[Row]:
    StoredMessage.objects.bulk_create([StoredMessage.of(one) for one in rows])
    return list(rows)


def test_a_row_comes_back_as_it_was_written() -> None:
    made = row(headers=(("Content-Type", "text/plain"), ("Upstash-Label", "\x00é")), body=b"\x00\xff", queue="mail")
    write(made)
    (claimed,) = store.claim(ME, NOW, NOW + 60_000, 1)
    assert claimed == replace(made, holder=ME, due_at=NOW + 60_000)


def test_what_is_due_is_claimed_once_the_oldest_first() -> None:
    written = write(*(row(number) for number in range(5)))
    first = store.claim(ME, NOW + 10, NOW + 60_000, 3)
    second = store.claim(SHE, NOW + 10, NOW + 60_000, 3)
    assert [one.id for one in first] == [one.id for one in written[:3]]
    assert [one.id for one in second] == [one.id for one in written[3:]]
    assert store.claim(ME, NOW + 59_999, NOW + 60_000, 3) == []
    assert len(store.claim(ME, NOW + 60_000, NOW + 120_000, 100)) == 5


def test_what_a_clock_that_was_set_back_has_written_is_due() -> None:
    write(row(due_at=NOW + FAR), row(due_at=NOW + FAR + 1))
    (claimed,) = store.claim(ME, NOW, NOW + 60_000, 10)
    assert claimed.due_at == NOW + 60_000


def test_a_writer_owns_what_exists_and_nobody_has_taken() -> None:
    mine, hers, sent = write(row(0, holder=ME), row(1, holder=SHE), row(2, holder=ME, due_at=None, sent_at=NOW))
    ids = [new_id(NOW), sent.id, hers.id, mine.id]
    assert store.own(ids, ME, NOW + 60_000) == [replace(mine, due_at=NOW + 60_000)]
    assert store.own([], ME, NOW + 60_000) == []
    assert len(store.own([new_id(NOW) for _ in range(1_200)] + ids, ME, NOW + 60_000)) == 1


def test_only_its_holder_changes_a_row() -> None:
    gone, kept, parked, later, lost = write(*(row(number, holder=ME) for number in range(4)), row(4, holder=SHE))
    changes = [
        Change(id=gone.id, holder=ME, delete=True, message_id="msg_1"),
        Change(id=kept.id, holder=ME, sent_at=NOW, message_id="msg_2"),
        Change(id=parked.id, holder=ME, error="400", tries=1),
        Change(id=later.id, holder=ME, due_at=NOW + 1_000, error="no answer", tries=2),
        Change(id=lost.id, holder=ME, delete=True),
    ]
    assert store.settle(changes) == 4
    assert store.settle(changes[:1]) == 0
    found = {stored.id: stored.row for stored in StoredMessage.objects.all()}
    assert found == {
        kept.id: replace(kept, due_at=None, sent_at=NOW, message_id="msg_2"),
        parked.id: replace(parked, due_at=None, error="400", tries=1),
        later.id: replace(later, due_at=NOW + 1_000, error="no answer", tries=2),
        lost.id: lost,
    }
    assert [StoredMessage.objects.get(pk=one.id).state for one in (kept, parked, later)] == [
        "sent",
        "parked",
        "waiting",
    ]


def test_changes_that_are_alike_are_one_statement() -> None:
    written = write(*(row(number, holder=ME) for number in range(100)))
    changes = [Change(id=one.id, holder=ME, sent_at=NOW, message_id=f"msg_{one.id}") for one in written]
    with CaptureQueriesContext(connection) as queries:
        assert store.settle(changes) == 100
    assert len(queries) == 1
    assert all(stored.message_id == f"msg_{stored.pk}" for stored in StoredMessage.objects.all())


def test_parked_rows_are_due_again() -> None:
    first, second, waiting = write(row(0, due_at=None, tries=3), row(1, due_at=None, tries=3), row(2, tries=3))
    assert [one.id for one in store.parked(1)] == [first.id]
    assert store.requeue([second.id, waiting.id], NOW + 5) == 1
    assert store.requeue(None, NOW + 6) == 1
    found = [(stored.due_at, stored.tries) for stored in StoredMessage.objects.order_by("pk")]
    assert found == [(NOW + 6, 0), (NOW + 5, 0), (NOW + 2, 3)]


def test_what_was_sent_is_pruned_the_oldest_first() -> None:
    write(*(row(number, due_at=None, sent_at=NOW + number) for number in range(5)), row(), row(due_at=None))
    assert [store.prune(NOW + 3, 2), store.prune(NOW + 3, 2), store.prune(NOW + 3, 2)] == [2, 1, 0]
    assert StoredMessage.objects.count() == 4


def test_rows_are_counted() -> None:
    assert (store.stats(NOW).waiting, store.stats(NOW).oldest_at) == (0, None)
    write(row(created_at=NOW - OVERDUE - 1), row(), row(due_at=None), row(due_at=None, sent_at=NOW))
    found = store.stats(NOW)
    assert (found.waiting, found.overdue, found.parked, store.sent()) == (2, 1, 1, 1)
    assert found.oldest_at == NOW - OVERDUE - 1


@pytest.fixture(params=["read committed", "repeatable read", "serializable"])
def isolation(request: pytest.FixtureRequest) -> None:
    if connection.vendor == "sqlite":
        return
    level = request.param
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        level = IsolationLevel[level.replace(" ", "_").upper()]
    connections.settings["default"]["OPTIONS"]["isolation_level"] = level
    forget_connections()


@pytest.mark.usefixtures("isolation")
def test_relays_that_claim_at_once_share_what_is_due() -> None:
    written = write(*(row(number) for number in range(200)))
    begin = Barrier(4)

    def relay() -> list[str]:
        mine: list[str] = []
        holder = new_holder()
        begin.wait(10)
        try:
            while found := store.claim(holder, NOW + 1_000, NOW + 60_000, 7):
                mine += [one.id for one in found]
                store.settle([Change(id=one.id, holder=holder, delete=True) for one in found])
        finally:
            store.close()
        return mine

    with ThreadPoolExecutor(4) as threads:
        claimed = [id_ for future in [threads.submit(relay) for _ in range(4)] for id_ in future.result()]
    assert len(claimed) == len(set(claimed))
    # Whoever skipped a row that another held has left it to that one.
    assert set(claimed) == {one.id for one in written}
    assert not StoredMessage.objects.exists()


@pytest.mark.usefixtures("isolation")
def test_a_writer_whose_transaction_is_open_is_in_nobodys_way() -> None:
    (waiting,) = write(row())
    with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
        write(row(1))
        if connection.vendor == "sqlite":
            return  # one writer at a time
        (claimed,) = elsewhere.submit(claim_elsewhere).result(10)
        assert claimed.id == waiting.id


def claim_elsewhere() -> list[Row]:
    try:
        return store.claim(ME, NOW + 1_000, NOW + 60_000, 10)
    finally:
        store.close()
