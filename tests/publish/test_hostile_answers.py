"""S10: what comes back over the wire, however odd, is an answer, or an error that is documented."""

import asyncio
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from qstash_integrations import APIError, AsyncQStash, ConfigurationError, QStash, QStashError, TransportError
from qstash_integrations._core.publishing import http
from tests.publish.clients import MAKERS, MakeClient, SyncClient, TrioClient, on_trio_too
from tests.publish.libraries import LIBRARIES
from tests.publish.loopback import ACCEPTED, TOKEN, URL, answer, loopback

OTHER = answer(201, {"messageId": "msg_of_nobody"})
KEY = Path(__file__).parent.parent / "data" / "localhost.pem"
MIB = 2**20


def publish_twice(make_client: MakeClient, http_client: Any = None, **options: Any) -> list[str]:
    """With one client on one event loop, so that a connection could be used again."""
    client: Any = make_client(retry=False, http_client=http_client, **options)
    if isinstance(client, SyncClient):
        with client, http_client or nullcontext():
            return [client.publish(url=URL).message_id for _ in range(2)]

    async def publish() -> list[str]:
        async with client, http_client or nullcontext():
            return [(await client.publish(url=URL)).message_id for _ in range(2)]

    return anyio.run(publish, backend=client.backend)


MORE: dict[str, bytes] = {
    "an answer": OTHER,
    "half an answer": OTHER[:20],
    "a byte": b"\r",
    "a line end": b"\r\n",
    "many answers": OTHER * 3000,
}


@on_trio_too
@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_S10_what_follows_an_answer_is_nobodys_answer(make_client: MakeClient, more: bytes) -> None:
    with loopback(ACCEPTED + more, ACCEPTED) as qstash:
        assert publish_twice(make_client, base_url=qstash.url) == ["msg_1", "msg_1"]
        assert (qstash.connections, len(qstash.sent)) == (2, 2)


@on_trio_too
def test_S10_what_follows_an_answer_that_fills_a_read_is_nobodys_answer(make_client: MakeClient) -> None:
    """httpcore reads 64 KiB at a time; what anyio has read beyond that is in none of its buffers."""
    body = b'{"messageId":"msg_1"}'
    head = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n"
    padded = body + b" " * (64 * 1024 - len(body) - len(head % 65536))
    with loopback(head % len(padded) + padded + OTHER, ACCEPTED) as qstash:
        assert publish_twice(make_client, base_url=qstash.url) == ["msg_1", "msg_1"]
        assert len(qstash.sent) == 2


@on_trio_too
def test_S10_an_answer_with_nothing_behind_it_leaves_its_connection_in_use(make_client: MakeClient) -> None:
    with loopback(ACCEPTED) as qstash:
        publish_twice(make_client, base_url=qstash.url)
        assert qstash.connections == 1


READY: dict[str, tuple[MakeClient, Callable[[], Any]]] = {
    **{library.__name__: (MAKERS["QStash"], library.Client) for library in LIBRARIES},
    **{f"{library.__name__}, async": (MAKERS["AsyncQStash"], library.AsyncClient) for library in LIBRARIES},
    "httpx, trio": (partial(TrioClient, TOKEN), httpx.AsyncClient),
}


@pytest.mark.parametrize(("make_client", "make_http"), READY.values(), ids=READY)
def test_S10_nor_is_it_with_a_ready_client(make_client: MakeClient, make_http: Callable[[], Any]) -> None:
    with loopback(ACCEPTED + OTHER, ACCEPTED) as qstash:
        assert publish_twice(make_client, base_url=qstash.url, http_client=make_http()) == ["msg_1", "msg_1"]
        assert qstash.connections == 2


