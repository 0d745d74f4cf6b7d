"""Databases of the tests' own: a file of SQLite, and PostgreSQL and MariaDB from Debian's packages.

A server listens on a Unix socket in a directory that goes with it. It is started by the first test of a process that
wants it, and gives each test an empty database.
"""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest

from tests.programs import skip_without

# PostgreSQL refuses to run as root; its package brings this user.
POSTGRES = "postgres"
# What survives a killed process is enough for tests; nobody cuts the power.
UNSAFE_POSTGRESQL = "-c fsync=off -c full_page_writes=off"
UNSAFE_MARIADB = ("--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--debug-no-sync")
SMALL_MARIADB = ("--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M", "--aria-log-file-size=8M")
START = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An empty one, as each library wants to be told of it."""

    django: dict[str, Any]  # what ``DATABASES`` says
    url: str  # what SQLAlchemy's ``create_engine`` takes
    async_url: str


Server = Callable[[], AbstractContextManager[Database]]
"""Gives an empty database, and takes it back."""


def sqlite(file: Path) -> Database:
    return Database(
        django={"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)},
        url=f"sqlite:///{file}",
        async_url=f"sqlite+aiosqlite:///{file}",
    )


@contextmanager
def postgresql(*, durable: bool = False) -> Generator[Server]:
    """``durable``: a commit waits for the disk, as it does unless somebody has said otherwise."""
    with TemporaryDirectory(prefix="qstash-pg-") as home:
        data = Path(home, "data")
        if os.geteuid() == 0:
            shutil.chown(home, POSTGRES)
        _run_postgres("initdb", "-D", data, "-U", POSTGRES, "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {home} {'' if durable else UNSAFE_POSTGRESQL}"
        _run_postgres("pg_ctl", "-D", data, "-l", Path(home, "log"), "-o", options, "-w", "start")
        spare: list[str] = []
        try:
            yield lambda: _postgresql_database(home, spare)
        finally:
            _run_postgres("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextmanager
def mariadb(*, durable: bool = False) -> Generator[Server]:
    with TemporaryDirectory(prefix="qstash-db-") as home:
        socket, log = Path(home, "socket"), Path(home, "log.err")
        options = (f"--datadir={home}/data", f"--user={getpass.getuser()}", "--skip-name-resolve", *SMALL_MARIADB)
        # Its tables need not wait for the disk, whatever is measured later.
        install = ("mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal")
        subprocess.run([*install, "--skip-test-db", *options, *UNSAFE_MARIADB], check=True, stdout=subprocess.DEVNULL)
        options += (f"--socket={socket}", f"--pid-file={home}/pid", f"--log-error={log}", "--skip-networking")
        options += ("--character-set-server=utf8mb4", *(() if durable else UNSAFE_MARIADB))
        process = subprocess.Popen([str(_mariadbd()), "--no-defaults", *options], stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + START
            while not socket.exists():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.02)
            yield lambda: _mariadb_database(socket)
        finally:
            process.kill()
            process.wait()


@contextmanager
def _postgresql_database(home: str, spare: list[str]) -> Generator[Database]:
    """One of those to spare, under a name that nobody knows yet: to make one takes a third of a second."""
    import psycopg

    def connected(to: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(host=home, user=POSTGRES, dbname=to, autocommit=True)

    name = f"test_{uuid4().hex}"
    with connected(POSTGRES) as connection:
        connection.execute(f"ALTER DATABASE {spare.pop()} RENAME TO {name}" if spare else f"CREATE DATABASE {name}")
        yield Database(
            django={"ENGINE": "django.db.backends.postgresql", "HOST": home, "USER": POSTGRES, "NAME": name},
            url=f"postgresql+psycopg://{POSTGRES}@/{name}?host={home}",
            async_url=f"postgresql+asyncpg://{POSTGRES}@/{name}?host={home}",
        )
        left = f"left_{uuid4().hex}"
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", (name,)
        ).fetchall()
        connection.execute(f"ALTER DATABASE {name} RENAME TO {left}")
        connection.execute(f"ALTER DATABASE {left} ALLOW_CONNECTIONS true")
        connection.execute(f"ALTER DATABASE {left} RESET ALL")
    with connected(left) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    spare.append(left)


@contextmanager
def _mariadb_database(socket: Path) -> Generator[Database]:
    import pymysql

    name = f"test_{uuid4().hex}"
    with closing(pymysql.connect(unix_socket=str(socket), user="root", autocommit=True)) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
        yield Database(
            django={"ENGINE": "django.db.backends.mysql", "HOST": str(socket), "USER": "root", "NAME": name},
            url=f"mysql+pymysql://root@localhost/{name}?unix_socket={socket}",
            async_url=f"mysql+aiomysql://root@localhost/{name}?unix_socket={socket}",
        )
        connection.cursor().execute(f"DROP DATABASE {name}")


def _run_postgres(program: str, *arguments: str | Path) -> None:
    command = [str(_postgres(program)), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", POSTGRES, "--", *command]
    # No pipes: the server would hold them open.
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=START)


def _postgres(program: str) -> Path | None:
    """Debian keeps them apart by version, outside the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    found = shutil.which(program)
    return versions[-1] if versions else Path(found) if found else None


def _mariadbd() -> str | None:
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _lacks_postgresql() -> str:
    if _postgres("initdb") is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    return "" if find_spec("psycopg") else "psycopg is not installed"


def _lacks_mariadb() -> str:
    if _mariadbd() is None:
        return "MariaDB is not installed: apt-get install mariadb-server"
    return "" if find_spec("pymysql") and find_spec("MySQLdb") else "pymysql and mysqlclient are not installed"


@pytest.fixture(scope="session")
def postgresql_server() -> Generator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Generator[Server]:
    with mariadb() as server:
        yield server


def _marks(lacks: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.system, skip_without(lacks)]


# Their ids name the groups of tests that run in one worker: tests/groups.py.
SQLITE = pytest.param("sqlite", id="SQLite")
POSTGRESQL = pytest.param("postgresql_server", id="PostgreSQL", marks=_marks(_lacks_postgresql()))
MARIADB = pytest.param("mariadb_server", id="MariaDB", marks=_marks(_lacks_mariadb()))
DATABASES = [SQLITE, POSTGRESQL, MARIADB]


@contextmanager
def fresh(request: pytest.FixtureRequest) -> Generator[Database]:
    """An empty one for a fixture of any scope that has some of ``DATABASES`` as its ``params``."""
    if request.param == "sqlite":
        place: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        yield sqlite(place.mktemp("database") / "test.sqlite3")
    else:
        server: Server = request.getfixturevalue(request.param)
        with server() as database:
            yield database


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest) -> Generator[Database]:
    with fresh(request) as database:
        yield database
