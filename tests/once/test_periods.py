"""How long a handler is waited for, and how long a message is remembered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations.once import DjangoCacheStore, DjangoDatabaseStore, MemoryStore, RedisStore, SQLiteStore
from qstash_integrations.server.rules.retry import backoff

STORES: dict[str, Callable[..., Any]] = {
    "memory": lambda path, **options: MemoryStore(**options),
    "sqlite": lambda path, **options: SQLiteStore(path / "claims.db", **options),
    "redis": lambda path, **options: RedisStore("redis://127.0.0.1:1", **options),
    "django_cache": lambda path, **options: DjangoCacheStore(**options),
    "django_database": lambda path, **options: DjangoDatabaseStore(**options),
}
every_store = pytest.mark.parametrize("store", STORES.values(), ids=STORES)


@every_store
def test_S05_what_is_done_is_kept_for_as_long_as_five_retries_can_come(tmp_path: Path, store: Any) -> None:
    waits = sum(backoff(retry) for retry in range(1, 6))
    attempts = 6 * 2 * 3600
    assert 110_000 < waits < 111_600  # 31 hours
    assert waits + attempts < store(tmp_path).kept == 172_800


@every_store
def test_S05_a_handler_that_was_killed_is_taken_for_dead_before_its_first_retry_comes(
    tmp_path: Path, store: Any
) -> None:
    assert store(tmp_path).lease == 10 < backoff(1)


@every_store
def test_S05_both_are_options(tmp_path: Path, store: Any) -> None:
    made = store(tmp_path, lease=90, kept=7 * 86_400)
    assert (made.lease, made.kept) == (90, 604_800)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no lease": ({"lease": 0}, "lease must be 1 to 86400 seconds, not 0"),
    "an endless lease": ({"lease": float("inf")}, "lease must be 1 to 86400 seconds, not inf"),
    "a lease that is no number": ({"lease": "30"}, "lease must be 1 to 86400 seconds, not '30'"),
    "a lease that is true": ({"lease": True}, "lease must be 1 to 86400 seconds, not True"),
    "kept for less than a lease": ({"kept": 9}, "kept must be 10 (the lease) to 31622400 seconds, not 9"),
    "kept for no number": ({"kept": float("nan")}, "kept must be 10 (the lease) to 31622400 seconds, not nan"),
    "kept for ever": ({"kept": None}, "kept must be 10 (the lease) to 31622400 seconds, not None"),
}


@every_store
@pytest.mark.parametrize(("options", "problem"), WRONG.values(), ids=WRONG)
def test_S05_what_is_no_time_is_refused(tmp_path: Path, store: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        store(tmp_path, **options)
    assert str(caught.value) == problem
