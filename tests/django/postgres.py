"""A PostgreSQL of the tests' own, from Debian's package: a Unix socket in a directory that goes with it."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# It refuses to run as root; the package brings this user.
USER = "postgres"
_WITHOUT_NETWORK = "-c listen_addresses='' -c fsync=off -k "


def missing() -> str | None:
    """What this machine lacks for it."""
    if _program("initdb") is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    return None if find_spec("psycopg") else "psycopg is not installed"


@contextmanager
def cluster() -> Generator[dict[str, Any]]:
    """What ``DATABASES`` says for its one database."""
    with TemporaryDirectory(prefix="qstash-pg-") as home:
        data = Path(home, "data")
        if os.geteuid() == 0:
            shutil.chown(home, USER)
        _run("initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
        _run("pg_ctl", "-D", data, "-l", Path(home, "log"), "-o", _WITHOUT_NETWORK + home, "-w", "start")
        try:
            yield {"ENGINE": "django.db.backends.postgresql", "HOST": home, "USER": USER, "NAME": USER}
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(program: str, *arguments: str | Path) -> None:
    command = [str(_program(program)), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", USER, "--", *command]
    # No pipes: the server would hold them open.
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)


def _program(name: str) -> Path | None:
    """Debian keeps them apart by version, outside the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = shutil.which(name)
    return versions[-1] if versions else Path(found) if found else None
