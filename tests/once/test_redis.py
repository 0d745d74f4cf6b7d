"""How a Redis is given and named; what it keeps is tested with the other stores."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.crc import key_slot
from redis.exceptions import ConnectionError as NoRedis

from qstash_integrations import ConfigurationError
from qstash_integrations.once import RedisStore
from tests.once.stores import run


def test_a_redis_that_is_not_there_is_an_error_when_it_is_asked(tmp_path: Path) -> None:
    store = RedisStore(f"unix://{tmp_path}/nothing")
    with pytest.raises(NoRedis):
        store.claim(run())


def test_a_client_of_an_event_loop_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"RedisStore takes a URL or a redis.Redis"):
        RedisStore(AsyncRedis())


def test_what_is_no_client_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"RedisStore takes a URL or a redis.Redis"):
        RedisStore(object())


WITHOUT_CLIENT = """
import sys
sys.modules["redis"] = None
from qstash_integrations.once import MemoryStore, RedisStore
MemoryStore()
try:
    RedisStore("redis://127.0.0.1")
except ValueError as error:
    print(error)
"""


def test_without_the_client_it_says_what_to_install() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT_CLIENT], check=True, capture_output=True, text=True).stdout
    assert told == "RedisStore needs the client for Redis: pip install 'qstash_integrations[redis]'\n"


@pytest.mark.system
def test_its_names_stand_together_in_a_cluster(redis_socket: Path) -> None:
    client: Any = Redis(unix_socket_path=str(redis_socket), decode_responses=True)
    store, first = RedisStore(client, prefix="shop"), run()
    store.claim(first)
    names = [name for name in client.scan_iter() if first.message in name or first.token in name]
    assert sorted(names) == [f"{{shop}}:message:{first.message}", f"{{shop}}:token:{first.token}"]
    assert len({key_slot(name.encode()) for name in names}) == 1
    store.close()
    assert client.ping()
    client.close()
