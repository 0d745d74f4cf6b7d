"""Why an attempt got no answer: one sentence, which says what to do."""

import asyncio
import errno
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from qstash_integrations.server.attempt import SignedRequest
from qstash_integrations.server.model import Outcome
from qstash_integrations.server.worker import Sender
from qstash_integrations.server.worker.explaining import no_connection
from qstash_integrations.server.worker.target import Target
from tests.server.destination import destination
from tests.server.sending import request, send

CERTIFICATE = Path(__file__).parent.parent / "data" / "localhost.pem"
Peer = Callable[[asyncio.StreamWriter], None]


def says(answer: bytes) -> Peer:
    """A peer that answers the first bytes that come, whatever they are."""

    def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    return speak


def resets(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def error_of(scheme: str, peer: Peer) -> str:
    async def exchange() -> tuple[Outcome, str]:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            peer(writer)

        async with await asyncio.start_server(converse, "127.0.0.1", 0) as listening:
            place = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            sender = Sender("local")
            asked: SignedRequest = request(f"{scheme}://{place}/x?key=secret")
            outcome = await sender.send(asked, seconds=5, limit=64)
            await sender.aclose()
            return outcome, place

    outcome, place = asyncio.run(exchange())
    assert outcome.status == 0
    return outcome.error.replace(place, "PLACE")


NO_TLS = "the destination does not speak TLS on PLACE; publish to http:// or to its TLS port"
HUNG_UP = "the destination hung up before its answer was complete; its own log may say why"
RESET = "PLACE reset the connection before it answered; its own log may say why"
PEERS = {
    "TLS to plain HTTP": ("https", says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), NO_TLS),
    "TLS to SSH": ("https", says(b"SSH-2.0-OpenSSH_9.2\r\n"), NO_TLS),
    "TLS, hung up": ("https", says(b""), "PLACE hung up while TLS was set up; if it does not speak TLS, publish to http://"),
    "TLS, reset": ("https", resets, "PLACE hung up while TLS was set up; if it does not speak TLS, publish to http://"),
    "TLS, an alert": (
        "https",
        says(b"\x15\x03\x03\x00\x02\x02\x28"),
        "TLS with PLACE failed: handshake failure; see what its TLS settings ask for",
    ),
    "plain, an alert": (
        "http", says(b"\x15\x03\x01\x00\x02\x02\x46"), "the destination speaks TLS on this port; publish to https://"
    ),
    "SSH": ("http", says(b"SSH-2.0-x\r\n"), "the answer is not HTTP but SSH; publish to the port of your app"),
    "HTTP/2": (
        "http",
        says(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"),
        "the destination speaks nothing but HTTP/2; let it take HTTP/1.1 as well",
    ),
    "hung up": ("http", says(b""), f"{HUNG_UP}, and if it speaks TLS, publish to https://"),
    "hung up on the way": ("http", says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"), HUNG_UP),
    "reset": ("http", resets, f"{RESET}, and if it speaks TLS, publish to https://"),
}  # fmt: skip


@pytest.mark.parametrize(("scheme", "peer", "error"), PEERS.values(), ids=PEERS)
def test_what_went_wrong_is_a_sentence_that_says_what_to_do(scheme: str, peer: Peer, error: str) -> None:
    assert error_of(scheme, peer) == error


def test_what_is_not_http_is_not_repeated() -> None:
    error = error_of("http", says(b"-ERR my-secret\r\n"))
    assert error.startswith("the answer is not HTTP (")
    assert error.endswith("); see that your app listens on this port")
    assert "secret" not in error


def test_plain_http_to_a_tls_port_hints_at_tls() -> None:
    with destination(certificate=CERTIFICATE) as there:
        (outcome,) = send(request(there.url))
    assert outcome.error.endswith(", and if it speaks TLS, publish to https://")


FAILURES: dict[str, tuple[OSError | ValueError, str]] = {
    "timeout": (
        TimeoutError(),
        "no connection to PLACE within 10 s; see that it is up, and that no firewall is between",
    ),
    "no way": (
        OSError(errno.ENETUNREACH, "[Errno 101] Connect call failed ('192.0.2.1', 80)"),
        "there is no way to PLACE (Network is unreachable); see its address, and the network of this machine",
    ),
    "firewall": (
        PermissionError(errno.EPERM, "x"),
        "this machine allows no connection to PLACE (Operation not permitted); see its firewall",
    ),
    "no file": (
        OSError(errno.EMFILE, "x"),
        "no file is left for a connection to PLACE (Too many open files); raise the limit with ulimit -n",
    ),
    "whatever": (ValueError("odd"), "no connection to PLACE: odd"),
}


@pytest.mark.parametrize(("error", "told"), FAILURES.values(), ids=FAILURES)
def test_a_connection_that_does_not_come_about_is_explained(error: OSError | ValueError, told: str) -> None:
    assert no_connection(error, Target.of("http://a.example/x"), 10.0) == told.replace("PLACE", "a.example:80")


def test_an_expired_certificate_is_to_be_renewed() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    assert no_connection(error, Target.of("https://a.example/x"), 10.0) == (
        "the certificate of a.example:443 is refused: certificate has expired; renew it, or set the clock of this "
        "machine"
    )
