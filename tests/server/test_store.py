"""The database file: private, locked, ours; and fast with many messages in it."""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations.server.model import Filter, Options, StartupError
from qstash_integrations.server.rules.options import read_options
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import check_version, connect
from qstash_integrations.server.tables.encoding import options_from_json, options_to_json
from tests.server.driver import NOW, Driver, headers, publication


def mode(path: Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_the_file_and_its_journal_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    old = os.umask(0)
    try:
        driver = Driver(Store.open(path))
    finally:
        os.umask(old)
    driver.publish()

    assert {file.name: mode(file) for file in tmp_path.iterdir()} == {"qstash.db": 0o600, "qstash.db-wal": 0o600}
    driver.engine.close()
    assert [file.name for file in tmp_path.iterdir()] == ["qstash.db"]


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    path.touch(mode=0o644)
    path.chmod(0o644)
    Store.open(path).close()
    assert mode(path) == 0o600


def test_a_missing_directory_is_an_error_and_stays_missing(tmp_path: Path) -> None:
    there = tmp_path / "state"
    with pytest.raises(StartupError) as refusal:
        Store.open(there / "qstash.db")
    assert str(refusal.value) == (
        f"--db {there / 'qstash.db'}: there is no directory {there}; make it, or choose another file"
    )
    assert not there.exists()


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "qstash.db").symlink_to(target)
    with pytest.raises(StartupError, match="is a symbolic link"):
        Store.open(tmp_path / "qstash.db")
    assert not target.exists()


ROOT_ONLY = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can open what belongs to others"
)
SOMEBODY = 1234


@ROOT_ONLY
@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0"], ids=["empty", "a database"])
def test_S13_root_takes_over_no_file_of_another_user(tmp_path: Path, content: bytes) -> None:
    db = tmp_path / "qstash.db"
    db.write_bytes(content)
    db.chmod(0o644)
    os.chown(db, SOMEBODY, SOMEBODY)
    with pytest.raises(StartupError, match=r"qstash\.db: it belongs to another user; choose another file"):
        Store.open(db)
    found = db.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode), db.read_bytes()) == (SOMEBODY, 0o644, content)


