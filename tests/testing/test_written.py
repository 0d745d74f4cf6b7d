"""What a test sees of the outbox of a database: a transaction's rows, until they are rolled back."""

import pytest

from qstash_integrations._core.publishing.operations.message import enqueue
from qstash_integrations.outbox.row import Row
from qstash_integrations.outbox.watching import is_watched, tell
from qstash_integrations.outbox.written import rows_of
from qstash_integrations.testing import Outbox


def written(there: set[str], order: int) -> Row:
    """As an edge does it, in the open transaction."""
    message = {"url": "https://shop.example/ship", "queue": "orders", "body": {"id": order}, "retries": 2}
    (row,) = rows_of(enqueue(message, None, as_json=True), now=1_000, holder="a" * 32)
    there.add(row.id)
    tell([row], there.__contains__)
    return row


def test_what_is_rolled_back_was_not_written() -> None:
    there: set[str] = set()
    with Outbox() as outbox:
        kept, gone = written(there, 3), written(there, 4)
        there.discard(gone.id)
        (message,) = outbox.written
        assert outbox.assert_written(url="https://shop.example/ship", json={"id": 3}, queue="orders", retries=2)
        with pytest.raises(AssertionError, match="no written message is as expected"):
            outbox.assert_written(json={"id": 4})
        assert message.header("Upstash-Deduplication-Id") == kept.id
        assert outbox.messages == []
        outbox.clear()
        with pytest.raises(AssertionError, match="no message was written"):
            outbox.assert_written(json={"id": 3})


def test_without_a_test_nobody_looks_on() -> None:
    with Outbox():
        assert is_watched()
    assert not is_watched()