@contextmanager
def tls_loopback(*script: Sequence[bytes]) -> Generator[tuple[str, list[int]]]:
    """For each request the next act: its parts are a record each, all of them in one segment. Counts connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(KEY)
    listener = socket.create_server(("127.0.0.1", 0))
    acts, connections = list(script), [0]

    def serve(raw: socket.socket) -> None:
        with raw, suppress(OSError, ssl.SSLError):
            act_out(raw)

    def act_out(raw: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        raw.sendall(outgoing.read())
        while acts:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                try:
                    request += tls.read(65536)
                except ssl.SSLWantReadError:
                    received = raw.recv(65536)
                    if not received:
                        return
                    incoming.write(received)
            for part in acts.pop(0):
                tls.write(part)
            raw.sendall(outgoing.read())
        raw.recv(1)

    def serve_all() -> None:
        while True:
            raw, _ = listener.accept()
            if not acts:
                raw.close()
                return
            connections[0] += 1
            threads.append(threading.Thread(target=serve, args=(raw,)))
            threads[-1].start()

    threads = [threading.Thread(target=serve_all)]
    threads[0].start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}", connections
    finally:
        acts.clear()
        socket.create_connection(listener.getsockname()).close()
        for thread in threads:
            thread.join(5)
        listener.close()


@on_trio_too
def test_S10_nor_is_it_in_a_record_of_its_own(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", trusting(ssl.create_default_context))
    monkeypatch.setattr(http, "_tls", http._tls.__wrapped__)  # what other clients of this process trust
    with tls_loopback([ACCEPTED, OTHER], [ACCEPTED]) as (url, connections):
        assert publish_twice(make_client, base_url=url) == ["msg_1", "msg_1"]
        assert connections == [2]


def trusting(create: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    def create_trusting(*args: Any, **options: Any) -> ssl.SSLContext:
        context = create(*args, **options)
        context.load_verify_locations(KEY)
        return context

    return create_trusting


def packed(body: bytes, *encodings: str, said: str | None = None) -> bytes:
    for _ in encodings:
        body = gzip.compress(body)
    return answer(201, body, Content_Encoding=said or ", ".join(encodings))


def test_S10_an_answer_may_come_as_gzip(make_client: MakeClient) -> None:
    with loopback(packed(b'{"messageId":"msg_1"}', "gzip")) as qstash:
        assert make_client(base_url=qstash.url)("publish", url=URL).message_id == "msg_1"
        assert qstash.sent[0].headers["accept-encoding"] == "gzip"


BOMB = packed(b" " * (2 * MIB), "gzip", "gzip")
PACKED: dict[str, tuple[bytes, str]] = {
    "gzip in gzip": (BOMB, "an answer in an encoding that was not asked for"),
    "deflate": (packed(b"x", said="deflate"), "an answer in an encoding that was not asked for"),
    "an encoding that nobody knows": (packed(b"x", said="rot13"), "an answer in an encoding that was not asked for"),
    "no gzip": (packed(b"{}", said="gzip"), "an answer that cannot be unpacked"),
    "half a gzip": (answer(201, gzip.compress(b"{}" * 99)[:18], Content_Encoding="gzip"), "cannot be unpacked"),
}


@pytest.mark.parametrize(("act", "problem"), PACKED.values(), ids=PACKED)
def test_S10_an_answer_that_is_packed_otherwise_is_none(make_client: MakeClient, act: bytes, problem: str) -> None:
    with loopback(act) as qstash, pytest.raises(TransportError, match=problem):
        make_client(base_url=qstash.url, retry=False)("publish", url=URL)


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    parts = [packer.compress(b" " * MIB) for _ in range(mebibytes)]
    return b"".join([*parts, packer.flush()])


# Not by the memory of the process, which Linux counts from that of the one that started it.
MEMORY = """
import sys, tracemalloc
from qstash_integrations import QStash, TransportError

tracemalloc.start()
try:
    QStash("TESTONLYtoken", base_url=sys.argv[1], retry=False).publish(url="https://api.example.com/")
except TransportError as error:
    print(error)
