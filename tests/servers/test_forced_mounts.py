"""Django's FORCE_SCRIPT_NAME behind real servers: a proxy strips it, and the URL of a view has it all the same."""

import pytest

from tests.servers.cases.requests import BODY, bare, genuine, signature
from tests.servers.sites import Site, running
from tests.signing import ORIGIN

pytestmark = pytest.mark.system

SITES = {
    "runserver": Site("with_django", "runserver"),
    "gunicorn": Site("with_django", "gunicorn"),
    "waitress": Site("with_django", "waitress"),
    "granian-wsgi": Site("with_django", "granian-wsgi"),
    "uvicorn": Site("with_async_django", "uvicorn-httptools"),
}


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_the_url_of_a_view_passes_behind_every_server_and_the_one_without_the_mount_behind_none(site: Site) -> None:
    with running(site, TESTS_SERVERS_MOUNT="/forced") as started:
        for signed_for, status in (("/forced/ship", 200), ("/ship", 401), ("/forced/forced/ship", 401)):
            token = signature(genuine(url=ORIGIN + signed_for))
            lines = [b"Host: api.example.com", b"Connection: close", b"Content-Length: %d" % len(BODY), token]
            (answer,) = started.exchange(bare(b"POST /ship HTTP/1.1", *lines, body=BODY))
            assert answer.status == status
        assert len(started.new_runs()) == 1
