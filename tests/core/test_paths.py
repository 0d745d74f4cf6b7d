"""Which paths are protected: a path is open only where no router could take it for one below the prefix."""

from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.receiving.paths import Protected


def covers(path: str, *, prefix: str = "/hooks", exclude: tuple[str, ...] = (), **scope: Any) -> bool:
    return Protected(prefix, exclude).covers({"path": path, **scope})


INSIDE = {
    "itself": ("/hooks", True),
    "below": ("/hooks/ship", True),
    "a doubled slash": ("//hooks//ship", True),
    "a dot segment": ("/./hooks/ship", True),
    "reached over another path": ("/open/../hooks/ship", True),
    "left by a dot segment": ("/hooks/../open", True),
    "another case": ("/HOOKS/ship", True),
    "a backslash": ("\\hooks\\ship", True),
    "a longer word": ("/hooksmith", False),
    "a word that ends like it, of which a mount may take the rest": ("/webhooks", True),
    "a line end, which routers overlook": ("/hooks\n", True),
    "a line end below": ("/hooks/ship\n", True),
    "blanks around": ("/ hooks /ship", True),
    "longer than any route": ("/open/" + "x" * 20_000, True),
    "where an app may be mounted": ("/api/v1/hooks/ship", True),
    "an absolute target": ("http://api.example.com/hooks", True),
    "an absolute target elsewhere": ("http://api.example.com/open", True),
    "what a router that parses it again takes for a fragment": ("/hooks#x", True),
    "what such a router takes for a query": ("/hooks?x", True),
    "behind what such a router takes for a fragment": ("/open#/hooks", True),
    "no path at all": ("", True),
    "no slash at its front": ("open/ship", True),
    "a capital i with a dot": ("/HOOKS/sh\u0130p", True),
    "encoded twice": ("/%68ooks/ship", True),
    "encoded three times": ("/%2568ooks/ship", True),
    "encoded more often than anybody does": ("/%252525252541", True),
    "a percent sign that encodes nothing": ("/open/100%", False),
    "elsewhere": ("/open/ship", False),
}


@pytest.mark.parametrize(("path", "inside"), INSIDE.values(), ids=INSIDE)
def test_every_spelling_of_a_protected_path_is_inside(path: str, inside: bool) -> None:
    assert covers(path) is inside


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/api/ship", True),
        ("/AP\u0130/ship", True),
        ("/ap\u0131/ship", True),
        ("/v1/api/ship/it", True),
        ("/v1api/ship", True),
        ("/api/shipping", False),
        ("/api/x/ship", False),
    ],
)
def test_a_prefix_of_several_segments_stands_together(path: str, inside: bool) -> None:
    assert covers(path, prefix="/api/ship") is inside


ROOTS = {
    "a root path that is taken off as text": ("/mhooks/ship", "/m"),
    "in the midst of the path": ("/x/mhooks/ship", "/m"),
    "of several segments": ("/a/bhooks/ship", "/a/b"),
    "what is left has no slash": ("hooks/ship", "/m"),
    "the prefix itself, which the proxy has taken off": ("/ship", "/hooks"),
    "the front of the prefix": ("/ship", "/api/hooks"),
    "the prefix in another case": ("/ship", "/HOOKS"),
    "the prefix with a slash at its end": ("/ship", "/hooks/"),
    "half of the prefix": ("ks/ship", "/hoo"),
}


@pytest.mark.parametrize(("path", "root_path"), ROOTS.values(), ids=ROOTS)
def test_S01_S02_a_root_path_hides_nothing(path: str, root_path: str) -> None:
    assert covers(path, root_path=root_path)


def test_S02_a_prefix_that_a_proxy_takes_off_in_part_is_found_behind_the_root_path() -> None:
    assert covers("/hooks/ship", prefix="/shop/hooks", root_path="/shop")
    assert not covers("/open", prefix="/shop/hooks", root_path="/shop")


