"""Which of Django's caches can keep claims."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import override_settings

from qstash_integrations import ConfigurationError
from qstash_integrations.once import DjangoCacheStore
from tests.once.stores import LEASE, Clock, run

BACKENDS = "django.core.cache.backends"


class OutOfReach(BaseCache):
    """As caches behave whose errors are ignored by configuration."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return False

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return default


@pytest.mark.parametrize(
    ("backend", "name"), [("dummy.DummyCache", "DummyCache"), ("filebased.FileBasedCache", "FileBasedCache")]
)
def test_a_cache_that_cannot_protect_is_refused(tmp_path: Path, backend: str, name: str) -> None:
    caches = {"default": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": str(tmp_path)}}
    with override_settings(CACHES=caches), pytest.raises(ConfigurationError, match=f"the cache 'default' is a {name}"):
        DjangoCacheStore().claim(run())


def test_a_cache_that_hides_its_failures_is_an_error() -> None:
    caches = {"default": {"BACKEND": f"{__name__}.OutOfReach"}}
    with override_settings(CACHES=caches), pytest.raises(ConnectionError, match="neither adds an entry nor has one"):
        DjangoCacheStore().claim(run())


def test_a_lease_that_is_about_to_end_is_left_to_end() -> None:
    clock = Clock()
    caches = {"default": {"BACKEND": f"{BACKENDS}.locmem.LocMemCache", "LOCATION": "about to end"}}
    with override_settings(CACHES=caches):
        store, first = DjangoCacheStore(now=clock), run()
        store.claim(first)
        clock.advance(LEASE - 59)
        assert store.release(first) is False
        assert store.claim(run(first.message)).state == "busy"


@pytest.fixture
def database_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A cache in a database of the test's own: one in memory could not be closed again."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "cache.sqlite3"))
    caches = {"default": {"BACKEND": f"{BACKENDS}.db.DatabaseCache", "LOCATION": "claims"}}
    with override_settings(CACHES=caches):
        call_command("createcachetable")
        yield
    connections.close_all()


@pytest.mark.usefixtures("database_cache")
def test_the_database_can_keep_claims() -> None:
    store, first = DjangoCacheStore(), run()
    assert store.claim(first).state == "free"
    assert store.claim(run(first.message)).state == "busy"
    assert store.claim(run(token=first.token)).state == "replayed"
    assert store.complete(first) is True
    assert store.claim(run(first.message)).state == "done"


@pytest.mark.system
def test_redis_can_keep_claims(redis_socket: Path) -> None:
    caches = {"default": {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": f"unix://{redis_socket}"}}
    with override_settings(CACHES=caches):
        store, first = DjangoCacheStore(), run()
        assert store.claim(first).state == "free"
        assert store.claim(run(first.message)).state == "busy"
        assert store.claim(run(token=first.token)).state == "replayed"
        assert store.release(first) is True
        again = run(first.message)
        assert store.claim(again).state == "free"
        assert store.complete(again) is True
        assert store.claim(run(first.message)).state == "done"
