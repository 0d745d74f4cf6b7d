"""Which of Django's caches can keep claims, and what happens between two of their steps."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.db import connection, transaction
from django.test.utils import override_settings

from qstash_integrations import ConfigurationError
from qstash_integrations.once import DjangoCacheStore, Standing
from tests.once import stores
from tests.once.stores import KEPT, LEASE, Opened, django_caches, run

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

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return False


REFUSED = {
    "none": ("dummy.DummyCache", "DummyCache"),
    "in files": ("filebased.FileBasedCache", "FileBasedCache"),
    "in memory": ("locmem.LocMemCache", "LocMemCache"),
}


@pytest.mark.parametrize(("backend", "name"), REFUSED.values(), ids=REFUSED)
def test_S05_a_cache_that_cannot_protect_is_refused_whatever_its_size(tmp_path: Path, backend: str, name: str) -> None:
    options = {"MAX_ENTRIES": 1_000_000}
    caches = {"default": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": str(tmp_path), "OPTIONS": options}}
    with override_settings(CACHES=caches), pytest.raises(ConfigurationError) as caught:
        DjangoCacheStore().claim(run())
    assert str(caught.value) == (
        f"the cache 'default' is a {name}, which cannot keep claims for several processes; use one in Redis, Memcached "
        "or the database, or MemoryStore() where there is a single process"
    )


@pytest.mark.parametrize("options", [{}, {"MAX_ENTRIES": 9_999}], ids=["by default", "by its setting"])
def test_a_cache_that_forgets_is_refused(options: dict[str, int]) -> None:
    caches = {"claims": {"BACKEND": f"{BACKENDS}.db.DatabaseCache", "LOCATION": "few", "OPTIONS": options}}
    with override_settings(CACHES=caches):
        for _ in range(2):
            with pytest.raises(ConfigurationError) as caught:
                DjangoCacheStore("claims").claim(run())
            assert str(caught.value) == (
                f"the cache 'claims' is a DatabaseCache that keeps {options.get('MAX_ENTRIES', 300)} entries only, and "
                'forgets claims beyond them; set CACHES[\'claims\']["OPTIONS"]["MAX_ENTRIES"] to 10000 at least, and '
                "to five times the messages of a day"
            )


# To Redis and to caches from elsewhere, Django's own MAX_ENTRIES means nothing.
ENOUGH: dict[str, tuple[str, dict[str, int]]] = {
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


class AboutToExpire(DatabaseCache):
    """An entry that keeps the first of each name from being added has expired when it is read."""

    asked: ClassVar = set[str]()

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        first = key not in self.asked
        self.asked.add(key)
        return not first and super().add(key, *args, **kwargs)


def test_what_expires_between_two_looks_is_no_failure(tmp_path: Path) -> None:
    with django_caches(tmp_path, backend=f"{__name__}.AboutToExpire"):
        store, first = DjangoCacheStore("claims"), run()
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


def test_S05_a_cache_that_hides_that_it_forgot_a_lease_is_an_error() -> None:
    caches = {"default": {"BACKEND": f"{__name__}.OutOfReach"}}
    with override_settings(CACHES=caches), pytest.raises(ConnectionError, match="neither adds an entry nor has one"):
        DjangoCacheStore().renew(run())


class Unwritable(DatabaseCache):
    """As one in a database behaves that is locked: what fails is not said."""

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing, and not a word."""


def test_S05_a_cache_that_hides_that_it_keeps_no_lease_is_an_error(tmp_path: Path) -> None:
    with django_caches(tmp_path, backend=f"{__name__}.Unwritable"):
        opened, first = stores.django_cache(tmp_path), run()
        opened.store.claim(first)
        opened.advance(LEASE + 1)
        with pytest.raises(ConnectionError, match="does not keep the lease"):
            opened.store.renew(first)