@ROOT_ONLY
@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("exists", [False, True], ids=["a new database", "a database of root"])
def test_S13_root_uses_no_journal_of_another_user(tmp_path: Path, suffix: str, exists: bool) -> None:
    """They are found by their names, and what is in them goes into the database."""
    db = tmp_path / "qstash.db"
    if exists:
        Store.open(db).close()
    journal = tmp_path / f"qstash.db{suffix}"
    journal.write_bytes(b"what somebody says was committed")
    os.chown(journal, SOMEBODY, SOMEBODY)
    with pytest.raises(StartupError, match=rf"qstash\.db{suffix}: it belongs to another user; choose another file"):
        Store.open(db)
    assert (journal.stat().st_uid, journal.read_bytes()) == (SOMEBODY, b"what somebody says was committed")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_S13_a_journal_that_leads_elsewhere_is_refused(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "target"
    (tmp_path / f"qstash.db{suffix}").symlink_to(target)
    with pytest.raises(StartupError, match=rf"qstash\.db{suffix}: it is not a regular file; choose another file"):
        Store.open(tmp_path / "qstash.db")
    assert not target.exists()


@ROOT_ONLY
def test_S13_root_takes_over_no_file_of_another_user_by_a_link(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.db"
    theirs.touch()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    (tmp_path / "soft.db").symlink_to(theirs)
    (tmp_path / "hard.db").hardlink_to(theirs)
    for name, text in (("soft.db", "is a symbolic link"), ("hard.db", "belongs to another user")):
        with pytest.raises(StartupError, match=text):
            Store.open(tmp_path / name)
    assert (theirs.stat().st_uid, theirs.stat().st_size) == (SOMEBODY, 0)


def test_S13_a_file_of_several_names_is_left_alone(tmp_path: Path) -> None:
    """Whoever may write to a directory can put a file there that the server's user has elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    (tmp_path / "qstash.db").hardlink_to(elsewhere)
    with pytest.raises(StartupError, match="is a file of several names, by hard links; choose another file"):
        Store.open(tmp_path / "qstash.db")
    assert (mode(elsewhere), elsewhere.stat().st_size) == (0o644, 0)


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def some_text(path: Path) -> None:
    path.write_text("This is not a database, but it is long enough to look like one. " * 20)


def another_program_s(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE messages (text)")
    connection.close()


def damaged_in_its_head(path: Path) -> None:
    Store.open(path).close()
    path.write_bytes(path.read_bytes()[:16] + b"\x00" * 84)


def damaged_further_on(path: Path) -> None:
    Store.open(path).close()
    # The first page but for its head: what lists the tables.
    pages = bytearray(path.read_bytes())
    pages[100:4096] = b"\xff" * 3996
    path.write_bytes(pages)


def of_version(version: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        Store.open(path).close()
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {version:d}")
        connection.close()

    return make


OF_VERSION = "version of this package wrote it; delete it, use that version, or choose another file"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (a_directory, "it is a directory; name a file in it, such as {path}/qstash.db"),
        (a_pipe, "it is not a regular file; choose another file"),
        (some_text, "it is not a database of the local QStash; choose another file"),
        (another_program_s, "it is not a database of the local QStash; choose another file"),
        (damaged_in_its_head, "it is not a database of the local QStash; choose another file"),
        (damaged_further_on, "it is not a database of the local QStash; choose another file"),
        (of_version(0), f"an older {OF_VERSION}"),
        (of_version(999), f"a newer {OF_VERSION}"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, make: Callable[[Path], None], text: str) -> None:
    path = tmp_path / "qstash.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(StartupError) as refusal:
        Store.open(path)

    assert str(refusal.value) == f"--db {path}: {text.format(path=path)}"
    assert before is None or path.read_bytes() == before


def test_S13_the_mode_of_a_file_that_is_no_database_stays(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost")
    path.chmod(0o644)
    with pytest.raises(StartupError, match="is not a database of the local QStash; choose another file"):
        Store.open(path)
    assert mode(path) == 0o644


def test_a_directory_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=r"there is no directory .*/file; make it"):
        Store.open(tmp_path / "file" / "qstash.db")


def test_a_directory_that_takes_no_files_is_an_error() -> None:
    with pytest.raises(StartupError, match=r"--db /proc/qstash\.db: it cannot be opened for writing: No such file"):
        Store.open(Path("/proc/qstash.db"))


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    store = Store.open(path)
    with pytest.raises(StartupError, match="another server has it open; stop that one or choose another file"):
        Store.open(path)
    store.close()
    Store.open(path).close()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    path.touch()
    Driver(Store.open(path)).engine.close()
    assert path.stat().st_size > 0


def test_deleted_bodies_do_not_stay_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    driver = Driver(Store.open(path))
    driver.publish(body=b"my-secret-body " * 100)
    driver.deliver()
    driver.advance(4 * 86_400)
    driver.engine.retention.sweep()
    driver.engine.close()
    assert b"my-secret-body" not in path.read_bytes()


@pytest.mark.parametrize("where", ["file", "memory"])
def test_E12_no_code_comes_out_of_a_database(tmp_path: Path, where: str) -> None:
    """A file that somebody else prepared runs no functions, and loads no library."""
    connection = connect(tmp_path / "qstash.db" if where == "file" else None)
    assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
    with pytest.raises(sqlite3.OperationalError, match=r"not authorized|no such function"):
        connection.execute("SELECT load_extension('evil')")
    connection.close()


def test_an_sqlite_that_is_too_old_is_named() -> None:
    check_version((3, 37, 0))
    with pytest.raises(
        StartupError, match=r"needs SQLite 3\.37\.0 or newer, and this Python has 3\.36\.1; use another"
    ):
        check_version((3, 36, 1))


def test_nothing_of_a_removed_message_is_left() -> None:
    connection = connect(None)
    driver = Driver(Store(connection))
    driver.publish(callback="https://cb.example", deduplication_id="a", queue="mail", retries="1")
    for status in (500, 200, 500, 200):
        driver.deliver(status)
        driver.advance(13)
    driver.engine.dead_letters.delete_all(Filter(), count=None)
    driver.advance(4 * 86_400)
    while driver.engine.retention.sweep():
        pass

    tables = ("messages", "bodies", "attempts", "events", "dead_letters", "duplicates")
    rows = {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}
    assert rows == dict.fromkeys(tables, 0)
    assert set(connection.execute("SELECT messages, bytes FROM totals")) == {(0, 0)}
    driver.engine.close()


def test_nothing_of_a_failed_transaction_is_stored() -> None:
    store = Store.open(None)
    with contextlib.suppress(KeyError), store.transaction():
        store.settings.put("token", "x")
        raise KeyError
    assert store.settings.get("token") is None
    with store.transaction():
        store.settings.put("token", "y")
    assert store.settings.get("token") == "y"
    store.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"retries": "0", "delay": "0s"},
        {"forward_x_job": "77", "content_type": "text/plain", "label": "a,b", "redact_fields": "body,header[X-Job]"},
        {
            "callback": "https://cb.example",
            "callback_forward_x_of": "1",
            "callback_retries": "0",
            "callback_flow_control_key": "crm",
            "callback_flow_control_value": "rate=1",
            "failure_callback": "https://failed.example",
            "flow_control_key": "crm",
            "flow_control_value": "rate=1",
        },
        {"label": "\ud800 ü", "not_before": "1800000060", "deduplication_id": "a"},
    ],
    ids=["defaults", "defaults by name", "headers", "nested", "odd text"],
)
def test_options_come_back_as_they_were(options: dict[str, str]) -> None:
    read = read_options(headers(**options), NOW)
    assert options_from_json(options_to_json(read)) == read


def test_default_options_take_no_room() -> None:
    assert options_to_json(Options()) == "{}"


# Each holds few rows however many messages there are, or is read for one of its ends.
_SMALL = (
    "SCAN json_each",
    "SCAN messages USING INDEX messages_active",  # at most the global parallelism
    "SCAN CONSTANT ROW",
    "SCAN dead_letters",  # the first five hundred, to see which are old
)


def test_no_hot_statement_reads_more_than_it_needs() -> None:
    connection = connect(None)
    driver = Driver(Store(connection))
    statements: set[str] = set()
    connection.set_trace_callback(statements.add)
    exercise(driver)
    connection.set_trace_callback(None)
    hot = [sql for sql in statements if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "\n"))]
    # How many queues there are is asked once for each new one.
    hot = [sql for sql in hot if sql != "SELECT COUNT(*) FROM queues"]

    assert len(hot) > 40
    scans = {
        (step, sql)
        for sql in hot
        for _, _, _, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        if (step.startswith("SCAN") or "TEMP B-TREE" in step) and not step.startswith(_SMALL)
    }
    assert scans == set()
    driver.engine.close()


def exercise(driver: Driver) -> None:
    """Publish, claim and record in every way that happens all the time."""
    options: dict[str, Any] = {
        "callback": "https://cb.example",
        "failure_callback": "https://failed.example",
        "retries": "1",
        "flow_control_key": "crm",
        "flow_control_value": "parallelism=1, rate=2, period=10s",
    }
    for number in range(4):
        driver.publish(queue="mail", deduplication_id=str(number // 2), **options)
        driver.publish(**options)
    for status in (200, 500, 0, 200, 500, 500):
        driver.engine.schedules.fire()
        driver.deliver(status)
        driver.engine.claiming.next_due_at()
        driver.advance(15)
    driver.engine.retention.sweep()


def test_the_work_does_not_grow_with_the_number_of_messages() -> None:
    assert work_among(3000) < 1.5 * work_among(30)


def work_among(waiting: int) -> int:
    """How long SQLite is busy with two messages, in units of its own, while many of every kind wait."""
    connection = connect(None)
    driver = Driver(Store(connection))
    driver.engine.flows.pause("crm")
    limited: dict[str, Any] = {"flow_control_key": "crm", "flow_control_value": "rate=1"}
    driver.engine.publishing.batch(
        [
            *(publication(delay="1h") for _ in range(waiting)),
            *(publication(queue="mail") for _ in range(waiting)),
            *(publication(**limited) for _ in range(waiting)),
        ]
    )
    while driver.engine.claiming.next_due_at() == NOW:
        driver.claim()
    units = 0

    def count() -> int:
        nonlocal units
        units += 1
        return 0

    connection.set_progress_handler(count, 10)
    driver.publish(**limited)
    driver.publish(queue="mail")
    driver.publish()
    assert driver.engine.claiming.next_due_at() == NOW
    for message in driver.claim():
        driver.answer(message)
    driver.engine.claiming.next_due_at()
    connection.set_progress_handler(None, 0)
    assert driver.engine.messages.cancel_all(Filter(), None) == 3 * waiting + 2
    driver.engine.close()
    return units


def test_a_waiting_kilobyte_takes_two_and_a_half_at_most() -> None:
    connection = connect(None)
    driver = Driver(Store(connection))
    driver.engine.publishing.batch(
        [publication(body=b"x" * 1024, content_type="application/json") for _ in range(5000)]
    )

    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()

    assert pages * page_size / 5000 < 2500
    driver.engine.close()
