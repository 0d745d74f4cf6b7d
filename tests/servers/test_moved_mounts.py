"""A header that names a prefix, and what it does to the URL for which a request must have been signed."""

from collections.abc import Generator

import pytest

from tests.servers.cases.requests import BODY, bare, genuine, signature
from tests.servers.sites import Running, Site, running
from tests.signing import ORIGIN

pytestmark = pytest.mark.system

SITES = [
    Site("with_proxied_flask", "granian-wsgi"),
    Site("with_proxied_flask", "gunicorn"),
    Site("with_proxied_flask", "waitress"),
    Site("with_proxied_django", "granian-wsgi"),
]
PREFIXES = ["/v2", "/v2/", "v2", "/", "/other, /v2", "/v2?x", "/%76%32"]


@pytest.fixture(scope="module", params=SITES, ids=" on ".join)
def proxied(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(request.param) as started:
        yield started


def status(site: Running, signed_for: str, *headers: str) -> int:
    """The answer to a request for /ship."""
    lines = [b"Host: api.example.com", b"Connection: close", b"Content-Length: %d" % len(BODY)]
    lines += [signature(genuine(url=ORIGIN + signed_for)), *(header.encode() for header in headers)]
    (answer,) = site.exchange(bare(b"POST /ship HTTP/1.1", *lines, body=BODY))
    return answer.status


@pytest.mark.parametrize("prefix", PREFIXES)
def test_S14_a_prefix_in_a_header_moves_no_signature(proxied: Running, prefix: str) -> None:
    proxied.new_runs()  # those of the other test
    for signed_for in ("/v2/ship", "//ship", "/v2//ship", f"{prefix}/ship", f"/{prefix}/ship"):
        assert status(proxied, signed_for, f"X-Forwarded-Prefix: {prefix}") == 401
    assert proxied.new_runs() == []


def test_S14_what_was_signed_for_the_app_itself_passes_with_it(proxied: Running) -> None:
    assert status(proxied, "/ship") == 200
    answered = status(proxied, "/ship", "X-Forwarded-Prefix: /v2")
    # Around Django nothing tells whether the prefix came in a header or the app is mounted there.
    assert answered == (401 if proxied.site.app == "with_proxied_django" else 200)
