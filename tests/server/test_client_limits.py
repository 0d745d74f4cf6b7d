"""Clients that come in crowds, do nothing, do it slowly or read nothing, over real sockets."""

import json
import logging
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import httpx
import pytest

from qstash_integrations.server.app import LocalServer, ServerConfig, running
from qstash_integrations.server.app.protocol import MOST_PIPELINED, Patience
from qstash_integrations.server.model import Limits
from tests.server.client import client
from tests.server.destination import SOON, destination

pytestmark = pytest.mark.system

DEV_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="
FILES, CROWD = 256, 300
SHORT = Patience(head=0.2, body=0.2, idle=0.2)
GET = b"GET /v2/keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + DEV_TOKEN.encode() + b"\r\n\r\n"
HALF_A_HEAD = GET[:-2]
HALF_A_BODY = GET[:-2].replace(b"GET /v2/keys", b"POST /v2/queues") + b"Content-Length: 1000\r\n\r\nhalf"
REFUSED = HALF_A_BODY.replace(b"Length: 1000", b"Length: 9999999")


def connect(url: str, first: bytes = b"", *, address: str = "127.0.0.1") -> socket.socket:
    port = int(url.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", port), timeout=SOON, source_address=(address, 0))
    connection.sendall(first)
    return connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has hung up, by now; whatever it said before is read."""
    try:
        while select.select([connection], [], [], 0)[0]:
            if not connection.recv(65536):
                return True
    except OSError:
        return True
    return False


def read_all(connection: socket.socket) -> bytes:
    """All that the server says until it hangs up, as far as a reset leaves it."""
    said = b""
    with connection, suppress(ConnectionError):
        while more := connection.recv(65536):
            said += more
    return said


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)


@contextmanager
def small_server() -> Generator[tuple[subprocess.Popen[str], str]]:
    """A server process that may open few files, and its URL; nobody reads what it prints after that."""
    import resource

    process = subprocess.Popen(
        [sys.executable, "-m", "qstash_integrations", "dev", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (FILES, FILES)),
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def hasty() -> Iterator[LocalServer]:
    """A server that waits for nobody."""
    with running(ServerConfig(port=0, client_patience=SHORT)) as server:
        yield server


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are those of POSIX")
@pytest.mark.parametrize(
    "first", [b"", HALF_A_HEAD, HALF_A_BODY, GET], ids=["nothing", "half a head", "half a body", "a request"]
)
def test_S07_a_crowd_of_connections_does_not_stop_a_server_with_few_files(first: bytes) -> None:
    def is_served() -> bool:
        try:
            return httpx.get(f"{url}/v2/keys", headers=headers, trust_env=False, timeout=SOON).status_code == 200
        except httpx.TransportError:
            return False

    headers = {"Authorization": f"Bearer {DEV_TOKEN}"}
    with small_server() as (process, url), ExitStack() as crowd, destination() as there:
        for _ in range(CROWD):
            connection = crowd.enter_context(connect(url))
            # Some are turned away at once.
            with suppress(OSError):
                connection.sendall(first)
        until(is_served)
        assert httpx.post(f"{url}/v2/publish/{there.url}/x", headers=headers, trust_env=False).status_code == 201
        assert there.next().target == "/x"
        process.terminate()
        _, errors = process.communicate(timeout=SOON)
    assert len(errors) < 4096


def test_S07_who_does_not_get_on_is_hung_up_on(hasty: LocalServer) -> None:
    slow = {
        "nothing": connect(hasty.url),
        "half a head": connect(hasty.url, HALF_A_HEAD),
        "half a body": connect(hasty.url, HALF_A_BODY),
        "no other request": connect(hasty.url, GET),
        "half another request": connect(hasty.url, GET + HALF_A_HEAD),
        "half a body that is not wanted": connect(hasty.url, REFUSED),
    }
    until(lambda: all(map(is_closed, slow.values())))
    for connection in slow.values():
        connection.close()


def test_S07_who_drips_is_hung_up_on(hasty: LocalServer) -> None:
    drips = {
        connect(hasty.url): b"\r\n",
        connect(hasty.url, HALF_A_HEAD): b"X: 1\r\n",
        connect(hasty.url, HALF_A_BODY): b"x",
        connect(hasty.url, GET): b"\r\n",
    }

    def all_are_closed() -> bool:
        for connection, drip in drips.items():
            with suppress(OSError):
                connection.sendall(drip)
        return all(map(is_closed, drips))

    until(all_are_closed)
    for connection in drips:
        connection.close()


@pytest.mark.parametrize("asked", [1, 8], ids=["one", "eight at once"])
def test_S07_who_does_not_take_the_answer_is_hung_up_on(hasty: LocalServer, asked: int) -> None:
    with client(hasty) as api:
        for _ in range(12):
            api.post(
                "/v2/publish/http://127.0.0.1:9/x", content=b"x" * 1_000_000, headers={"Upstash-Delay": "1h"}
            ).raise_for_status()
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(SOON)
    reader.connect(("127.0.0.1", int(hasty.url.rpartition(":")[2])))
    reader.sendall(GET.replace(b"/v2/keys", b"/v2/events?count=1000") * asked)
    # Not a byte is read until the server has had enough.
    select.select([], [], [], 2.5)
    assert len(read_all(reader)) < 12_000_000


def test_who_gets_on_is_not_hung_up_on() -> None:
    patience = Patience(head=1.5, body=30, idle=30)
    with running(ServerConfig(port=0, client_patience=patience)) as server, connect(server.url, HALF_A_BODY) as slow:
        select.select([], [], [], 3)
        assert not is_closed(slow)
        slow.sendall(b" " * 996 + GET)
        with slow.makefile("rb") as answers:
            assert answers.readline().startswith(b"HTTP/1.1 400")


def test_S07_one_address_has_so_many_connections_and_another_still_gets_in() -> None:
    limits = Limits(connections=4, connections_of_one_address=3)
    with running(ServerConfig(port=0, limits=limits)) as server:
        mine = [connect(server.url, HALF_A_BODY) for _ in range(3)]
        refused = read_all(connect(server.url))
        with connect(server.url, GET, address="127.0.0.2") as other, other.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            crowded = read_all(connect(server.url, address="127.0.0.3"))
        assert not any(map(is_closed, mine))
        for connection in mine:
            connection.close()
    assert refused == crowded
    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in head
    assert b"content-length: %d\r\n" % len(body) in head
    assert json.loads(body) == {"error": "too many connections"}


def test_S07_requests_that_do_not_wait_for_answers_do_not_add_up(server: LocalServer) -> None:
    answers = read_all(connect(server.url, GET * 2000))
    assert answers.count(b"HTTP/1.1 200 OK") <= MOST_PIPELINED + 1


def test_a_few_requests_at_once_are_all_answered(hasty: LocalServer) -> None:
    assert read_all(connect(hasty.url, GET * 10)).count(b"HTTP/1.1 200 OK") == 10


def test_S07_a_flood_of_nonsense_is_one_record(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        assert read_all(connect(server.url, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "Invalid HTTP request received."
    ]


def test_S07_output_that_nobody_reads_does_not_stop_the_server() -> None:
    headers = {"Authorization": f"Bearer {DEV_TOKEN}"}
    # Three times what fits into the pipe.
    with small_server() as (_, url), destination() as there:
        path = f"{there.url}/{'x' * 150}"
        batch = [{"destination": f"{path}/{number}"} for number in range(900)]
        assert httpx.post(f"{url}/v2/batch", json=batch, headers=headers, trust_env=False).status_code == 200
        assert len({there.next().target for _ in batch}) == len(batch)
        assert httpx.get(f"{url}/v2/keys", headers=headers, trust_env=False, timeout=SOON).status_code == 200
