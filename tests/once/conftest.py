"""A Redis of this test run's own, and a store of each kind."""

import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.databases import MARIADB, POSTGRESQL, Database, Server, sqlite
from tests.django.project import configure
from tests.once import stores
from tests.once.stores import Opened
from tests.programs import lacking

configure()

KINDS = [
    "memory",
    "sqlite",
    "django_cache",
    "django_database",
    *(pytest.param(kind, marks=pytest.mark.system) for kind in ("redis", "django_cache_in_redis")),
    pytest.param("django_database_in_postgresql", marks=POSTGRESQL.marks),
    pytest.param("django_database_in_mariadb", marks=MARIADB.marks),
]


@pytest.fixture(scope="session")
def redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The socket of a real Redis, which keeps nothing on disk and listens on no port."""
    program = shutil.which("redis-server")
    if program is None:
        lacking("redis-server is not installed")
    path = tmp_path_factory.mktemp("redis") / "socket"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no", "--dir", str(path.parent)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(path)
        yield path
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Opened]:
    with open_store(request, request.param, tmp_path) as made:
        yield made


@contextmanager
def open_store(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Generator[Opened]:
    more: tuple[Any, ...] = (request.getfixturevalue("redis_socket"),) if kind.endswith("redis") else ()
    with _django(request, kind, tmp_path, *more):
        made: Opened = getattr(stores, kind)(tmp_path, *more)
        yield made
        if hasattr(made.store, "close"):
            made.store.close()


@contextmanager
def _django(request: pytest.FixtureRequest, kind: str, tmp_path: Path, *more: Any) -> Generator[None]:
    """What Django has, for the stores that are in there."""
    if kind.startswith("django_cache"):
        with stores.django_caches(tmp_path, *more):
            yield
    elif kind.startswith("django_database"):
        with _database(request, kind, tmp_path) as database, stores.django_table(database):
            yield
    else:
        yield


@contextmanager
def _database(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Generator[Database]:
    if kind == "django_database":
        made = sqlite(tmp_path / "claims.sqlite3")
        made.django["OPTIONS"] = {"timeout": 60, "init_command": "PRAGMA journal_mode = WAL"}
        yield made
    else:
        server: Server = request.getfixturevalue(f"{kind.removeprefix('django_database_in_')}_server")
        with server() as database:
            yield database


def _wait_for(socket: Path) -> None:
    from redis import Redis
    from redis.exceptions import ConnectionError as NotYet

    for _ in range(1000):
        try:
            client: Any = Redis(unix_socket_path=str(socket))
            client.ping()
            client.close()
            return
        except NotYet:
            time.sleep(0.01)
    raise RuntimeError("redis-server did not start")
