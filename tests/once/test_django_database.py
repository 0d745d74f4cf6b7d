"""What ``DjangoDatabaseStore`` asks of a database, and what it costs there."""

import random
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from django.db.utils import OperationalError
from django.test.utils import CaptureQueriesContext, override_settings

from qstash_integrations import ConfigurationError
from qstash_integrations.once import DjangoDatabaseStore, Run
from tests.databases import MARIADB, POSTGRESQL, Database, sqlite
from tests.django.project import forget_connections, use
from tests.once.stores import django_table, run
from tests.outbox.trouble import close_connections


@pytest.fixture
def database(empty_database: Database) -> Generator[Database]:
    if empty_database.url.startswith("sqlite"):
        empty_database.django["OPTIONS"] = {"timeout": 60, "init_command": "PRAGMA journal_mode = WAL"}
    with django_table(empty_database):
        yield empty_database


def statements(call: Any) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"].split()[0] for query in seen]


@pytest.mark.usefixtures("database")
def test_a_message_that_comes_for_the_first_time_takes_one_statement_and_its_end_another() -> None:
    store, first = DjangoDatabaseStore(), run()
    store.claim(run())
    assert statements(lambda: store.claim(first)) == ["INSERT"]
    assert statements(lambda: store.renew(first)) == ["UPDATE"]
    assert statements(lambda: store.complete(first)) == ["UPDATE"]
    second = run()
    store.claim(second)
    assert statements(lambda: store.release(second)) == ["DELETE"]


@pytest.mark.usefixtures("database")
def test_it_holds_digests_and_times_only() -> None:
    first = run()
    DjangoDatabaseStore().claim(first)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, value FROM qstash_once ORDER BY name")
        rows = cursor.fetchall()
    assert list(rows) == [
        (f"message:{first.message}", f"{first.holder} {first.token}"),
        (f"token:{first.token}", first.message),
    ]


@pytest.mark.usefixtures("database")
def test_what_has_expired_is_deleted_bit_by_bit() -> None:
    for _ in range(20):
        DjangoDatabaseStore().claim(run())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE qstash_once SET expires_at = 1")
    counts: list[int] = []
    store = DjangoDatabaseStore()
    for _ in range(6):
        store.claim(run())
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM qstash_once WHERE expires_at = 1")
            counts.append(cursor.fetchone()[0])
    assert counts == [30, 20, 10, 0, 0, 0]


@pytest.mark.usefixtures("database")
def test_S05_of_many_who_claim_the_same_at_once_nobody_fails_and_no_message_has_two() -> None:
    """The same few messages under the same few tokens, free, at work, done, expired and being deleted."""
    messages, tokens = [run().message for _ in range(3)], [run().token for _ in range(3)]
    at_work: dict[str, list[Run]] = {message: [] for message in messages}

    def serve(seed: int) -> int:
        choose, free = random.Random(seed), 0
        # Each looks for what has expired with every claim.
        try:
            for _ in range(40):
                store, one = DjangoDatabaseStore(), run(choose.choice(messages), choose.choice([*tokens, ""]))
                one = one._replace(token_ttl=0.001)
                if store.claim(one).state != "free":
                    continue
                free += 1
                at_work[one.message].append(one)
                assert at_work[one.message] == [one], "two are at work on one message"
                assert store.renew(one) is True
                at_work[one.message].remove(one)
                assert store.release(one) is True
        finally:
            connections.close_all()
        return free

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(serve, range(8))) > 10


@pytest.mark.usefixtures("database")
def test_S05_a_view_within_a_transaction_of_the_database_is_refused() -> None:
    store, first = DjangoDatabaseStore(), run()
    with transaction.atomic(), pytest.raises(ConfigurationError) as caught:
        store.claim(first)
    assert str(caught.value) == (
        "DjangoDatabaseStore('default') is in the database within whose transaction this view runs, so that nobody "
        "else sees its claims; take the atomic() or set_autocommit() away that is further out, with ATOMIC_REQUESTS by "
        "transaction.non_atomic_requests, or give it an alias of its own for that database"
    )
    assert store.claim(first).state == "free"


@pytest.mark.usefixtures("database")
def test_S05_without_autocommit_it_is_refused() -> None:
    transaction.set_autocommit(False)
    with pytest.raises(ConfigurationError, match=r"take the atomic\(\) or set_autocommit\(\) away"):
        DjangoDatabaseStore().claim(run())
    transaction.rollback()
    transaction.set_autocommit(True)