class Between(DatabaseCache):
    """Something happens right before an entry is written, under a name that begins so."""

    happens: ClassVar = list[tuple[str, Callable[[], object]]]()

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        self._happen("add " + key)
        return super().add(key, *args, **kwargs)

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        self._happen("set " + key)
        super().set(key, *args, **kwargs)

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        self._happen("delete " + key)
        return super().delete(key, *args, **kwargs)

    def _happen(self, step: str) -> None:
        for planned in [planned for planned in self.happens if step.startswith(planned[0])]:
            self.happens.remove(planned)
            planned[1]()


@pytest.fixture
def between(tmp_path: Path) -> Generator[Opened]:
    Between.happens.clear()
    with django_caches(tmp_path, backend=f"{__name__}.Between"):
        yield stores.django_cache(tmp_path)


def test_S05_of_two_that_find_a_lease_over_one_follows(between: Opened) -> None:
    store, dead, found = between.store, run(), list[str]()
    store.claim(dead)
    between.advance(LEASE + 1)
    quick = run(dead.message)
    Between.happens.append(("add qstash:follower:", lambda: found.append(store.claim(quick).state)))
    slow = store.claim(run(dead.message))
    assert (found, slow.state) == (["free"], "busy")
    assert store.complete(quick) is True


def test_S05_of_two_that_find_nobody_one_is_first(between: Opened) -> None:
    store, quick, found = between.store, run(), list[str]()
    Between.happens.append(("add qstash:first:", lambda: found.append(store.claim(quick).state)))
    slow = store.claim(run(quick.message))
    assert (found, slow.state) == (["free"], "busy")


@pytest.mark.parametrize("step", ["add qstash:first:", "add qstash:lease:"])
def test_S05_what_is_completed_while_it_is_claimed_is_done(between: Opened, step: str) -> None:
    store, first = between.store, run()
    store.claim(first)
    Between.happens.append((step, lambda: store.complete(first)))
    assert store.claim(run(first.message)) == Standing("done")
    between.advance(LEASE + 1)
    assert store.claim(run(first.message)) == Standing("done")


def test_S05_a_renewal_that_comes_too_late_is_none(between: Opened) -> None:
    store, late, successor = between.store, run(), run()
    store.claim(late)
    between.advance(LEASE + 1)
    successor = run(late.message)
    Between.happens.append(("set qstash:lease:", lambda: store.claim(successor)))
    assert store.renew(late) is False
    assert store.complete(successor) is True


def test_S05_a_release_that_comes_too_late_frees_nothing(between: Opened) -> None:
    store, late = between.store, run()
    store.claim(late)

    def freeze() -> None:
        between.advance(LEASE + 1)
        assert store.claim(run(late.message)).state == "free"

    Between.happens.append(("delete qstash:lease:", freeze))
    store.release(late)
    assert store.claim(run(late.message)).state == "busy"


def test_S05_a_chain_lasts_for_as_long_as_somebody_is_at_its_end(between: Opened) -> None:
    store, dead = between.store, run()
    store.claim(dead)
    between.advance(LEASE + 1)
    working = run(dead.message)
    store.claim(working)
    for _ in range(3):
        between.advance(KEPT / 2)
        assert store.renew(working) is True
    assert store.claim(run(dead.message)).state == "busy"


@pytest.mark.usefixtures("between")
def test_S05_a_view_within_a_transaction_of_the_cache_is_refused() -> None:
    store, first = DjangoCacheStore("claims"), run()
    with transaction.atomic(), pytest.raises(ConfigurationError) as caught:
        store.claim(first)
    assert str(caught.value) == (
        "the cache 'claims' is in the database 'default', within whose transaction this view runs, so that nobody else "
        "sees its claims; give the cache a database alias of its own (a router)"
    )
    assert store.claim(first).state == "free"


@pytest.mark.usefixtures("between")
def test_the_transaction_of_a_test_case_is_none_of_the_apps() -> None:
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        assert DjangoCacheStore("claims").claim(run()).state == "free"


def test_S05_a_renewal_leaves_no_connection_behind(between: Opened) -> None:
    first = run()
    between.store.claim(first)
    connection.close()

    def renew() -> Any:
        assert between.store.renew(first)
        return connection.connection

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(renew).result() is None
