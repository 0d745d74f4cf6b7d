"""The connections of a client: opened when needed, shared between threads, closed by whoever opened them."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from qstash_integrations import QStash
from tests.publish.clients import MakeClient
from tests.publish.loopback import ACCEPTED, TOKEN, URL, loopback


def test_leaving_the_context_closes_the_connection() -> None:
    with loopback() as qstash:
        with QStash(TOKEN, base_url=qstash.url) as client:
            client.publish(url=URL)
            client.publish(url=URL)
            assert not qstash.closed.acquire(timeout=0.02)
        assert qstash.closed.acquire(timeout=5)
    assert qstash.connections == 1


def test_a_closed_client_opens_again(make_client: MakeClient) -> None:
    with loopback() as qstash:
        client = make_client(base_url=qstash.url)
        for number in range(1, 4):
            client("publish", url=URL)
            assert qstash.closed.acquire(timeout=5)
            assert qstash.connections == number


def test_closing_twice_and_before_anything_does_no_harm() -> None:
    client = QStash(TOKEN)
    client.close()
    client.close()


def test_a_dropped_client_closes_its_connections() -> None:
    with loopback() as qstash:
        QStash(TOKEN, base_url=qstash.url).publish(url=URL)
        assert qstash.closed.acquire(timeout=5)


def test_many_threads_share_a_client() -> None:
    with loopback() as qstash, QStash(TOKEN, base_url=qstash.url) as client:
        start = threading.Barrier(8)

        def publish(number: int) -> str:
            start.wait()
            return client.publish(url=URL, body=str(number)).message_id

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(publish, range(8))) == ["msg_1"] * 8
    assert sorted(sent.body for sent in qstash.sent) == [str(number).encode() for number in range(8)]
    assert qstash.connections <= 8


FORKING = """
import os, sys
from qstash_integrations import AsyncQStash, QStash
import asyncio

client, aclient = QStash(base_url=sys.argv[1]), AsyncQStash(base_url=sys.argv[1])
def publish_both(who):
    client.publish(url="https://api.example.com/", body=who)
    asyncio.run(aclient.publish(url="https://api.example.com/", body=who + " async"))
    aclient.sync.publish(url="https://api.example.com/", body=who + " sync")

publish_both("parent")
child = os.fork()
if not child:
    publish_both("child")
    client.close()
    os._exit(0)  # as multiprocessing ends its children
assert os.waitpid(child, 0)[1] == 0
publish_both("parent again")
client.close()
aclient.sync.close()
"""


def test_a_forked_worker_has_connections_of_its_own() -> None:
    with loopback() as qstash:
        run_program(FORKING, qstash.url)
        bodies = [sent.body.decode() for sent in qstash.sent]
        assert sorted(bodies) == sorted(
            f"{who}{kind}" for who in ("parent", "child", "parent again") for kind in ("", " async", " sync")
        )
        # One for each loop; one for each sync client and process, which the parent uses again after the child's end.
        assert qstash.connections == 7


UNCLOSED = """
import sys
from qstash_integrations import QStash
client = QStash(base_url=sys.argv[1])
client.publish(url="https://api.example.com/")
"""


def test_the_end_of_the_process_closes_the_connections() -> None:
    with loopback() as qstash:
        run_program(UNCLOSED, qstash.url)
        assert qstash.closed.acquire(timeout=5)


def run_program(program: str, url: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, url],
        env={"QSTASH_TOKEN": TOKEN, "PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_local_server_is_never_looked_for_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with loopback() as qstash, QStash(TOKEN, base_url=qstash.url, retry=False) as client:
        assert client.publish(url=URL).message_id == "msg_1"


def test_another_machine_is_reached_through_the_proxy(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(ACCEPTED) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        client = make_client(base_url="http://qstash.example", allow_http=True, retry=False)
        assert client("publish", url=URL).message_id == "msg_1"
    assert proxy.sent[0].target == f"http://qstash.example/v2/publish/{URL}"
