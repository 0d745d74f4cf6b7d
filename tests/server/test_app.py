"""The server as a whole: credentials, restarts, and why it may not start."""

import contextlib
import json
import os
import queue
import socket
import sqlite3
import stat
import threading
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from qstash_integrations.server.app import LocalServer, ServerConfig, running
from qstash_integrations.server.app.listening import Bound
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.model import Limits, StartupError
from qstash_integrations.server.worker import Listener
from tests.server.client import client
from tests.server.destination import SOON, destination

DEV_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="
DEV_KEYS = {"current": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "next": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"}
EVERYWHERE = "0.0.0.0"
CHUNKED = (
    b"POST %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer "
    + DEV_TOKEN.encode()
    + b"\r\n\r\n"
)


def keys(server: LocalServer) -> object:
    with client(server) as api:
        return api.get("/v2/keys").json()


def test_on_loopback_it_answers_the_health_check_of_the_official_sdk() -> None:
    with running() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert (server.token, server.is_loopback) == (DEV_TOKEN, True)
        assert keys(server) == DEV_KEYS


def test_where_others_reach_it_token_and_keys_are_its_own() -> None:
    with running(ServerConfig(host=EVERYWHERE, port=0)) as one, running(ServerConfig(host=EVERYWHERE, port=0)) as two:
        assert not one.is_loopback
        assert len({one.token, two.token, DEV_TOKEN}) == 3
        assert len({one.keys.current, one.keys.next, two.keys.current, two.keys.next, *DEV_KEYS.values()}) == 6
        assert keys(one) == {"current": one.keys.current, "next": one.keys.next}
        assert httpx.get(f"{one.url}/v2/keys", headers={"Authorization": f"Bearer {DEV_TOKEN}"}).status_code == 401


def test_its_own_credentials_are_kept_in_its_file(tmp_path: Path) -> None:
    config = ServerConfig(host=EVERYWHERE, port=0, db=tmp_path / "qstash.db")
    with running(config) as first:
        pass
    with running(config) as second:
        assert (second.token, second.keys) == (first.token, first.keys)


def test_published_keys_in_a_file_are_retired_where_others_reach_the_server(tmp_path: Path) -> None:
    db = tmp_path / "qstash.db"
    with running(ServerConfig(port=0, db=db)) as local:
        assert local.keys.current == DEV_KEYS["current"]
    with running(ServerConfig(host=EVERYWHERE, port=0, db=db)) as public:
        assert not {public.keys.current, public.keys.next} & set(DEV_KEYS.values())
    with running(ServerConfig(port=0, db=db)) as local:
        assert (local.token, local.keys) == (DEV_TOKEN, public.keys)


def test_signing_keys_of_an_account_are_never_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QSTASH_TOKEN", "QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"):
        monkeypatch.setenv(name, "sig_of_an_account_in_production_000")
    with running() as server:
        assert server.token == DEV_TOKEN
        assert keys(server) == DEV_KEYS


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    config = ServerConfig(port=0, db=tmp_path / "qstash.db")
    with running(config) as server, client(server) as api:
        message_id = api.post("/v2/publish/http://127.0.0.1:9/x", headers={"Upstash-Delay": "1h"}).json()["messageId"]
        api.post("/v2/schedules/http://127.0.0.1:9/x", headers={"Upstash-Cron": "0 0 1 1 *"})
        api.post("/v2/queues", json={"queueName": "mail", "parallelism": 3})
        rotated = api.post("/v2/keys/rotate").json()
    with running(config) as server, client(server) as api:
        assert api.get(f"/v2/messages/{message_id}").status_code == 200
        assert len(api.get("/v2/schedules").json()) == 1
        assert api.get("/v2/queues/mail").json()["parallelism"] == 3
        assert api.get("/v2/keys").json() == rotated


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_its_file_is_for_its_owner_only(tmp_path: Path) -> None:
    db = tmp_path / "qstash.db"
    with running(ServerConfig(port=0, db=db)):
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


def test_where_others_reach_it_it_is_no_way_into_the_network() -> None:
    attempts: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
    config = ServerConfig(host=EVERYWHERE, port=0)
    with destination() as there, running(config, watch=attempts.put) as server, client(server) as api:
        api.post(f"/v2/publish/{there.url}/x")
        error = attempts.get(timeout=SOON).outcome.error
        assert error.startswith("not delivered to 127.0.0.1: it is private")
        assert there.nothing_more()


def test_private_addresses_can_be_allowed_all_the_same() -> None:
    config = ServerConfig(host=EVERYWHERE, port=0, network="local")
    with destination() as there, running(config) as server, client(server) as api:
        api.post(f"/v2/publish/{there.url}/x")
        assert there.next().target == "/x"


def test_it_does_not_deliver_to_itself() -> None:
    attempts: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
    with running(watch=attempts.put) as server, client(server) as api:
        api.post(f"/v2/publish/{server.url}/v2/publish/http://127.0.0.1:9/x")
        error = attempts.get(timeout=SOON).outcome.error
    assert error.startswith("not delivered to 127.0.0.1: this server would deliver to itself; ")


def test_a_page_that_lets_its_name_point_here_is_turned_away() -> None:
    with running() as server, client(server) as api:
        assert api.get("/v2/keys", headers={"Host": "evil.example"}).status_code == 421
        assert api.get("/v2/keys", headers={"Host": "localhost"}).status_code == 200
        assert api.get("/v2/keys", headers={"Origin": "http://localhost:3000"}).status_code == 403


def test_limits_are_configured() -> None:
    with running(ServerConfig(port=0, limits=Limits(body=10))) as server, client(server) as api:
        assert api.post("/v2/publish/http://127.0.0.1:9/x", content=b"x" * 11).status_code == 412


def test_nobody_can_claim_another_callers_address() -> None:
    with running() as server, client(server) as api:
        answer = api.post(
            "/v2/publish/http://127.0.0.1:9/x", headers={"Upstash-Delay": "1h", "X-Forwarded-For": "203.0.113.9"}
        )
        message = api.get(f"/v2/messages/{answer.json()['messageId']}").json()
        assert message["callerIP"] == "127.0.0.1"


def test_what_comes_behind_a_body_is_no_header() -> None:
    with running() as server, client(server) as api, socket.create_connection(("127.0.0.1", api.base_url.port)) as wire:
        wire.settimeout(SOON)
        trailers = b"Upstash-Retries: 1\r\nUpstash-Forward-Job: 3\r\n"
        wire.sendall(CHUNKED % b"/v2/publish/http://127.0.0.1:9/hook" + b"2\r\nhi\r\n0\r\n" + trailers + b"\r\n")
        answer = HTTPResponse(wire)
        answer.begin()
        message = api.get(f"/v2/messages/{json.loads(answer.read())['messageId']}").json()
        assert message["maxRetries"] == 3
        assert "Job" not in message.get("header", {})


def test_a_head_that_is_too_large_is_turned_away() -> None:
    with running() as server, client(server) as api:
        assert api.get("/v2/keys", headers={"X": "y" * 40_000}).status_code == 431
        # Too much for the HTTP library if it comes in parts, and for the server if it comes at once.
        assert api.get("/v2/keys", headers={"X": "y" * 100_000}).status_code in (400, 431)


@pytest.mark.parametrize(
    ("start", "more"),
    {
        "target": (b"GET /", b"x" * 6000),
        "value": (b"GET / HTTP/1.1\r\nX: ", b"x" * 6000),
        "headers": (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 1000),
        "trailers": (CHUNKED % b"/" + b"0\r\n", b"X: y\r\n" * 1000),
        "trailer": (CHUNKED % b"/" + b"0\r\nX: ", b"x" * 6000),
        "chunk extension": (CHUNKED % b"/" + b"1;x=", b"x" * 6000),
    }.values(),
    ids=["target", "value", "headers", "trailers", "trailer", "chunk extension"],
)
def test_what_stands_beside_a_body_without_end_is_cut_off(start: bytes, more: bytes) -> None:
    with running() as server, client(server) as api, socket.create_connection(("127.0.0.1", api.base_url.port)) as wire:
        wire.settimeout(SOON)
        sent = wire.send(start)
        with contextlib.suppress(ConnectionError):
            while sent < 10_000_000:
                sent += wire.send(more)
        assert sent < 10_000_000
        assert api.get("/v2/keys").status_code == 200


def test_what_is_not_http_is_turned_away() -> None:
    with running() as server, client(server) as api, socket.create_connection(("127.0.0.1", api.base_url.port)) as wire:
        wire.settimeout(SOON)
        wire.sendall(b"not HTTP\r\n\r\n")
        assert wire.recv(65536).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_requests_may_come_before_the_answers_to_earlier_ones() -> None:
    with running() as server, client(server) as api, socket.create_connection(("127.0.0.1", api.base_url.port)) as wire:
        wire.settimeout(SOON)
        one = (
            b"POST /v2/publish/http://127.0.0.1:9/x HTTP/1.1\r\nHost: localhost\r\nUpstash-Delay: 1h\r\n"
            b"Authorization: Bearer %b\r\nContent-Length: 100000\r\n\r\n" % server.token.encode()
        ) + b"x" * 100_000
        wire.sendall(one + one + one.replace(b"Host:", b"Connection: close\r\nHost:"))
        answers = b""
        while got := wire.recv(65536):
            answers += got
        assert answers.count(b"HTTP/1.1 201 Created") == 3


def test_a_path_arrives_as_it_was_sent() -> None:
    destination = "https://a.example//x/%2e%2e/../y?a=%41&b"
    with running() as server, client(server) as api, socket.create_connection(("127.0.0.1", api.base_url.port)) as wire:
        head = f"POST /v2/publish/{destination} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
        wire.sendall(f"{head}Upstash-Delay: 1h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        while wire.recv(65536):
            pass
        assert api.get("/v2/events?state=CREATED").json()["events"][0]["url"] == destination


def test_a_port_in_use_is_one_line() -> None:
    with running() as server:
        port = httpx.URL(server.url).port or 0
        with pytest.raises(StartupError) as error, running(ServerConfig(port=port)):
            pass
    assert str(error.value) == (
        f"127.0.0.1:{port}: address already in use; stop what listens there, or choose another port with --port"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "a..b"])
def test_an_address_of_somebody_else_is_one_line(host: str) -> None:
    with pytest.raises(StartupError, match="--host") as error, running(ServerConfig(host=host, port=0)):
        pass
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    for db in (tmp_path / "missing" / "directory" / "x.db", tmp_path, other):
        with pytest.raises(StartupError, match=str(db)) as error, running(ServerConfig(port=0, db=db)):
            pass
        assert "\n" not in str(error.value)


def test_a_file_serves_one_server_at_a_time(tmp_path: Path) -> None:
    config = ServerConfig(port=0, db=tmp_path / "qstash.db")
    with running(config), pytest.raises(StartupError, match="another server has it open"), running(config):
        pass


def test_leaving_the_block_ends_the_server_and_an_exception_passes() -> None:
    with pytest.raises(LookupError), running() as server:
        raise LookupError
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)
    assert "qstash-local-server" not in {thread.name for thread in threading.enumerate()}


def test_a_server_prints_without_its_secrets() -> None:
    with running() as server:
        printed = repr(server)
    assert DEV_TOKEN not in printed
    assert "sig_" not in printed


@pytest.mark.parametrize(
    ("host", "start"), {"localhost": "http://localhost:", "127.0.0.2": "http://127.0.0.2:"}.items()
)
def test_the_url_is_the_one_that_was_asked_for(host: str, start: str) -> None:
    with running(ServerConfig(host=host, port=0)) as server:
        assert server.url.startswith(start)
        assert server.is_loopback
        assert keys(server) == DEV_KEYS


def test_S13_the_url_is_one_that_browsers_may_use() -> None:
    with socket.socket() as unused:
        bound = Bound(socket=unused, host="devbox", address=Listener("127.0.0.1", 8080))
        assert bound.url == "http://127.0.0.1:8080"
