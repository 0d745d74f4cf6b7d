"""One delivery over real HTTP to destinations that behave in every way but the expected one."""

import asyncio
import gzip
import queue
import socket
import struct
import time
from collections.abc import Awaitable
from contextlib import suppress

import pytest

from qstash_integrations.server.model import Outcome
from qstash_integrations.server.worker import Sender
from qstash_integrations.server.worker.connection import MOST_LINGERING, Broken, Connection, Connections
from qstash_integrations.server.worker.target import Target
from tests.server.destination import OK, SOON, Script, destination
from tests.server.sending import request, send

SOONER = "answer sooner, or give it more time with Upstash-Timeout"


def wait_for_the_end(connection: socket.socket) -> None:
    connection.recv(1)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    "path",
    [
        "/", "/a/../b/./c//d", "/a%2Fb%20c?x=%41&y=%C3%A9", "/?", "/x?y=[z]{|}^`", "/%zz", "/a;b?c=d/e",
        "//double", "/%2e%2e/keys",
    ],
)  # fmt: skip
def test_the_path_arrives_byte_for_byte(path: str) -> None:
    with destination() as there:
        assert send(request(there.url + path))[0].status == 200
        assert there.next().target == path


@pytest.mark.parametrize(("ending", "target"), {"": "/", "?x=1": "/?x=1"}.items())
def test_a_url_without_a_path_asks_for_the_root(ending: str, target: str) -> None:
    with destination() as there:
        send(request(there.url + ending))
        assert there.next().target == target


def test_method_headers_and_body_arrive_as_they_are() -> None:
    with destination() as there:
        send(request(f"{there.url}/hook", ("X-Name", "caf\xe9"), ("X-Empty", ""), method="GET", body=b"\x00\xff"))
        got = there.next()
    assert (got.method, got.body) == ("GET", b"\x00\xff")
    assert got.headers == [
        ("Host", f"127.0.0.1:{there.port}"),
        ("Connection", "close"),
        ("X-Name", "caf\xe9"),
        ("X-Empty", ""),
        ("Accept-Encoding", "identity"),
        ("Content-Length", "2"),
    ]


def test_an_encoding_that_was_forwarded_is_asked_for() -> None:
    with destination() as there:
        send(request(there.url, ("Accept-Encoding", "br")))
        assert there.next().header("Accept-Encoding") == "br"


def test_E7_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with destination() as there, destination() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert send(request(f"{there.url}/x"))[0].status == 200
        assert there.next().target == "/x"
        assert proxy.nothing_more()


def test_a_redirect_is_not_followed() -> None:
    with destination(answer("302 Found", b"", "Location: /elsewhere")) as there:
        (outcome,) = send(request(there.url))
        assert (outcome.status, outcome.delivered) == (302, False)
        there.next()
        assert there.nothing_more()


def test_a_cookie_is_not_sent_back() -> None:
    with destination(answer("200 OK", b"", "Set-Cookie: session=1; Path=/")) as there:
        first, second = send(request(there.url), request(there.url))
        assert dict(first.headers)["Set-Cookie"] == "session=1; Path=/"
        assert second.status == 200
        assert [there.next().header("Cookie") for _ in range(2)] == [None, None]


def test_an_answer_is_kept_as_it_was_encoded() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    with destination(answer("200 OK", packed, "Content-Encoding: gzip")) as there:
        (outcome,) = send(request(there.url), limit=100_000)
    assert outcome.body == packed


def test_status_headers_and_body_of_an_answer_are_kept() -> None:
    raw = answer("489 Enough", b'{"error":"not retryable"}', "Upstash-NonRetryable-Error: true", "Retry-After: 5")
    with destination(raw) as there:
        (outcome,) = send(request(there.url))
    assert outcome == Outcome(
        status=489,
        headers=(("Content-Length", "25"), ("Upstash-Nonretryable-Error", "true"), ("Retry-After", "5")),
        body=b'{"error":"not retryable"}',
    )


def test_a_body_without_end_is_cut() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with destination(endless) as there:
        (outcome,) = send(request(there.url), limit=1000)
    assert (outcome.status, outcome.body) == (200, b"x" * 1000)