@pytest.mark.usefixtures("database")
def test_S05_an_alias_of_its_own_sees_past_the_transaction_of_a_view() -> None:
    store, elsewhere, first = DjangoDatabaseStore("other"), DjangoDatabaseStore(), run()
    with transaction.atomic():
        assert store.claim(first).state == "free"
    assert elsewhere.claim(run(first.message)).state == "busy"
    assert store.complete(first) is True
    assert elsewhere.claim(run(first.message)).state == "done"


@pytest.mark.usefixtures("database")
def test_the_transaction_of_a_test_case_is_none_of_the_apps_and_outlives_a_duplicate() -> None:
    block: Any = transaction.atomic()
    block._from_testcase = True
    with block:
        store, first = DjangoDatabaseStore(), run()
        assert store.claim(first).state == "free"
        assert store.claim(run(first.message)).state == "busy"
        assert store.complete(first) is True
        assert store.claim(run(first.message)).state == "done"


@pytest.mark.usefixtures("database")
def test_S05_a_renewal_leaves_no_connection_behind() -> None:
    store, first = DjangoDatabaseStore(), run()
    store.claim(first)

    def renew() -> Any:
        assert store.renew(first)
        return connection.connection

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(renew).result() is None


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
def test_a_connection_that_the_server_closes_while_a_handler_works_keeps_no_message_from_being_done(
    empty_database: Database,
) -> None:
    store, first, failed = DjangoDatabaseStore(), run(), run()
    assert store.claim(first).state == "free"
    close_connections(empty_database)
    assert store.complete(first) is True
    close_connections(empty_database)
    assert store.claim(run(first.message)).state == "done"
    close_connections(empty_database)
    assert store.claim(failed).state == "free"
    close_connections(empty_database)
    assert store.renew(failed) is True
    close_connections(empty_database)
    assert store.release(failed) is True


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
def test_several_connections_that_were_closed_already_as_in_a_pool_keep_no_message_waiting(
    empty_database: Database,
) -> None:
    left = [3]

    def close(**_: object) -> None:
        if left[0]:
            left[0] -= 1
            close_connections(empty_database)

    connections.close_all()
    connection_created.connect(close)
    try:
        assert DjangoDatabaseStore().claim(run()).state == "free"
    finally:
        connection_created.disconnect(close)
    assert left == [0]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("empty_database", [POSTGRESQL, MARIADB], indirect=True)
def test_a_statement_that_the_database_has_cancelled_is_not_tried_again() -> None:
    store, first = DjangoDatabaseStore(), run()
    patience = {"postgresql": "SET statement_timeout = '50ms'", "mysql": "SET innodb_lock_wait_timeout = 1"}
    with connection.cursor() as cursor:
        cursor.execute(patience[connection.vendor])
    with transaction.atomic(using="other"), connections["other"].cursor() as elsewhere:
        elsewhere.execute(
            "INSERT INTO qstash_once (name, value, expires_at) VALUES (%s, '', 0)", [f"message:{first[0]}"]
        )
        with CaptureQueriesContext(connection) as seen, pytest.raises(OperationalError):
            store.claim(first)
    assert len(seen) == 1


def test_a_database_without_the_table_is_an_error_when_it_is_asked(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use(sqlite(tmp_path / "empty.sqlite3"), patch)
        with pytest.raises(OperationalError, match="no such table: qstash_once"):
            DjangoDatabaseStore().claim(run())
        forget_connections()


def test_an_alias_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^DjangoDatabaseStore\('claims'\): DATABASES has no such database$"):
        DjangoDatabaseStore("claims").claim(run())


def test_an_app_that_is_not_installed_is_named() -> None:
    with override_settings(INSTALLED_APPS=[]), pytest.raises(ConfigurationError) as caught:
        DjangoDatabaseStore().check()
    assert str(caught.value) == (
        "DjangoDatabaseStore needs its table: add 'qstash_integrations.django.once' to INSTALLED_APPS, and migrate"
    )


def test_a_database_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    configured = connections.configure_settings({"default": {}})["default"]
    monkeypatch.setitem(connections.settings, "claims", configured)
    with pytest.raises(ConfigurationError, match=r"is for PostgreSQL, MariaDB, MySQL and SQLite, not unknown"):
        DjangoDatabaseStore("claims").check()
    del connections["claims"]


PROJECT = """
import django
from django.conf import settings
from django.core.management import call_command
settings.configure(
    INSTALLED_APPS=["qstash_integrations.django.once"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
call_command("migrate", verbosity=0)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
"""


def test_the_app_is_installed_alone_and_migrated() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROJECT], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
