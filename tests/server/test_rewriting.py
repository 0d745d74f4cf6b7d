"""Messages addressed to a production origin, delivered to an app on this machine."""

import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.app import ServerConfig, running
from qstash_integrations.server.model import StartupError
from qstash_integrations.server.worker import Listener, Rewrites, Sender
from qstash_integrations.server.worker.target import Target
from tests.server.client import client
from tests.server.destination import destination
from tests.server.sending import request, send

LOCAL = "http://127.0.0.1:8000"
API = Rewrites([("https://api.example.com", LOCAL)])


def sender(*pairs: tuple[str, str], listener: Listener | None = None) -> Sender:
    """On a server that others reach, which otherwise delivers to public addresses only."""
    return Sender("public", listener, rewrites=Rewrites(pairs))


def test_it_arrives_with_the_host_and_the_path_of_the_original() -> None:
    url = "https://api.example.com/a/../b%20c?x=1&y=%2F"
    with destination() as there:
        (outcome,) = send(request(url, ("X", "1")), sender=lambda: sender(("https://api.example.com", there.url)))
        got = there.next()
    assert (outcome.status, got.target) == (200, "/a/../b%20c?x=1&y=%2F")
    assert (got.header("Host"), got.header("X"), got.body) == ("api.example.com", "1", b"hi")


def test_it_is_signed_for_the_original_and_so_is_its_callback() -> None:
    with destination() as there:
        pairs = [("https://api.example.com", there.url), ("https://other.example:8443", there.url)]
        with running(ServerConfig(port=0, rewrites=pairs)) as server, client(server) as api:
            receiver = Receiver(server.keys.current, server.keys.next, allow_dev_keys=True)
            api.post(
                "/v2/publish/https://api.example.com/hook?x=1",
                content=b"hi",
                headers={"Upstash-Callback": "https://other.example:8443/done"},
            )
            for url, host in (
                ("https://api.example.com/hook?x=1", "api.example.com"),
                ("https://other.example:8443/done", "other.example:8443"),
            ):
                got = there.next()
                receiver.verify(signature=got.header("Upstash-Signature"), body=got.body, url=url)
                assert got.header("Host") == host


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com?x=1",
        "HTTPS://API.example.com/x",
        "https://api.example.com:443/x",
    ],
)
def test_an_origin_is_the_same_however_it_is_spelled(url: str) -> None:
    target = Target.of(url)
    place = API.applied(target)
    assert place is not None
    assert (place.scheme, place.host, place.port) == ("http", "127.0.0.1", 8000)
    assert (place.authority, place.path) == (target.authority, target.path)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "https://example.com/x",
        "https://a.api.example.com/x",
        "https://api.example.com.evil.example/x",
        "https://api.example.com.:443/x",
        "https://evil.example/https://api.example.com",
        "https://evil.example?https://api.example.com",
        "http://127.0.0.1:8000/x",
    ],
)
def test_every_other_origin_is_left_alone(url: str) -> None:
    assert API.applied(Target.of(url)) is None


def test_a_publisher_still_reaches_no_private_address() -> None:
    with destination() as there:
        (outcome,) = send(request(there.url), sender=lambda: sender(("https://api.example.com", there.url)))
    assert outcome.error.startswith("not delivered to 127.0.0.1: it is private")


def test_a_rewrite_leads_neither_to_metadata_nor_to_the_server_itself() -> None:
    pairs = (("https://a.example", "http://169.254.169.254"), ("https://b.example", "http://127.0.0.1:8080"))
    first, second = send(
        request("https://a.example/x"),
        request("https://b.example/v2/keys"),
        sender=lambda: sender(*pairs, listener=Listener("127.0.0.1", 8080)),
    )
    assert first.error == "not delivered to 169.254.169.254: it is link-local, where metadata services live"
    assert second.error.startswith("not delivered to 127.0.0.1: this server would deliver to itself; ")


@pytest.mark.parametrize(
    ("pairs", "error"),
    {
        "a path": (
            [("https://api.example.com/hooks", LOCAL)],
            "--rewrite 'https://api.example.com/hooks' is no origin; leave out what follows the host and the port",
        ),
        "a query": (
            [("https://api.example.com", f"{LOCAL}?x")],
            "--rewrite 'http://127.0.0.1:8000?x' is no origin; leave out what follows the host and the port",
        ),
        "no scheme": (
            [("https://api.example.com", "127.0.0.1:8000")],
            "invalid --rewrite url: endpoint has invalid scheme, add http:// or https://: '127.0.0.1:8000'",
        ),
        "nothing": (
            [("", LOCAL)],
            "invalid --rewrite url: endpoint has invalid scheme, add http:// or https://: ''",
        ),
        "a line break": (
            [("https://a\nb", LOCAL)],
            "invalid --rewrite url: characters that must be percent-encoded: 'https://a\\nb'",
        ),
        "twice": (
            [("https://api.example.com", LOCAL), ("https://API.example.com:443", "http://127.0.0.1:8001")],
            "--rewrite names https://API.example.com:443 twice; give one place for it",
        ),
    }.values(),
    ids=["a path", "a query", "no scheme", "nothing", "a line break", "twice"],
)
def test_what_is_no_pair_of_origins_is_one_line(pairs: list[tuple[str, str]], error: str) -> None:
    with pytest.raises(StartupError) as raised, running(ServerConfig(port=0, rewrites=pairs)):
        pass
    assert str(raised.value) == error