def test_an_answer_that_drips_runs_into_the_deadline_as_a_whole() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)  # shorter than any timeout for one read

    with destination(drip) as there:
        (outcome,) = send(request(there.url), seconds=0.2, limit=100_000)
    assert outcome == Outcome(status=0, error=f"timeout: no complete answer within 0.2 s; {SOONER}")


def test_a_destination_that_never_answers_runs_into_the_deadline() -> None:
    with destination(wait_for_the_end) as there:
        (outcome,) = send(request(there.url), seconds=0.1)
    assert outcome.error == f"timeout: no complete answer within 0.1 s; {SOONER}"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal", b"not HTTP\r\n\r\n", b"HTTP/1.1 999 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
    ids=["no answer", "half an answer", "not HTTP", "unknown status", "endless header"],
)  # fmt: skip
def test_what_is_no_complete_answer_is_none(raw: bytes) -> None:
    def send_and_hang_up(connection: socket.socket) -> None:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_RDWR)

    with destination(send_and_hang_up) as there:
        (outcome,) = send(request(there.url))
    assert outcome.status == 0
    assert outcome.error


@pytest.mark.parametrize("endless", [b"0\r\nX: ", b"1;x="], ids=["trailer", "chunk extension"])
def test_what_stands_beside_a_body_without_end_is_cut(endless: bytes) -> None:
    def send_on(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + endless)
        while True:
            connection.sendall(b"x" * 6000)

    with destination(send_on) as there:
        (outcome,) = send(request(there.url))
    assert outcome.error == "the headers or trailers of the answer are larger than 65536 bytes; send fewer of them"


def and_more(more: bytes) -> Script:
    """An answer, and then what nobody asked for."""

    def send_and_hang_up(connection: socket.socket) -> None:
        connection.sendall(OK + more)

    return send_and_hang_up


def and_more_later(connection: socket.socket) -> None:
    connection.sendall(OK)
    wait_a_moment(connection)
    connection.sendall(answer("500 Smuggled"))
    wait_for_the_end(connection)


def and_hang_up(connection: socket.socket) -> None:
    connection.sendall(OK)
    connection.shutdown(socket.SHUT_RDWR)


