"""What every store has to do: subclass ``StoreContract`` and say how rows get in and out.

class TestDjangoStore(StoreContract):
    @pytest.fixture
    def table(self, db) -> Table: ...
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from qstash_integrations.outbox.row import Row, new_holder, new_id
from qstash_integrations.outbox.rule import Change
from qstash_integrations.outbox.store import Stats, Store

NOW = 1_700_000_000_000
HOUR = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Table:
    """A store whose table is empty at first."""

    store: Store
    write: Callable[[Iterable[Row]], Any]
    """Puts rows in, and commits."""
    read: Callable[[], list[Row]]
    """All of them, in the order of their ids."""
    at_once: int = 4
    """Threads that may use it at the same time."""


def row(**values: Any) -> Row:
    """One that is due."""
    made: dict[str, Any] = {
        "id": new_id(NOW),
        "destination": "https://shop.example/hooks/ship",
        "headers": (("Upstash-Retries", "2"), ("Upstash-Forward-X", "\xe4")),
        "body": b'{"order":1}',
        "created_at": NOW,
        "due_at": NOW,
        "holder": new_holder(),
    }
    return Row(**{**made, **values})


def several(count: int, **values: Any) -> list[Row]:
    """The longest due first."""
    return [row(id=new_id(NOW + number), due_at=NOW - count + number, **values) for number in range(count)]


def facts(one: Row) -> tuple[object, ...]:
    """Also what its repr does not show."""
    return (
        one.id, one.destination, one.queue, one.headers, one.body, one.created_at, one.due_at, one.holder, one.tries,
        one.error, one.message_id, one.sent_at,
    )  # fmt: skip


class StoreContract:
    @pytest.fixture
    def store(self, table: Table) -> Store:
        return table.store

    def test_it_has_a_label(self, store: Store) -> None:
        assert store.label

    def test_what_is_claimed_is_what_was_written(self, table: Table) -> None:
        for destination, queue, headers, body in (
            ("https://shop.example/hooks/ship?a=%C3%A4", None, (("Upstash-Forward-X", "\xe4\t1"),), bytes(range(256))),
            ("shops", "orders", (), b""),
            ("https://shop.example/" + "x" * 8000, "q" * 256, (), None),
        ):
            one = row(destination=destination, queue=queue, headers=headers, body=body)
            table.write([one])
            (found,) = table.store.claim("h" * 32, NOW, NOW + 60_000, 1)
            assert facts(found) == facts(row(
                id=one.id, destination=destination, queue=queue, headers=headers, body=body, holder="h" * 32,
                due_at=NOW + 60_000,
            ))  # fmt: skip

    def test_the_longest_due_are_claimed_first_in_the_order_of_their_ids(self, table: Table) -> None:
        rows = several(5)
        table.write(reversed(rows))
        assert [one.id for one in table.store.claim("a" * 32, NOW, NOW + 60_000, 3)] == [one.id for one in rows[:3]]
        assert [one.id for one in table.store.claim("b" * 32, NOW, NOW + 60_000, 3)] == [one.id for one in rows[3:]]

    def test_what_is_claimed_is_not_claimed_by_others(self, table: Table) -> None:
        table.write([row()])
        assert len(table.store.claim("a" * 32, NOW, NOW + 60_000, 10)) == 1
        assert table.store.claim("b" * 32, NOW + 59_999, NOW + 120_000, 10) == []

    def test_what_is_claimed_is_due_again_at_the_end_of_its_lease(self, table: Table) -> None:
        table.write([row()])
        table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        (found,) = table.store.claim("b" * 32, NOW + 60_000, NOW + 120_000, 10)
        assert (found.holder, found.due_at) == ("b" * 32, NOW + 120_000)

    @pytest.mark.parametrize(
        "values",
        [{"due_at": NOW + 1}, {"due_at": NOW + HOUR}, {"due_at": None}, {"due_at": None, "sent_at": NOW - 1}],
        ids=["later", "an hour later", "parked", "sent"],
    )
    def test_what_is_not_due_is_not_claimed(self, table: Table, values: dict[str, Any]) -> None:
        table.write([row(**values)])
        assert table.store.claim("a" * 32, NOW, NOW + 60_000, 10) == []

    def test_what_a_clock_has_leased_that_was_set_back_two_hours_is_due(self, table: Table) -> None:
        table.write([row(due_at=NOW + 2 * HOUR + 60_000), row(due_at=NOW + 600_000)])
        found = table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        assert [one.due_at for one in found] == [NOW + 60_000]

    def test_only_whoever_holds_a_row_changes_it(self, table: Table) -> None:
        one = row()
        table.write([one])
        table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        table.store.claim("b" * 32, NOW + 60_000, NOW + 120_000, 10)
        late = [
            Change(id=one.id, holder="a" * 32, delete=True, message_id="msg_1"),
            Change(id=one.id, holder="a" * 32, error="no", tries=1),
            Change(id=one.id, holder="a" * 32, sent_at=NOW, message_id="msg_1"),
        ]
        assert [table.store.settle([change]) for change in late] == [0, 0, 0]
        (left,) = table.read()
        assert (left.holder, left.due_at, left.tries, left.error) == ("b" * 32, NOW + 120_000, 0, None)

    def test_changes_are_made_as_they_are_told(self, table: Table) -> None:
        rows = several(5)
        table.write(rows)
        table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        ids = [one.id for one in rows]
        changes = [
            Change(id=ids[0], holder="a" * 32, delete=True, message_id="msg_0"),
            Change(id=ids[1], holder="a" * 32, tries=1, sent_at=NOW + 5, message_id="msg_1"),
            Change(id=ids[2], holder="a" * 32, tries=1, sent_at=NOW + 5, message_id="msg_2"),
            Change(id=ids[3], holder="a" * 32, tries=2, error="x" * 500),
            Change(id=ids[4], holder="a" * 32, tries=3, error="no", due_at=NOW + 7),
            Change(id=new_id(NOW), holder="a" * 32, delete=True),
        ]
        assert table.store.settle(changes) == 5
        assert [(one.id, one.due_at, one.tries, one.error, one.sent_at, one.message_id) for one in table.read()] == [
            (ids[1], None, 1, None, NOW + 5, "msg_1"),
            (ids[2], None, 1, None, NOW + 5, "msg_2"),
            (ids[3], None, 2, "x" * 500, None, None),
            (ids[4], NOW + 7, 3, "no", None, None),
        ]

    def test_what_is_settled_is_settled_once(self, table: Table) -> None:
        one = row()
        table.write([one])
        table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        gone = Change(id=one.id, holder="a" * 32, delete=True)
        assert [table.store.settle([gone]), table.store.settle([gone]), table.store.settle([])] == [1, 0, 0]

    def test_a_writer_owns_what_it_has_written_after_its_commit(self, table: Table) -> None:
        mine = [row(id=new_id(NOW + number), holder="w" * 32, due_at=NOW + 30_000) for number in range(3)]
        table.write(mine)
        rolled_back = new_id(NOW)
        found = table.store.own([rolled_back, *(one.id for one in reversed(mine))], "w" * 32, NOW + 90_000)
        assert [(one.id, one.holder, one.due_at) for one in found] == [(one.id, "w" * 32, NOW + 90_000) for one in mine]
        assert [one.due_at for one in table.read()] == [NOW + 90_000] * 3
        assert table.store.own([], "w" * 32, NOW + 90_000) == []

    def test_a_writer_no_longer_owns_what_others_have_taken(self, table: Table) -> None:
        one = row(holder="w" * 32)
        table.write([one])
        table.store.claim("a" * 32, NOW, NOW + 60_000, 10)
        assert table.store.own([one.id], "w" * 32, NOW + 90_000) == []
        assert table.read()[0].due_at == NOW + 60_000

    def test_a_writer_does_not_own_what_was_sent_or_parked(self, table: Table) -> None:
        rows = [row(holder="w" * 32, due_at=None), row(holder="w" * 32, due_at=None, sent_at=NOW)]
        table.write(rows)
        assert table.store.own([one.id for one in rows], "w" * 32, NOW + 90_000) == []

    def test_more_rows_than_a_statement_has_room_for(self, table: Table) -> None:
        rows = several(2500, holder="w" * 32)
        table.write(rows)
        ids = [one.id for one in rows]
        assert len(table.store.own(ids, "w" * 32, NOW + 90_000)) == 2500
        assert table.store.settle([Change(id=id_, holder="w" * 32, tries=1, error="no") for id_ in ids]) == 2500
        assert table.store.requeue(ids, NOW) == 2500
        assert len(table.store.claim("a" * 32, NOW, NOW + 60_000, 2500)) == 2500
        assert table.store.settle([Change(id=id_, holder="a" * 32, delete=True) for id_ in ids]) == 2500
        assert table.read() == []

    def test_stats_count_each_kind(self, table: Table) -> None:
        assert table.store.stats(NOW) == Stats(waiting=0, overdue=0, parked=0, oldest_at=None)
        assert table.store.sent() == 0
        table.write([
            row(),
            row(due_at=NOW + 90_000, created_at=NOW - 600_000),
            row(due_at=NOW + 90_000, created_at=NOW - 600_001),
            row(due_at=None, created_at=NOW - HOUR),
            row(due_at=None, created_at=NOW - HOUR),
            row(due_at=None, created_at=NOW - HOUR, sent_at=NOW),
        ])  # fmt: skip
        assert table.store.stats(NOW) == Stats(waiting=3, overdue=1, parked=2, oldest_at=NOW - 600_001)
        assert table.store.sent() == 1

    def test_parked_rows_are_due_again_when_they_are_requeued(self, table: Table) -> None:
        rows = [
            row(id=new_id(NOW), due_at=None, tries=5, error="no"),
            row(id=new_id(NOW + 1), due_at=None, tries=5, error="no"),
            row(id=new_id(NOW + 2), due_at=NOW + 90_000, tries=5),
            row(id=new_id(NOW + 3), due_at=None, tries=5, sent_at=NOW),
        ]
        table.write(rows)
        assert [one.id for one in table.store.parked(10)] == [rows[0].id, rows[1].id]
        assert [one.id for one in table.store.parked(1)] == [rows[0].id]
        assert table.store.requeue([rows[1].id, rows[2].id, rows[3].id, new_id(NOW)], NOW + 7) == 1
        assert [(one.due_at, one.tries) for one in table.read()] == [
            (None, 5),
            (NOW + 7, 0),
            (NOW + 90_000, 5),
            (None, 5),
        ]
        assert [table.store.requeue(None, NOW + 8), table.store.requeue(None, NOW + 8)] == [1, 0]
        assert table.read()[0].due_at == NOW + 8

    def test_sent_rows_are_pruned_in_batches(self, table: Table) -> None:
        table.write([
            *(row(due_at=None, sent_at=NOW - 10 + number) for number in range(5)),
            row(due_at=None, sent_at=NOW),
            row(due_at=None),
            row(),
        ])  # fmt: skip
        assert [table.store.prune(NOW, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert len(table.read()) == 3

    def test_a_closed_store_opens_again(self, table: Table) -> None:
        table.write([row()])
        table.store.close()
        assert len(table.store.claim("a" * 32, NOW, NOW + 60_000, 10)) == 1
        table.store.close()
        table.store.close()

    def test_no_row_is_claimed_by_two_at_once(self, table: Table) -> None:
        rows = several(200)
        table.write(rows)
        claimed: list[tuple[str, str]] = []
        start = threading.Barrier(table.at_once)

        def take_all() -> None:
            start.wait(30)
            misses = 0
            while misses < 20:
                holder = new_holder()
                found = table.store.claim(holder, NOW, NOW + 60_000, 7)
                claimed.extend((one.id, holder) for one in found)
                misses = 0 if found else misses + 1
            table.store.close()

        threads = [threading.Thread(target=take_all) for _ in range(table.at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(id_ for id_, _ in claimed) == [one.id for one in rows]
        assert sorted(claimed) == [(one.id, one.holder) for one in table.read()]
