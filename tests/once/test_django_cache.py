"""Which of Django's caches can keep claims."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import override_settings

from qstash_integrations import ConfigurationError
from qstash_integrations.once import DjangoCacheStore
from tests.once.conftest import IN_MEMORY
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

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Nothing, and not a word."""


@pytest.mark.parametrize(
    ("backend", "name"), [("dummy.DummyCache", "DummyCache"), ("filebased.FileBasedCache", "FileBasedCache")]
)
def test_a_cache_that_cannot_protect_is_refused(tmp_path: Path, backend: str, name: str) -> None:
    caches = {"default": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": str(tmp_path)}}
    with override_settings(CACHES=caches), pytest.raises(ConfigurationError, match=f"the cache 'default' is a {name}"):
        DjangoCacheStore().claim(run())


def few_entries(name: str, entries: int) -> str:
    return (
        f"the cache 'claims' is a {name} that keeps {entries} entries only, and forgets claims beyond them; set "
        'CACHES[\'claims\']["OPTIONS"]["MAX_ENTRIES"] to 10000 at least, and to five times the messages of a day'
    )


FEW: dict[str, tuple[str, dict[str, int], str]] = {
    "in memory": ("locmem.LocMemCache", {}, few_entries("LocMemCache", 300)),
    "in the database": ("db.DatabaseCache", {}, few_entries("DatabaseCache", 300)),
    "by its setting": ("locmem.LocMemCache", {"MAX_ENTRIES": 9_999}, few_entries("LocMemCache", 9_999)),
}


@pytest.mark.parametrize(("backend", "options", "problem"), FEW.values(), ids=FEW)
def test_a_cache_that_forgets_is_refused(backend: str, options: dict[str, int], problem: str) -> None:
    caches = {"claims": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": "few", "OPTIONS": options}}
    with override_settings(CACHES=caches):
        for _ in range(2):
            with pytest.raises(ConfigurationError) as caught:
                DjangoCacheStore("claims").claim(run())
            assert str(caught.value) == problem


# To Redis and to caches from elsewhere, Django's own MAX_ENTRIES means nothing.
ENOUGH: dict[str, tuple[str, dict[str, int]]] = {
    "in memory": (f"{BACKENDS}.locmem.LocMemCache", {"MAX_ENTRIES": 10_000}),
    "in the database": (f"{BACKENDS}.db.DatabaseCache", {"MAX_ENTRIES": 10_000}),
    "Redis": (f"{BACKENDS}.redis.RedisCache", {}),
    "from elsewhere": (f"{__name__}.OutOfReach", {}),
}


@pytest.mark.parametrize(("backend", "options"), ENOUGH.values(), ids=ENOUGH)
def test_a_cache_that_keeps_enough_is_taken(backend: str, options: dict[str, int]) -> None:
    caches = {"claims": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1", "OPTIONS": options}}
    with override_settings(CACHES=caches):
        DjangoCacheStore("claims").check()


def test_a_cache_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="needs the cache 'claims': "):
        DjangoCacheStore("claims").claim(run())


class AboutToExpire(LocMemCache):
    """An entry that keeps the first of each name from being added has expired when it is read."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(location, params)
        self.asked = set[str]()

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        first = key not in self.asked
        self.asked.add(key)
        return not first and super().add(key, *args, **kwargs)


def test_what_expires_between_two_looks_is_no_failure() -> None:
    caches = {"default": {**IN_MEMORY, "BACKEND": f"{__name__}.AboutToExpire", "LOCATION": "expiring"}}
    with override_settings(CACHES=caches):
        store, first = DjangoCacheStore(), run()
        assert store.claim(first).state == "free"
        assert store.claim(run(first.message)).state == "busy"


def test_a_cache_that_hides_its_failures_is_an_error() -> None:
    caches = {"default": {"BACKEND": f"{__name__}.OutOfReach"}}
    with override_settings(CACHES=caches), pytest.raises(ConnectionError, match="neither adds an entry nor has one"):
        DjangoCacheStore().claim(run())


def test_a_cache_that_hides_that_it_forgot_what_was_done_is_an_error() -> None:
    caches = {"default": {"BACKEND": f"{__name__}.OutOfReach"}}
    with override_settings(CACHES=caches), pytest.raises(ConnectionError, match="neither adds an entry nor has one"):
        DjangoCacheStore().complete(run())


def test_a_lease_that_is_about_to_end_is_left_to_end() -> None:
    clock = Clock()
    caches = {"default": {**IN_MEMORY, "LOCATION": "about to end"}}
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
    caches = {
        "default": {
            "BACKEND": f"{BACKENDS}.db.DatabaseCache",
            "LOCATION": "claims",
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
        }
    }
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