SHORTENED = {
    "by a mount that says so nowhere": ("/ship/", b"/hooks/ship", True),
    "in encoded letters": ("/ship/", b"/%68ooks/ship", True),
    "from elsewhere": ("/ship/", b"/open/ship", False),
    "with a query left in it": ("/open", b"/open?next=/hooks", False),
    "no path as it was sent": ("/open", None, False),
    "longer than any route": ("/open", b"/" + b"x" * 20_000, True),
}


@pytest.mark.parametrize(("path", "raw_path", "inside"), SHORTENED.values(), ids=SHORTENED)
def test_S01_a_path_that_a_mount_has_shortened_counts_as_it_was_sent(
    path: str, raw_path: bytes | None, inside: bool
) -> None:
    assert covers(path, raw_path=raw_path) is inside


@pytest.mark.parametrize(
    ("path", "raw_path", "inside"),
    [
        ("/", b"/hooks", True),
        ("/", b"/", False),
        ("/caf\u00e9", b"/caf%C3%A9", False),
        ("/caf\u00e9", b"/caf\xc3\xa9", False),
        ("/", None, False),
    ],
)
def test_S01_an_excluded_path_is_open_only_where_it_was_sent_as_such(
    path: str, raw_path: bytes | None, inside: bool
) -> None:
    assert covers(path, prefix="/", exclude=("/", "/caf\u00e9"), raw_path=raw_path) is inside


@pytest.mark.parametrize(
    ("scope", "protected"),
    [
        ({"path": "/pub/orders"}, False),
        ({"path": "/pub/orders", "root_path": "/pub"}, True),
        ({"path": "/pub/orders", "root_path": "/p"}, True),
        ({"path": "/pub/orders", "root_path": "/elsewhere"}, False),
        ({"path": "/pub/orders", "root_path": "/pub", "app_root_path": ""}, False),
        ({"path": "/api/health", "root_path": "/api"}, False),
        ({"path": "/health", "root_path": "/api"}, False),
    ],
)
def test_S01_an_excluded_path_is_open_only_without_the_root_path_as_well(scope: Any, protected: bool) -> None:
    """Daphne lets a client choose the root path, and the route below it is another one than was excluded."""
    exclude = ("/pub/orders", "/api/health", "/health")
    assert Protected("/", exclude).covers(scope) is protected


IMPOSSIBLE = [
    "/tenants/{tenant}/hooks",
    "/hooks/*",
    "/hooks/{path:path}",
    "/hooks/<path:rest>",
    "/hooks/:id",
    "^/hooks",
    "/hooks$",
    "/(hooks|jobs)",
    "/hooks/.*",
    "/hooks/[0-9]+",
    "/caf%C3%A9",
    "/api/../hooks",
    "/./hooks",
    "/hooks?x",
    "/hooks#x",
    "/hooks /ship",
    "/hooks\n",
    "\\hooks",
    "/hooks\\ship",
    "/hooks,/jobs",
    "/hooks/.+",
    "/hooks.+",
    "/hooks/...",
    "//api.example.com/hooks",
    "/hooks\u200b",
    "/\ufeffhooks",
    "/ho\xadoks",
    "/\u202ehooks",
    "/hooks\ud800",
    "hooks",
    "https://api.example.com/hooks",
    "",
    None,
    b"/hooks",
]


@pytest.mark.parametrize("path", IMPOSSIBLE)
def test_S03_a_path_that_could_match_nothing_is_refused(path: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^prefix .*"):
        Protected(path, ())
    with pytest.raises(ConfigurationError, match=r"^exclude .*"):
        Protected("/", [path])


@pytest.mark.parametrize("exclude", ["/health", b"/health", None, 3])
def test_S03_what_is_excluded_is_a_list(exclude: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^exclude must be a list of paths"):
        Protected("/", exclude)


@pytest.mark.parametrize(
    "path", ["/hooks", "/hooks/", "/caf\u00e9", "/hooks.json", "/v1/orders:ship", "/~me/a-b_c", "/c++", "/"]
)
def test_S03_what_a_path_can_be_is_taken(path: str) -> None:
    assert covers(path, prefix=path)