def and_reset(connection: socket.socket) -> None:
    connection.sendall(OK)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def and_reset_later(connection: socket.socket) -> None:
    connection.sendall(OK)
    wait_a_moment(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_a_moment(connection: socket.socket) -> None:
    """Long enough for another attempt to begin, unless this side hangs up before."""
    connection.settimeout(0.02)
    with suppress(TimeoutError):
        connection.recv(1)
    connection.settimeout(None)


ENDINGS: dict[str, Script] = {
    "extra bytes": and_more(b"extra"),
    "two answers in a segment": and_more(answer("500 Smuggled", b"second", "X-Smuggled: 1")),
    "another answer later": and_more_later,
    "hung up without a word": and_hang_up,
    "hung up as announced": answer("200 OK", b"ok", "Connection: close"),
    "reset": and_reset,
    "reset later": and_reset_later,
    "kept open": OK,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_S09_what_follows_an_answer_concerns_no_other_attempt(ending: Script) -> None:
    with destination(ending) as there:
        outcomes = send(*(request(f"{there.url}/{number}") for number in range(5)))
        got = [there.next() for _ in range(5)]
        assert there.nothing_more()
    assert [(outcome.status, outcome.body) for outcome in outcomes] == [(200, b"ok")] * 5
    assert {name for outcome in outcomes for name, _ in outcome.headers} <= {"Content-Length", "Connection"}
    assert [one.target for one in got] == ["/0", "/1", "/2", "/3", "/4"]


def test_S09_every_attempt_has_a_connection_of_its_own_and_says_so() -> None:
    with destination() as there:
        send(*[request(there.url)] * 3)
        got = [there.next() for _ in range(3)]
    assert [(one.connection, one.header("Connection")) for one in got] == [(1, "close"), (2, "close"), (3, "close")]


def test_S09_a_request_that_may_have_arrived_is_not_made_again() -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    async def both_addresses(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    with destination(hang_up) as there:
        url = f"http://a.example:{there.port}/"
        (outcome,) = send(request(url), sender=lambda: Sender("local", look_up=both_addresses))
        there.next()
        assert there.nothing_more()
    assert outcome.error.startswith("the destination hung up before its answer was complete; ")


def test_S09_what_a_destination_says_before_it_is_asked_is_no_answer() -> None:
    class Transport(asyncio.Transport):
        is_aborted = False

        def abort(self) -> None:
            self.is_aborted = True

        def is_closing(self) -> bool:
            return self.is_aborted

    async def greeted() -> Outcome:
        connection, transport = Connection(Target.of("http://a.example/")), Transport()
        connection.connection_made(transport)
        connection.data_received(OK)
        assert transport.is_aborted
        return await connection.attempt(b"GET / HTTP/1.1\r\n\r\n", 10)

    with pytest.raises(Broken):
        asyncio.run(greeted())


def test_the_destination_may_close_first_and_is_left_after_a_moment() -> None:
    """Whoever closes first cannot use the port for a minute, and deliveries would run out of ports."""
    waited: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def keep_open(connection: socket.socket) -> None:
        connection.sendall(OK)
        connection.settimeout(0.1)
        try:
            connection.recv(1)
        except TimeoutError:
            waited.put(True)
        connection.settimeout(SOON)
        waited.put(connection.recv(1) == b"")

    async def send_and_wait(url: str) -> list[bool]:
        sender = Sender("local")
        await sender.send(request(url), seconds=5, limit=10)
        seen = [await asyncio.to_thread(waited.get, timeout=SOON) for _ in range(2)]
        await sender.aclose()
        return seen

    with destination(keep_open) as there:
        assert asyncio.run(send_and_wait(there.url)) == [True, True]


def test_connections_that_destinations_leave_open_do_not_add_up() -> None:
    async def all_at_once(url: str) -> int:
        connections = Connections()
        target = Target.of(url)
        ask = b"GET / HTTP/1.1\r\n\r\n"
        await asyncio.gather(*(connections.attempt(target, "127.0.0.1", ask, 10) for _ in range(100)))
        await asyncio.sleep(0)
        left = len(connections)
        await connections.aclose()
        return left

    with destination() as there:
        assert asyncio.run(all_at_once(there.url)) == MOST_LINGERING


def test_many_deliveries_are_under_way_at_once() -> None:
    async def all_at_once(url: str) -> list[Outcome]:
        sender = Sender("local")
        sent: list[Awaitable[Outcome]] = [sender.send(request(url), seconds=5, limit=10) for _ in range(50)]
        try:
            return await asyncio.gather(*sent)
        finally:
            await sender.aclose()

    with destination() as there:
        outcomes = asyncio.run(all_at_once(there.url))
    assert {outcome.status for outcome in outcomes} == {200}


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: trailer\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 200 OK\n\nfrom a shell", 200, b"from a shell"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
    ],
    ids=["interim answers", "chunked", "until the end", "line feeds", "no body", "upgrade offered"],
)
def test_an_answer_may_be_framed_in_every_way(raw: bytes, status: int, body: bytes) -> None:
    def send_and_hang_up(connection: socket.socket) -> None:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)

    with destination(send_and_hang_up) as there:
        (outcome,) = send(request(there.url))
    assert (outcome.status, outcome.body) == (status, body)
    assert "X" not in dict(outcome.headers)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
    ],
    ids=["another protocol", "two lengths", "broken chunk", "interim answers without end"],
)
def test_what_breaks_the_rules_of_http_is_no_answer(raw: bytes) -> None:
    with destination(raw) as there:
        (outcome,) = send(request(there.url))
    assert (outcome.status, outcome.headers, outcome.body) == (0, (), b"")
    assert not outcome.error.startswith("timeout")


def test_a_line_break_in_a_header_is_not_sent() -> None:
    with destination() as there:
        (outcome,) = send(request(there.url, ("X", "1\r\nX-Smuggled: 1")))
        assert outcome == Outcome(status=0, error="the request has a line break in a header")
        assert there.nothing_more()
