"""A Redis of this test run's own, and a store of each kind."""

import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import override_settings

from tests.django.project import configure
from tests.once import stores
from tests.once.stores import Opened

configure()

IN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1_000_000}}


@pytest.fixture(scope="session")
def redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The socket of a real Redis, which keeps nothing on disk and listens on no port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    path = tmp_path_factory.mktemp("redis") / "socket"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no", "--dir", str(path.parent)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(path)
        yield path
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=["memory", "sqlite", "django_cache", pytest.param("redis", marks=pytest.mark.system)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Opened]:
    more: tuple[Any, ...] = (request.getfixturevalue("redis_socket"),) if request.param == "redis" else ()
    with override_settings(CACHES={"claims": {**IN_MEMORY, "LOCATION": str(tmp_path)}}):
        made: Opened = getattr(stores, request.param)(tmp_path, *more)
        yield made
        if hasattr(made.store, "close"):
            made.store.close()


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
