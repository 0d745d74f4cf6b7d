"""How a Redis is given and named; what it keeps is tested with the other stores."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.crc import key_slot
from redis.exceptions import ConnectionError as NoRedis
from redis.exceptions import ResponseError

from qstash_integrations import ConfigurationError
from qstash_integrations.once import RedisStore
from tests.once.stores import run
from tests.waiting import wait_until


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


def others(client: Any) -> int:
    """How many connections there are besides this one."""
    return len(client.client_list()) - 1


@pytest.mark.system
def test_it_keeps_as_many_connections_as_it_was_asked_at_once(redis_socket: Path) -> None:
    client: Any = Redis(unix_socket_path=str(redis_socket))
    before = others(client)
    store = RedisStore(f"unix://{redis_socket}")
    for _ in range(5):
        first = run()
        store.claim(first)
        store.complete(first)
    assert others(client) == before + 1
    with ThreadPoolExecutor(4) as threads:
        assert {found.state for found in threads.map(store.claim, [run() for _ in range(40)])} == {"free"}
    assert others(client) <= before + 4
    store.close()
    wait_until(lambda: others(client) == before)
    assert store.claim(run()).state == "free"
    store.close()
    client.close()


FORKING = """
import os, sys
from qstash_integrations.once import RedisStore, Run

store = RedisStore(sys.argv[1])
first = Run("m" * 64, "a" * 64, "1", 600)
assert store.claim(first).state == "free"
child = os.fork()
if child == 0:
    found = [store.claim(Run("m" * 64, f"{number:064}", "2", 600)).state for number in range(100)]
    os._exit(7 if found == ["busy"] * 100 else 1)
for number in range(100):
    assert store.claim(Run(f"{number:064}", f"x{number:063}", "3", 600)).state == "free"
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert store.complete(first)
store.close()
"""


@pytest.mark.system
def test_both_sides_of_a_fork_have_connections_of_their_own(redis_socket: Path) -> None:
    client: Any = Redis(unix_socket_path=str(redis_socket))
    client.flushdb()
    client.close()
    subprocess.run([sys.executable, "-c", FORKING, f"unix://{redis_socket}"], check=True, timeout=60)


@pytest.mark.system
def test_a_call_that_failed_leaves_no_connection_to_the_next(redis_socket: Path) -> None:
    client: Any = Redis(unix_socket_path=str(redis_socket))
    store, first, prefix = RedisStore(f"unix://{redis_socket}", prefix="failing"), run(), "{failing}:"
    store.claim(first)
    client.delete(f"{prefix}message:{first.message}")
    client.lpush(f"{prefix}message:{first.message}", "no text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        store.complete(first)
    client.delete(f"{prefix}message:{first.message}")
    assert store.complete(first) is True
    store.close()
    client.close()


@pytest.mark.system
def test_a_connection_that_the_server_has_closed_meanwhile_is_opened_again(redis_socket: Path) -> None:
    client: Any = Redis(unix_socket_path=str(redis_socket))
    store, first = RedisStore(f"unix://{redis_socket}"), run()
    store.claim(first)
    # As a failover does, or whatever stands between the two.
    client.client_kill_filter(_type="normal", skipme=True)
    assert store.complete(first) is True
    assert store.claim(run(first.message)).state == "done"
    store.close()
    client.close()
