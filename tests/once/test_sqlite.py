"""The SQLite file itself."""

import gc
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations.once import SQLiteStore, Standing
from tests.once.stores import KEPT, LEASE, TOKEN_TTL, Clock, run

ROOT = Path(__file__).parents[2]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "claims.db")
    store.claim(run())
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {
        "claims.db": "-rw-------",
        "claims.db-shm": "-rw-------",
        "claims.db-wal": "-rw-------",
    }
    store.close()


def test_it_holds_digests_and_times_only(tmp_path: Path) -> None:
    store, first = SQLiteStore(tmp_path / "claims.db", now=lambda: 1000.0, monotonic=lambda: 5.0), run()
    store.claim(first)
    store.close()
    with closing(sqlite3.connect(tmp_path / "claims.db")) as connection:
        rows = connection.execute("SELECT * FROM claim ORDER BY name").fetchall()
    assert rows == [
        (f"message:{first.message}", f"{first.holder} {first.token}", 87_400.0, 905.0),
        (f"token:{first.token}", first.message, 1600.0, None),
    ]


def test_what_has_expired_is_deleted_bit_by_bit(tmp_path: Path) -> None:
    clock = Clock()
    store = SQLiteStore(tmp_path / "claims.db", now=clock)
    for _ in range(20):
        store.claim(run())
    clock.advance(KEPT)  # for as long the row of a killed handler stays
    for _ in range(5):
        store.claim(run())
    store.close()
    with closing(sqlite3.connect(tmp_path / "claims.db")) as connection:
        assert connection.execute("SELECT count(*) FROM claim").fetchone() == (10,)


def test_what_expires_while_the_clock_is_set_back_is_deleted_all_the_same(tmp_path: Path) -> None:
    clock = Clock()
    store = SQLiteStore(tmp_path / "claims.db", now=clock)
    store.claim(run())
    clock.advance(-3600)
    first = run()
    store.claim(first)
    store.release(first)
    clock.advance(TOKEN_TTL)
    store.claim(run())
    store.close()
    with closing(sqlite3.connect(tmp_path / "claims.db")) as connection:
        (tokens,) = connection.execute("SELECT count(*) FROM claim WHERE name LIKE 'token:%'").fetchone()
    assert tokens == 2


def test_a_mark_that_has_expired_and_is_not_deleted_yet_is_none(tmp_path: Path) -> None:
    clock = Clock()
    store, first = SQLiteStore(tmp_path / "claims.db", now=clock), run()
    store.claim(first)
    store.complete(first)
    clock.advance(KEPT - 0.25)
    store.claim(run())
    clock.advance(0.5)
    assert store.claim(run(first.message, first.token)).state == "free"
    store.close()


