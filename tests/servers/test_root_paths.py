"""A prefix behind servers that have a root path, each set in the server's own way, over raw sockets.

Nothing unsigned runs what lies below the prefix, and what lies elsewhere stays open.
"""

from collections.abc import Callable, Generator

import pytest

from tests.servers.apps.prefixed import APPS
from tests.servers.cases.requests import post, raw
from tests.servers.sites import ASGI_SERVERS, ROOT_PATH_OPTIONS, Running, Site, running

pytestmark = pytest.mark.system

ROOTS = ["/m", "/hooks"]
TARGETS = [
    b"/hooks/ship",
    b"/ship",
    b"hooks/ship",
    b"ship",
    b"ks/ship",
    b"/mhooks/ship",
    b"mhooks/ship",
    b"/m/hooks/ship",
    b"/x/mhooks/ship",
    b"/hooks/hooks/ship",
    b"/hookshooks/ship",
    b"/m/mhooks/ship",
    b"//hooks//ship",
    b"/./hooks/ship",
    b"/x/../hooks/ship",
    b"/%68ooks/ship",
    b"/%2568ooks/ship",
    b"/hooks%2Fship",
    b"%2Fhooks/ship",
    b"/hooks/ship%0A",
    b"/hooks/ship#x",
    b"/hooks/ship?x",
    b"/HOOKS/ship",
    b"http://api.example.com/hooks/ship",
    b"http://api.example.com/mhooks/ship",
    b"//api.example.com/hooks/ship",
    b"*",
]
PLAIN_TARGETS = TARGETS[:6]
# Daphne takes its root path from a client's header.
CHOSEN = [b"", b"/m", b"/hoo", b"/hooks", b"/", b"h", b"/x", b"/%6d", b"/hooks/ship#"]
OPEN = [b"/", b"/orders", b"/hooksmith", b"/health", b"/static/app.css", b"/a%20b", b"/100%25"]
UPGRADE = (
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Connection: Upgrade",
)
Connect = Callable[..., None]


@pytest.fixture(scope="module", params=[f"{root} on {server}" for server in ASGI_SERVERS for root in ROOTS])
def rooted(request: pytest.FixtureRequest) -> Generator[Running]:
    root, _, server = request.param.partition(" on ")
    with running(Site("prefixed", server), f"{ROOT_PATH_OPTIONS[server]} {root}") as started:
        yield started


def sent_to(site: Running, name: str) -> list[tuple[bytes, ...]]:
    """The targets, each with the header lines that belong to it."""
    app = b"X-App: " + name.encode()
    chosen = CHOSEN if site.site.server == "daphne" else []
    return [
        *((target, app) for target in TARGETS),
        *((target, app, b"Daphne-Root-Path: " + root) for target in PLAIN_TARGETS for root in chosen),
    ]


def request(site: Running, target: bytes, *lines: bytes) -> None:
    site.exchange(post(*lines, target=target))


def websocket(site: Running, target: bytes, *lines: bytes) -> None:
    with site.connect() as wire:
        wire.send(raw(*lines, *UPGRADE, target=target, method=b"GET", keep=True))
        # Daphne leaves a client whose app has gone without an answer for five seconds.
        wire.is_answered(within=0.25)


def runs(site: Running, connect: Connect, sent: tuple[bytes, ...]) -> bool:
    """Whether what is unsigned ran a handler."""
    connect(site, *sent)
    return site.new_runs() != []


@pytest.mark.parametrize("connect", [request, websocket])
def test_S01_S02_behind_the_servers_root_path_nothing_unsigned_runs(rooted: Running, connect: Connect) -> None:
    sent = [one for name in APPS for one in sent_to(rooted, name)]
    for one in sent:
        connect(rooted, *one)
    # Which of them it was is only asked when one did.
    assert rooted.new_runs() == [], [one for one in sent if runs(rooted, connect, one)]


def test_these_targets_reach_the_handler_where_nothing_is_in_front_of_it(rooted: Running) -> None:
    reached = [name for name in APPS if any(runs(rooted, request, one) for one in sent_to(rooted, f"bare {name}"))]
    assert reached == list(APPS)


@pytest.mark.parametrize("rooted", [f"/m on {server}" for server in ASGI_SERVERS], indirect=True)
def test_what_lies_outside_the_prefix_stays_open(rooted: Running) -> None:
    answers = [rooted.exchange(post(b"X-App: starlette", target=target))[0].status for target in OPEN]
    assert answers == [404] * len(OPEN)
