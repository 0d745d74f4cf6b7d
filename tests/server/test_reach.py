"""Where a delivery really goes: addresses, names, certificates, and never the server itself."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from qstash_integrations.server.model import Outcome
from qstash_integrations.server.worker import Listener, Sender
from qstash_integrations.server.worker.addresses import Network
from tests.server.destination import destination, free_port
from tests.server.sending import request, send

CERTIFICATE = Path(__file__).parent.parent / "data" / "localhost.pem"
START = "start your app there, or publish to its port"
ELSEWHERE = "check how it is spelled, or deliver it elsewhere with --rewrite"
OUT_OF_REACH = "it is link-local, where metadata services live"


def test_nobody_listening_is_said_in_words() -> None:
    port = free_port()
    (outcome,) = send(request(f"http://127.0.0.1:{port}/"))
    assert outcome == Outcome(status=0, error=f"nobody listens on 127.0.0.1:{port} (Connection refused); {START}")


def test_localhost_is_found_on_whichever_address_listens() -> None:
    with destination() as there:
        (outcome,) = send(request(f"http://localhost:{there.port}/x"))
        assert outcome.status == 200
        assert there.next().header("Host") == f"localhost:{there.port}"


@pytest.mark.parametrize(
    ("url", "error"),
    {
        "http://169.254.169.254/latest/meta-data": f"not delivered to 169.254.169.254: {OUT_OF_REACH}",
        "http://[::ffff:169.254.169.254]/": f"not delivered to ::ffff:169.254.169.254: {OUT_OF_REACH}",
        "http://2852039166/": f"not delivered to 169.254.169.254: {OUT_OF_REACH}",
        "http://0/": "not delivered to 0.0.0.0: it is reserved or multicast",
        "http://a..b/": "the host a..b was not found: it is no host name",
    }.items(),
)
def test_a_destination_out_of_reach_is_named_with_its_address(url: str, error: str) -> None:
    assert send(request(url)) == [Outcome(status=0, error=error)]


def test_an_unknown_host_is_named() -> None:
    (outcome,) = send(request("http://nowhere.invalid/"))
    assert outcome.error.startswith("the host nowhere.invalid was not found: ")
    assert outcome.error.endswith(f"; {ELSEWHERE}")


def names(*addresses: str) -> Callable[[], Sender]:
    """A sender to whom every name has these addresses."""

    async def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    return lambda: Sender("local", look_up=look_up)


@pytest.mark.parametrize("network", ["local", "public"])
@pytest.mark.parametrize(
    "address",
    ["168.63.129.16", "100.100.100.200", "192.0.0.192", "169.254.170.23", "fd20:ce::254", "fd00:c1::a9fe:a9fe",
     "fd00:42::42", "fd00:ec2::23", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::"],
)  # fmt: skip
def test_S13_no_name_leads_to_a_metadata_service(address: str, network: Network) -> None:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return [address]

    (outcome,) = send(request("http://a.example/latest"), sender=lambda: Sender(network, look_up=look_up))
    assert outcome.error.startswith(f"not delivered to {address}: ")


def test_an_address_where_nobody_listens_is_followed_by_the_next() -> None:
    with destination() as there:
        (outcome,) = send(request(f"http://a.example:{there.port}/x"), sender=names("127.0.0.9", "127.0.0.1"))
        assert outcome.status == 200
        assert there.next().header("Host") == f"a.example:{there.port}"


def test_of_a_name_with_several_addresses_only_the_allowed_are_used() -> None:
    with destination() as there:
        (outcome,) = send(request(f"http://a.example:{there.port}/x"), sender=names("169.254.169.254", "127.0.0.1"))
    assert outcome.status == 200


def test_the_last_address_explains_the_failure() -> None:
    port = free_port()
    (outcome,) = send(request(f"http://a.example:{port}/x"), sender=names("127.0.0.9", "127.0.0.1"))
    assert outcome.error == f"nobody listens on a.example:{port} (Connection refused); {START}"


def test_a_name_without_an_address_is_named() -> None:
    (outcome,) = send(request("http://a.example/x"), sender=names())
    assert outcome.error == f"the host a.example has no address; {ELSEWHERE}"


def test_what_a_name_leads_to_is_checked_at_every_attempt() -> None:
    """What a name meant before gives it no credit."""
    answers = iter((["127.0.0.1"], ["169.254.169.254"]))

    async def look_up(host: str, port: int) -> Sequence[str]:
        return next(answers)

    with destination() as there:
        url = f"http://a.example:{there.port}/x"
        first, second = send(request(url), request(url), sender=lambda: Sender("local", look_up=look_up))
    assert (first.status, second.error) == (200, f"not delivered to 169.254.169.254: {OUT_OF_REACH}")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "localhost"])
def test_a_server_that_others_reach_does_not_deliver_to_its_own_machine(host: str) -> None:
    with destination() as there:
        (outcome,) = send(request(f"http://{host}:{there.port}/"), sender=lambda: Sender("public"))
        assert outcome.error.endswith("this server can be reached from other machines; allow it with --allow-private")
        assert there.nothing_more()


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::ffff:127.0.0.1]"])
def test_nothing_is_delivered_to_the_server_itself(bound: str, host: str) -> None:
    with destination() as there:
        (outcome,) = send(
            request(f"http://{host}:{there.port}/v2/publish/x"),
            sender=lambda: Sender("local", Listener(bound, there.port)),
        )
        assert outcome.error.endswith("this server would deliver to itself; publish to the address of your app")
        assert there.nothing_more()


def test_another_server_on_the_same_port_of_another_address_is_reached() -> None:
    with destination() as there:
        (outcome,) = send(request(there.url), sender=lambda: Sender("local", Listener("127.0.0.2", there.port)))
    assert outcome.status == 200


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with destination(certificate=CERTIFICATE) as there:
        (outcome,) = send(request(f"https://localhost:{there.port}/"))
        assert outcome.error == (
            f"the certificate of localhost:{there.port} is refused: self-signed certificate; start this server with"
            " SSL_CERT_FILE set to a file that has its authority"
        )
        assert there.nothing_more()


def test_a_certificate_is_checked_against_the_name_in_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with destination(certificate=CERTIFICATE) as there:
        by_name, by_address = send(
            request(f"https://localhost:{there.port}/x?y"), request(f"https://127.0.0.1:{there.port}/x?y")
        )
        assert (by_name.status, there.next().target) == (200, "/x?y")
    assert "is refused: IP address mismatch" in by_address.error
    assert by_address.error.endswith("; publish to a name that stands in it")