def test_a_locked_file_is_an_error_and_works_again_afterwards(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "claims.db", timeout=0)
    with closing(sqlite3.connect(tmp_path / "claims.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            store.claim(run())
        other.execute("ROLLBACK")
    assert store.claim(run()).state == "free"
    store.close()


def kept_waiting(path: Path, claim_all: Callable[[SQLiteStore], list[BaseException]]) -> float:
    """How long eight simultaneous claims take, all in vain, while somebody else has locked the file."""
    store = SQLiteStore(path, timeout=0.3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started_at = time.perf_counter()
        failures = claim_all(store)
        waited = time.perf_counter() - started_at
        other.execute("ROLLBACK")
    assert {type(failure) for failure in failures} <= {sqlite3.OperationalError, TimeoutError}
    assert len(failures) == 8
    assert store.claim(run()).state == "free"
    store.close()
    return waited


def test_the_timeout_holds_for_all_who_wait_in_threads(tmp_path: Path) -> None:
    def claim_all(store: SQLiteStore) -> list[BaseException]:
        with ThreadPoolExecutor(8) as threads:
            claims = [threads.submit(store.claim, run()) for _ in range(8)]
            return [failure for claim in claims if (failure := claim.exception())]

    assert 0.3 <= kept_waiting(tmp_path / "claims.db", claim_all) < 1.2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_timeout_holds_for_all_who_wait_in_tasks_and_others_have_their_threads(
    tmp_path: Path, backend: str
) -> None:
    failures: list[BaseException] = []

    async def claim(store: SQLiteStore) -> None:
        try:
            await store.aclaim(run())
        except (sqlite3.Error, TimeoutError) as failure:
            failures.append(failure)

    async def claim_together(store: SQLiteStore) -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(claim, store)
            await anyio.wait_all_tasks_blocked()
            await anyio.to_thread.run_sync(len, "others")
            assert failures == []

    def claim_all(store: SQLiteStore) -> list[BaseException]:
        anyio.run(claim_together, store, backend=backend)
        return failures

    assert 0.3 <= kept_waiting(tmp_path / "claims.db", claim_all) < 1.2


@pytest.mark.parametrize("timeout", [-1, float("inf"), float("nan"), "5", True], ids=repr)
def test_a_timeout_that_is_none_is_refused(tmp_path: Path, timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be 0 to 3600 seconds, not "):
        SQLiteStore(tmp_path / "claims.db", timeout=timeout)


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_S05_a_clock_that_is_set_ends_no_lease_and_makes_none_longer(tmp_path: Path, seconds: float) -> None:
    wall, monotonic = Clock(), Clock()
    store, first = SQLiteStore(tmp_path / "claims.db", now=wall, monotonic=monotonic), run()
    store.claim(first)
    wall.advance(seconds)
    monotonic.advance(LEASE - 1)
    assert store.claim(run(first.message)) == Standing("busy", 1.0)
    monotonic.advance(1)
    assert store.claim(run(first.message)).state == "free"
    store.close()


def test_S05_after_the_machine_has_started_anew_nobody_waits_for_longer_than_a_lease(tmp_path: Path) -> None:
    wall, monotonic = Clock(), Clock()
    store, first = SQLiteStore(tmp_path / "claims.db", now=wall, monotonic=monotonic), run()
    store.claim(first)
    wall.advance(60)
    monotonic.seconds = 10.0
    assert store.claim(run(first.message)) == Standing("busy", LEASE)
    monotonic.advance(LEASE)
    assert store.claim(run(first.message)).state == "free"
    store.close()


def test_it_opens_again_after_close(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "claims.db")
    store.close()
    store.close()
    assert store.claim(run()).state == "free"
    store.close()


UNUSABLE = {
    "in memory": (":memory:", r"there is MemoryStore\(\)"),
    "no name": ("", r"there is MemoryStore\(\)"),
    "no such directory": ("missing/claims.db", "No such file or directory"),
    "a directory": (".", "Is a directory"),
    "something else": ("notes.txt", "file is not a database"),
}


@pytest.mark.parametrize(("name", "problem"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_path_that_cannot_be_used_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("remember the milk" * 100)
    with pytest.raises(ConfigurationError, match=problem):
        SQLiteStore(name)
    assert (tmp_path / "notes.txt").read_text().startswith("remember the milk")


CLAIM_ELSEWHERE = """
import sys
from qstash_integrations.once import SQLiteStore
from tests.once.stores import run
store = SQLiteStore(sys.argv[1])
print(store.claim(run(message=sys.argv[2])).state)
store.close()
"""


def elsewhere(path: Path, message_id: str) -> str:
    """What another process is told that claims the message."""
    command = [sys.executable, "-c", CLAIM_ELSEWHERE, str(path), message_id]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.system
def test_two_stores_on_one_file_lose_nothing_to_other_processes(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    first = SQLiteStore(path)
    first.claim(run(message="a"))
    second = SQLiteStore(path)
    assert elsewhere(path, "b") == "free"
    ours = run(message="c")
    assert first.claim(ours).state == "free"
    assert first.complete(ours)
    assert elsewhere(path, "c") == "done"
    first.close()
    second.close()


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_store_outlives_a_fork_on_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    program = FORK.format(path=str(path))
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert elsewhere(path, "of the child") == "done"
    assert elsewhere(path, "of the parent") == "done"


FORK = """
import os
from qstash_integrations.once import SQLiteStore
from tests.once.stores import run
store = SQLiteStore({path!r})
store.claim(run(message="before"))
child = os.fork()
mine = run(message="of the parent" if child else "of the child")
assert store.claim(mine).state == "free"
assert store.complete(mine)
store.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_store_that_is_forgotten_closes_its_file(tmp_path: Path) -> None:
    # Python 3.13 warns where nobody does, and warnings are errors here.
    SQLiteStore(tmp_path / "claims.db").claim(run())
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == ["claims.db"]