print(tracemalloc.get_traced_memory()[1] // 1024**2)
"""


@pytest.mark.system
def test_S10_an_answer_is_never_larger_than_its_limit_not_even_while_it_is_unpacked() -> None:
    with loopback(answer(201, bomb(1024), Content_Encoding="gzip")) as qstash:
        run = subprocess.run(
            [sys.executable, "-c", MEMORY, qstash.url], capture_output=True, text=True, check=True, timeout=60
        )
    problem, mebibytes = run.stdout.splitlines()
    assert problem.partition(": ")[2].startswith("an answer of more than 268435456 bytes")
    assert int(mebibytes) < 400


FLOOD = b"HTTP/1.1 100 Continue\r\n\r\n"
ODD: dict[str, bytes] = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "an endless status line": b"HTTP/1.1 201 " + b"x" * MIB,
    "an endless header": b"HTTP/1.1 201 OK\r\nX: " + b"x" * MIB,
    "a flood of headers": b"HTTP/1.1 201 OK\r\n" + b"X-A: b\r\n" * 50_000,
    "a status of four digits": b"HTTP/1.1 2010 OK\r\n\r\n",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "another version": b"HTTP/9.9 201 OK\r\nContent-Length: 0\r\n\r\n",
    "a length that is none": b"HTTP/1.1 201 OK\r\nContent-Length: ten\r\n\r\n",
    "a length below zero": b"HTTP/1.1 201 OK\r\nContent-Length: -1\r\n\r\n",
    "a length of 5,000 digits": b"HTTP/1.1 201 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "two lengths": b"HTTP/1.1 201 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a chunk that is none": b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk of 5,000 digits": b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\n",
    "a chunk that ends early": b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab",
    "two transfer encodings": b"HTTP/1.1 201 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a null in a header": b"HTTP/1.1 201 OK\r\nX: a\0b\r\n\r\n",
    "a header without a name": b"HTTP/1.1 201 OK\r\n: x\r\n\r\n",
    "headers beyond ASCII": b"HTTP/1.1 500 \xff\xfe\r\nX-\xc3\xa9: \xf0\x9f\x90\x8d\r\nContent-Length: 0\r\n\r\n",
    "values beyond ASCII": b"HTTP/1.1 500 No\r\nRetry-After: \xf0\x9f\x90\x8d\r\nContent-Length: 0\r\n\r\n",
    "a Retry-After beyond all dates": answer(503, {}, Retry_After="Fri, 31 Dec 9999 23:59:59 -2359"),
    "limits of 30 digits": answer(429, {}, Burst_RateLimit_Limit="9" * 30, Burst_RateLimit_Reset="\xb2"),
    "a redirect": answer(307, b"", Location="https://evil.example/"),
    "a redirect to nowhere": answer(301, b"", Location="http://[::1"),
    "a body cut short": b"HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\nab",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "JSON that nests": answer(201, b"[" * 100_000),
    "a number of 5,000 digits": answer(201, b"9" * 5000),
    "JSON in UTF-16": answer(201, '{"messageId":1}'.encode("utf-16")),
    "bytes that are no text": answer(500, b"\xff\xfe\x00\xd8"),
    "a list for an object": answer(201, [[], {}, 1]),
    "ids that are none": answer(201, {"messageId": {"a": 1}}),
}


@pytest.mark.parametrize("act", ODD.values(), ids=ODD)
def test_S10_an_odd_answer_is_a_documented_error(make_client: MakeClient, act: bytes) -> None:
    with loopback(act, b"") as qstash, pytest.raises((APIError, TransportError)) as caught:
        make_client(base_url=qstash.url, retry=False, timeout=1)("publish", url=URL)
    assert len(str(caught.value)) < 1000


@on_trio_too
@pytest.mark.parametrize("drop", [FLOOD, b"X: x\r\n"], ids=["announcements", "headers"])
def test_S10_an_answer_that_never_ends_ends_with_the_timeout(make_client: MakeClient, drop: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            start = b"" if drop == FLOOD else b"HTTP/1.1 201 OK\r\n"
            connection.sendall(start)
            over.wait(0.05)
            try:
                while not over.wait(0.05):
                    connection.sendall(drop)
            except OSError:
                pass

    over = threading.Event()
    thread = threading.Thread(target=trickle)
    thread.start()
    client = make_client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", retry=False, timeout=0.5)
    try:
        with pytest.raises(TransportError, match="ReadTimeout"):
            client("publish", url=URL)
    finally:
        over.set()
        thread.join(5)
        listener.close()


HOSTS: dict[str, str] = {
    "a label of 70 characters": f"https://{'a' * 70}.example",
    "an empty label": "https://a..example",
    "a name of 300 characters": "https://" + ".".join(["a" * 30] * 10),
    "a port that is none": "https://qstash.example:99999",
}


@pytest.mark.parametrize("kind", [QStash, AsyncQStash], ids=["QStash", "AsyncQStash"])
@pytest.mark.parametrize("address", HOSTS.values(), ids=HOSTS)
def test_S10_an_address_that_no_host_has_is_refused(kind: Any, address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_URL must be the address of the QStash API"):
        kind(TOKEN, base_url=address)


STRANGE: dict[str, str] = {
    "a name that is no punycode": "https://xn--\x2d.localhost:1",
    "a zone id": "https://[fe80::1%25eth0]:1",
    "a broken IPv4 address": "https://999.1.1.1:1",
    "a number for an address": "http://127.1:1",
}


@pytest.mark.parametrize("address", STRANGE.values(), ids=STRANGE)
def test_S10_nothing_but_a_documented_error_says_that_nobody_is_there(make_client: MakeClient, address: str) -> None:
    with pytest.raises((QStashError, ValueError)) as caught:
        make_client(base_url=address, retry=False, timeout=1, allow_http=True)("publish", url=URL)
    assert type(caught.value) in (ConfigurationError, TransportError, ValueError)


def test_S10_a_call_whose_address_is_too_long_is_refused(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match=r"^the HTTP library takes no such address of an API call: URL too long$"):
        make_client()("flow_control.list", search="x" * 70_000)


PROXIES = ["nonsense://proxy", "http://[::1", "http://me:TESTONLYsecret@proxy:port", "socks5://127.0.0.1:1"]


@pytest.mark.parametrize("proxy", PROXIES)
def test_S10_a_proxy_that_is_none_is_a_wrong_setting(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(
        ConfigurationError, match=r"^the proxy of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used$"
    ) as caught:
        make_client(base_url="https://qstash.example", retry=False)("publish", url=URL)
    # The HTTP library's error, in which the address may be with its password.
    assert caught.value.__context__ is None


def test_S10_certificates_that_are_none_are_a_wrong_setting(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    with pytest.raises(ConfigurationError, match=r"^the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read"):
        make_client(base_url="https://qstash.example", retry=False)("publish", url=URL)


def test_a_host_of_no_proxy_is_reached_without_one(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example")
    with pytest.raises(TransportError, match="ConnectError") as caught:
        make_client(base_url="https://qstash.example", retry=False, timeout=1)("publish", url=URL)
    assert "refused" not in str(caught.value)


def test_what_a_hook_of_a_ready_client_has_read_is_read(make_client: MakeClient) -> None:
    with (
        loopback() as qstash,
        httpx.Client(event_hooks={"response": [lambda response: response.read()]}) as http,
        QStash(TOKEN, base_url=qstash.url, http_client=http) as client,
    ):
        assert client.publish(url=URL).message_id == "msg_1"


def test_what_an_async_hook_of_a_ready_client_has_read_is_read() -> None:
    async def read(response: httpx.Response) -> None:
        await response.aread()

    async def publish(url: str) -> str:
        async with httpx.AsyncClient(event_hooks={"response": [read]}) as http:
            return (await AsyncQStash(TOKEN, base_url=url, http_client=http).publish(url=URL)).message_id

    with loopback() as qstash:
        assert asyncio.run(publish(qstash.url)) == "msg_1"
