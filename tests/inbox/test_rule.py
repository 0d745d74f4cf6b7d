"""The neutral rule: by what a message is known, what is found of it, and when that may be forgotten."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations import Claims, ConfigurationError, Delivery
from qstash_integrations.inbox import (
    KEPT,
    Mark,
    Standing,
    answer_of,
    forgotten_before,
    is_contended,
    kept_for,
    mark_of,
    standing,
)

CLAIMS = Claims(
    sub="https://api.example.com/hooks/ship", body="3XKT8BxP0pPM", exp=1, nbf=0, iat=0, jti="jwt_1", key="current"
)
ROW, OTHER_ROW = "0" * 32, "1" * 32
CALL = f"https://api.example.com/qstash/tasks/ship?id={ROW}&at="
DAY = 86_400.0


def delivery(
    message_id: str | None = "msg_1", *, row: str | None = None, method: str = "POST", **claims: Any
) -> Delivery:
    return Delivery(b"", CLAIMS._replace(**claims), message_id, outbox_id=row, method=method)


def known(given: Delivery, *, of_tasks: bool = False) -> Mark:
    mark = mark_of(given, of_tasks=of_tasks)
    assert mark is not None
    return mark


SAME: dict[str, tuple[Delivery, Delivery]] = {
    "another attempt": (delivery(), delivery(jti="jwt_2", exp=61, iat=60)),
    "sent a second time by an outbox": (delivery(row=ROW), delivery("msg_2", row=ROW, jti="jwt_2")),
    "a method in other letters": (delivery(), delivery(method="post")),
    "a row that is none": (delivery(), delivery(row="no row")),
    "a row in capital letters": (delivery(), delivery(row="A" * 32)),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_message_is_known_again(one: Delivery, other: Delivery) -> None:
    assert known(one).message == known(other).message


DIFFERENT: dict[str, tuple[Delivery, Delivery]] = {
    "id": (delivery(), delivery("msg_2")),
    "row": (delivery(row=ROW), delivery(row=OTHER_ROW)),
    "a row that is another's id": (delivery(row=ROW), delivery(ROW)),
    "method": (delivery(), delivery(method="GET")),
    "signed URL": (delivery(row=ROW), delivery(row=ROW, sub="https://api.example.com/hooks/bill")),
    "signed body": (delivery(row=ROW), delivery(row=ROW, body="47DEQpj8HBSa")),
    "no id": (delivery(None), delivery(None, jti="jwt_2")),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_other_messages_are_told_apart(one: Delivery, other: Delivery) -> None:
    assert known(one).message != known(other).message


def test_the_call_of_a_task_is_known_by_its_signed_id_alone() -> None:
    one, other = delivery(sub=CALL + "1"), delivery("msg_2", row=ROW, sub=CALL + "2", body="47DEQpj8HBSa", jti="jwt_2")
    assert known(one, of_tasks=True).message == known(other, of_tasks=True).message
    assert known(one, of_tasks=True).message != known(delivery(sub=CALL.replace("id=0", "id=1")), of_tasks=True).message
    assert known(one).message != known(other).message


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_qstash_never_sends_has_no_mark(method: str) -> None:
    assert mark_of(delivery(method=method)) is None


MARK, RIVAL = Mark("m1", "t1"), Mark("m2", "t1")
FOUND: dict[str, tuple[list[tuple[str, str]], Standing]] = {
    "its own": ([("m1", "t1")], "replayed"),
    "the message by another attempt": ([("m1", "t2")], "done"),
    "the token for another message": ([("m2", "t1")], "replayed"),
    "both, for others": ([("m1", "t2"), ("m2", "t1")], "replayed"),
    "its own, failed": ([(MARK.failed, "t1")], "again"),
    "its own, failed, and another attempt has done it": ([(MARK.failed, "t1"), ("m1", "t2")], "done"),
    "the token in a failed attempt of another message": ([(RIVAL.failed, "t1")], "replayed"),
    "nothing any more": ([], "busy"),
}


@pytest.mark.parametrize(("rows", "found"), FOUND.values(), ids=FOUND)
def test_what_was_written_before_decides(rows: list[tuple[str, str]], found: Standing) -> None:
    assert standing(MARK, rows) == found


def test_a_duplicate_and_a_replay_are_answered_as_once_does() -> None:
    assert (answer_of("done").status, answer_of("done").body) == (200, b'{"duplicate":true}')
    assert (answer_of("replayed").status, answer_of("replayed").body) == (401, b'{"error":"invalid signature"}')
    assert answer_of("busy").status == 409
    assert ("retry-after", "10") in answer_of("busy").headers


class DatabaseError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("canceling statement due to lock timeout")
        self.sqlstate = sqlstate


class Wrapped(Exception):
    def __init__(self, orig: Exception) -> None:
        super().__init__(str(orig))
        self.orig = orig


@pytest.mark.parametrize("code", ["55P03", "40P01", "40001"])
def test_postgresqls_locks_are_contention(code: str) -> None:
    assert is_contended(DatabaseError(code))
    assert is_contended(Wrapped(DatabaseError(code)))


@pytest.mark.parametrize("code", [1020, 1205, 1213, 1305])
def test_mariadbs_locks_are_contention(code: int) -> None:
    error = DatabaseError("HY000")  # which PyMySQL tells as well
    error.args = (code, "Deadlock found when trying to get lock")
    assert is_contended(error)
    assert is_contended(Wrapped(Exception(code, "Deadlock found when trying to get lock")))


def test_sqlites_locks_are_contention(tmp_path: Path) -> None:
    one, other = (closing(sqlite3.connect(tmp_path / "shop.db", timeout=0)) for _ in range(2))
    with one as holding, other as waiting:
        holding.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            waiting.execute("BEGIN IMMEDIATE")
    assert is_contended(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        DatabaseError("23505"),
        Exception(1062, "Duplicate entry"),
        sqlite3.OperationalError("no such table"),
        Exception(),
    ],
    ids=["PostgreSQL", "MariaDB", "SQLite", "nothing"],
)
def test_other_errors_are_none(error: Exception) -> None:
    assert not is_contended(error)


@pytest.mark.parametrize(
    ("now", "newest_at", "before"),
    [
        (100 * DAY, None, 55 * 86_400_000),
        (100 * DAY, 100 * 86_400_000, 55 * 86_400_000),
        (100 * DAY, 90 * 86_400_000, 45 * 86_400_000),
        (10_000 * DAY, 100 * 86_400_000, 55 * 86_400_000),
        (100 * DAY, 10_000 * 86_400_000, 55 * 86_400_000),
        (50 * DAY, 100 * 86_400_000, 5 * 86_400_000),
    ],
    ids=["none", "new", "quiet for days", "a clock set forward", "a mark from the future", "a clock set back"],
)
def test_a_mark_is_kept_for_as_long_as_its_message_may_come(now: float, newest_at: int | None, before: int) -> None:
    assert forgotten_before(now, newest_at, KEPT) == before


def test_how_long_is_a_duration_of_two_days_at_least() -> None:
    assert kept_for("90d") == timedelta(days=90)
    with pytest.raises(ConfigurationError, match="kept must be 2 days at least, not '1d'"):
        kept_for("1d")
    with pytest.raises(ConfigurationError, match="kept"):
        kept_for("for ever")
