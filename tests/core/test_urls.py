"""Which signed URL fits which request."""

from functools import partial
from typing import Any, cast

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.public_urls import join_public_url, origins_of, public_urls
from qstash_integrations._core.receiving.head import head_of_environ, head_of_scope
from qstash_integrations._core.receiving.same import decoded, exactly
from qstash_integrations._core.receiving.urls import PublicUrls, trusted_hosts
from tests.hosts import Request, environ_of, scope_of

API = "https://api.example.com"


def heads(request: Request) -> list[Any]:
    return [head_of_scope(scope_of(request)), head_of_environ(environ_of(request), reads_chunks=True)]


FITTING = {
    "the plain path": (API, "/hook", "", API + "/hook"),
    "raw percent-encoding": (API, "/h%C3%A9/a%2Fb/%7Euser", "", API + "/h%C3%A9/a%2Fb/%7Euser"),
    "the raw query, in order": (API, "/hook?a=1&b=%20x&a=2", "", API + "/hook?a=1&b=%20x&a=2"),
    "a path prefix that the proxy strips": (API + "/api", "/hook", "", API + "/api/hook"),
    "a path prefix instead of the mount": (API + "/api", "/v1/hook", "/v1", API + "/api/hook"),
    "a mount without a path prefix": (API, "/v1/hook", "/v1", API + "/v1/hook"),
    "an IPv6 origin with a port": ("http://[2001:db8::1]:8080", "/hook", "", "http://[2001:db8::1]:8080/hook"),
    "the second of two origins": (f"https://www.example.com, {API}", "/hook", "", API + "/hook"),
    "a path that was cut off whole": (API + "/bill", "/", "", API + "/bill"),
    "a path that was cut off whole, and a query": (API + "/bill", "/?test=1", "", API + "/bill?test=1"),
    "a path that was cut off, and a slash": (API + "/bill", "/?test=1", "", API + "/bill/?test=1"),
    "a path that was cut off behind a wildcard": ("https://*.example.com/bill", "/", "", API + "/bill"),
}


@pytest.mark.parametrize(("setting", "target", "mount", "url"), FITTING.values(), ids=FITTING)
def test_the_signed_url_is_the_public_one(setting: str, target: str, mount: str, url: str) -> None:
    for head in heads(Request(target, root_path=mount)):
        assert PublicUrls(public_urls(setting, "public_url")).fits(url, head)


NOT_FITTING = {
    "an encoded slash is no slash": ("/a%2Fb", API + "/a/b"),
    "double encoding stays double": ("/a%252Fb", API + "/a%2Fb"),
    "a trailing slash counts": ("/hook/", API + "/hook"),
    "a URL without a path": ("/", API),
    "an extra query": ("/hook?a=1", API + "/hook"),
    "another scheme": ("/hook", "http://api.example.com/hook"),
    "another port": ("/hook", "https://api.example.com:8443/hook"),
    "a longer host": ("/hook", "https://api.example.com.evil.example/hook"),
    "a target that moves the authority": ("@evil.example/hook", "https://api.example.com@evil.example/hook"),
    "an absolute target": ("http://evil.example/hook", "http://evil.example/hook"),
    "a query on the origin": ("/?a=1", API + "?a=1"),
}


@pytest.mark.parametrize(("target", "url"), NOT_FITTING.values(), ids=NOT_FITTING)
def test_another_url_does_not_fit(target: str, url: str) -> None:
    for head in heads(Request(target)):
        assert not PublicUrls((API,)).fits(url, head)


@pytest.mark.parametrize(
    "value",
    [
        "api.example.com",
        "https://",
        "https://api.example.com/",
        "https://api.example.com/?a",
        "https://u:p@h",
        "ftp://h",
        "https://h o",
        "https://a,,https://b",
        "https://[::1",
        "https://api.example.com:0",
        "https://api.example.com:65536",
        "https://api.example.com:",
        "https://:8443",
        "https://[zz::1]",
        "https://a..example",
        "https://.example.com",
        "https://-a.example",
        "https://{tenant}.shop.example",
        "https://" + "a" * 64 + ".example",
        "https://*",
        "https://*.com",
        "https://shop.*",
        "https://*.*.example",
        "https://pr-*.shop.example",
        "https://**.shop.example",
        "https://*.co.uk",
        "https://*.com.",
        "https://*.vercel.app",
        "https://*.eu-central-1.elb.amazonaws.com",
        "https://*.168.1.1",
        "https://[*]:80",
        "https://[2001:db8::*]",
        "https://*.shop.example:*",
        "https://*.shop.example:http",
        "https://b\u00fccher.example",
        "https://" + ".".join(["a" * 60] * 5),
        "https://api.example.com/*",
        "https://api.example.com/{path}",
        "https://api.example.com/a/../b",
        "https://api.example.com/a/%2E%2e",
        "https://api.example.com/%zz",
        "'https://api.example.com'",
        3,
        ["https://a", None],
    ],
    ids=repr,
)
def test_a_public_url_that_is_none_names_the_setting(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_PUBLIC_URL "):
        public_urls(value, "QSTASH_PUBLIC_URL")


NOT_CUT_OFF = {
    "a path that is left": ("/x", "", "/bill"),
    "a path that is mounted": ("/v1/", "/v1", "/bill"),
    "another query": ("/?a=1", "", "/bill?a=2"),
    "a part of the path": ("/", "", "/bil"),
    "more of the path": ("/", "", "/billing"),
    "a parameter": ("/", "", "/bill;v=1"),
    "another host": ("/", "", ".evil.example/bill"),
}


@pytest.mark.parametrize(("target", "mount", "rest"), NOT_CUT_OFF.values(), ids=NOT_CUT_OFF)
def test_a_url_ends_with_the_public_one_only_where_no_path_is_left(target: str, mount: str, rest: str) -> None:
    for head in heads(Request(target, [("Host", "api.example.com")], root_path=mount)):
        for same in (exactly, decoded):
            assert not PublicUrls((API + "/bill",)).fits(API + rest, head, same)


def test_a_server_that_tells_the_mount_alone_has_cut_the_rest_off() -> None:
    head = head_of_environ({"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/prod", "PATH_INFO": "/"}, reads_chunks=True)
    assert PublicUrls((API + "/prod",)).fits(API + "/prod", head)


# What was signed, and what of it reaches the app behind a host that decodes, or writes anew.
DECODED = {
    "a blank": ("/a%20b", "/a b"),
    "a blank that is not encoded": ("/a b", "/a%20b"),
    "letters": ("/h%C3%A9", "/h\u00c3\u00a9"),
    "letters that need no encoding": ("/%7Euser/%61", "/~user/a"),
    "a percent sign": ("/a%2520b", "/a%2520b"),
    "a question mark": ("/a%3Fb", "/a%3fb"),
    "a bracket": ("/a%5B1%5D", "/a[1]"),
    "no UTF-8": ("/%FF", "/%ff"),
    "a slash that stays encoded": ("/a%2Fb", "/a%2fb"),
    "a plus sign in a path": ("/a+b", "/a%2Bb"),
    "a plus sign in a query": ("/hook?q=a+b", "/hook?q=a%20b"),
    "an encoded plus sign in a query": ("/hook?q=a%2Bb", "/hook?q=a%2bb"),
    "the order of names": ("/hook?b=1&a=2&b=3", "/hook?a=2&b=1&b=3"),
    "a name alone": ("/hook?flag", "/hook?flag="),
    "an encoded separator": ("/hook?q=a%26b%3Dc", "/hook?q=a%26b%3dc"),
    "a query of nothing": ("/hook?", "/hook"),
    "an empty pair": ("/hook?a=1&", "/hook?a=1"),
    "a slash in a query": ("/hook?next=/a/b", "/hook?next=%2Fa%2Fb"),
    "matrix parameters": ("/a;v=1", "/a%3Bv%3D1"),
}


@pytest.mark.parametrize(("signed", "target"), DECODED.values(), ids=DECODED)
def test_decoded_forgives_what_hosts_make_of_a_url(signed: str, target: str) -> None:
    for head in heads(Request(target)):
        for expected in (PublicUrls((API,)), trusted_hosts(["api.example.com"])):
            assert expected is not None
            assert expected.fits(API + signed, head, decoded)
            assert expected.fits(API + signed, head) is (signed == target)


NOT_THE_SAME_DECODED = {
    "a decoded slash": ("/a%2Fb", "/a/b"),
    "an encoded slash": ("/a/b", "/a%2Fb"),
    "encoded once more": ("/a%20b", "/a%2520b"),
    "encoded once less": ("/a%2520b", "/a%20b"),
    "dot segments": ("/a/../b", "/a/../b"),
    "encoded dot segments": ("/a/%2e%2E/b", "/a/%2E%2e/b"),
    "a dot segment": ("/./b", "/./b"),
    "dot segments, resolved": ("/a/../b", "/b"),
    "letters in the other case": ("/Hook", "/hook"),
    "a slash at the end": ("/hook/", "/hook"),
    "two slashes": ("//hook", "/hook"),
    "an encoded question mark": ("/a%3Fb=1", "/a?b=1"),
    "a question mark": ("/a?b=1", "/a%3Fb=1"),
    "a plus sign in a path": ("/a+b", "/a%20b"),
    "a plus sign in a query": ("/hook?q=a%2Bb", "/hook?q=a+b"),
    "the order of the values of a name": ("/hook?a=1&a=2", "/hook?a=2&a=1"),
    "a value that is lost": ("/hook?a=1&a=2", "/hook?a=2"),
    "a value more": ("/hook?a=1", "/hook?a=1&a=1"),
    "another value": ("/hook?a=1", "/hook?a=2"),
    "a name more": ("/hook?a=1", "/hook?a=1&b="),
    "a separator": ("/hook?q=a%26b=c", "/hook?q=a&b=c"),
    "another separator": ("/hook?a=1;b=2", "/hook?a=1&b=2"),
    "another host": ("@evil.example/hook", "/hook"),
    "a longer host": (".evil.example/hook", "/hook"),
    "an encoded slash behind the host": ("%2Fhook", "/hook"),
    "no path": ("", "/"),
    "a target that is no path": ("@evil.example/hook", "@evil.example/hook"),
    "a target that is absolute": ("/hook", "http://api.example.com/hook"),
    "a fragment": ("/hook#x", "/hook"),
    "no text": ("/\ufffd", "/%FF"),
    "a line end": ("/hook", "/hook%0A"),
    "nothing at its end": ("/hook%00", "/hook"),
}


@pytest.mark.parametrize(("signed", "target"), NOT_THE_SAME_DECODED.values(), ids=NOT_THE_SAME_DECODED)
def test_decoded_forgives_nothing_else(signed: str, target: str) -> None:
    scope = {**scope_of(Request(target)), "raw_path": target.partition("?")[0].encode()}
    for head in (head_of_scope(scope), *heads(Request(target))[1:]):
        if head.target != target:
            continue  # read as servers read it
        for expected in (PublicUrls((API,)), trusted_hosts(["api.example.com"])):
            assert expected is not None
            assert not expected.fits(API + signed, head, decoded)


def test_decoded_is_behind_every_public_url_what_it_is_behind_an_origin() -> None:
    (head, _) = heads(Request("/v1/a b?q=a%20b", [("Host", "a.shop.example")], root_path="/v1"))
    for base in ("https://a.shop.example/v1", "https://*.shop.example/v1", "https://a.shop.example"):
        assert PublicUrls((base,)).fits("https://a.shop.example/v1/a%20b?q=a+b", head, decoded)
        assert not PublicUrls((base,)).fits("https://b.shop.example/v1/a%20b?q=a+b", head, decoded)
        assert not PublicUrls((base,)).fits("https://a.shop.example/V1/a%20b?q=a+b", head, decoded)
        assert not PublicUrls((base,)).fits("https://a.shop.example:8443/v1/a%20b?q=a+b", head, decoded)


def test_a_raw_path_that_azure_has_decoded_is_taken_for_none() -> None:
    # The escapes that are left came encoded twice; the question mark is no query.
    for came, seen in {"/a%2520b": "/a%20b", "/a%3Fb": "/a?b"}.items():
        scope = {**scope_of(Request("/")), "path": seen, "raw_path": seen.encode()}
        assert head_of_scope(scope).target == came
        assert not PublicUrls((API,)).fits(API + seen, head_of_scope(scope))
        assert PublicUrls((API,)).fits(API + came, head_of_scope(scope))


def test_a_raw_path_that_vercel_tells_as_the_decoded_one_is_one_when_decoded() -> None:
    head = head_of_environ(
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/a%20b", "QUERY_STRING": "q=%20"}, reads_chunks=True
    )
    assert PublicUrls((API,)).fits(API + "/a%20b?q=%20", head, decoded)
    assert PublicUrls((API,)).fits(API + "/a%2520b?q=%20", head)
    assert not PublicUrls((API,)).fits(API + "/a%20b?q=%20", head)


WILDCARDS = {
    "its own host": ("https://*.shop.example", "a.shop.example", "https://a.shop.example/hook", True),
    "with the port of a proxy": ("https://*.shop.example", "a.shop.example:8000", "https://a.shop.example/hook", True),
    "a port and a prefix": (
        "http://*.shop.example:81/v1",
        "a.shop.example:81",
        "http://a.shop.example:81/v1/hook",
        True,
    ),
    "in the middle": ("https://api.*.shop.example", "api.a.shop.example", "https://api.a.shop.example/hook", True),
    "two of them": ("https://*.*.shop.example", "b.a.shop.example", "https://b.a.shop.example/hook", True),
    "on this machine": ("http://*.localhost:8000", "a.localhost:8000", "http://a.localhost:8000/hook", True),
    "letters in the other case": ("https://*.Shop.example", "A.shop.EXAMPLE", "https://a.Shop.example/hook", True),
    "letters of any language": (
        "https://*.xn--bcher-kva.example",
        "xn--caf-dma.xn--bcher-kva.example",
        "https://xn--caf-dma.xn--bcher-kva.example/hook",
        True,
    ),
    "a dot at the end": ("https://*.shop.example.", "a.shop.example.", "https://a.shop.example./hook", True),
    "that of a project on a platform": (
        "https://*.shop.pages.dev",
        "pr-7.shop.pages.dev",
        "https://pr-7.shop.pages.dev/hook",
        True,
    ),
    "one of two patterns": (
        "https://*.shop.example,https://*.*.shop.example/v1",
        "b.a.shop.example",
        "https://b.a.shop.example/v1/hook",
        True,
    ),
    "a dot at the end of the Host alone": (
        "https://*.shop.example",
        "a.shop.example.",
        "https://a.shop.example./hook",
        False,
    ),
    "a dot at the end of what is signed alone": (
        "https://*.shop.example",
        "a.shop.example",
        "https://a.shop.example./hook",
        False,
    ),
    "the paths of two patterns": (
        "https://*.shop.example,https://*.*.shop.example/v1",
        "a.shop.example",
        "https://a.shop.example/v1/hook",
        False,
    ),
    "a path in the other case": (
        "https://*.shop.example/v1",
        "a.shop.example",
        "https://a.shop.example/V1/hook",
        False,
    ),
    "a port that is none": (
        "https://*.shop.example",
        "a.shop.example:@evil.example",
        "https://a.shop.example/hook",
        False,
    ),
    "an address": ("https://*.shop.example", "[::1]:8000", "https://[::1]/hook", False),
    "two in one line": ("https://*.shop.example", "a.shop.example,evil", "https://a.shop.example/hook", False),
    "nothing": ("https://*.shop.example", "", "https:///hook", False),
    "a fixed one beside it": (f"https://*.shop.example,{API}", "evil.example", API + "/hook", True),
    "signed for another customer": ("https://*.shop.example", "a.shop.example", "https://b.shop.example/hook", False),
    "another host of the same pattern": (
        "https://*.shop.example",
        "b.shop.example",
        "https://a.shop.example/hook",
        False,
    ),
    "a host that does not fit": ("https://*.shop.example", "evil.example", "https://evil.example/hook", False),
    "two labels for one": ("https://*.shop.example", "a.b.shop.example", "https://a.b.shop.example/hook", False),
    "none": ("https://*.shop.example", "shop.example", "https://shop.example/hook", False),
    "an empty label": ("https://*.shop.example", ".shop.example", "https://.shop.example/hook", False),
    "a longer host": (
        "https://*.shop.example",
        "a.shop.example.evil.example",
        "https://a.shop.example.evil.example/hook",
        False,
    ),
    "a dot for any letter": ("https://*.shop.example", "a.shopxexample", "https://a.shopxexample/hook", False),
    "a line end": ("https://*.shop.example", "a.shop.example\n", "https://a.shop.example\n/hook", False),
    "a user name": ("https://*.shop.example", "u@a.shop.example", "https://u@a.shop.example/hook", False),
    "another scheme": ("https://*.shop.example", "a.shop.example", "http://a.shop.example/hook", False),
    "another port": ("https://*.shop.example", "a.shop.example:8443", "https://a.shop.example:8443/hook", False),
    "another prefix": ("https://*.shop.example/v1", "a.shop.example", "https://a.shop.example/hook", False),
    "the pattern itself": ("https://*.shop.example", "*.shop.example", "https://*.shop.example/hook", False),
}


@pytest.mark.parametrize(("setting", "host", "url", "fits"), WILDCARDS.values(), ids=WILDCARDS)
def test_a_wildcard_is_the_requests_own_host(setting: str, host: str, url: str, fits: bool) -> None:
    urls = PublicUrls(public_urls(setting, "public_url"))
    assert [urls.fits(url, head) for head in heads(Request("/hook", [("Host", host)]))] == [fits, fits]


def test_a_wildcard_without_a_host_fits_nothing() -> None:
    scope, environ = scope_of(Request("/hook")), environ_of(Request("/hook"))
    scope["headers"], environ["HTTP_HOST"] = [], None
    for head in (head_of_scope(scope), head_of_environ(environ, reads_chunks=True)):
        assert not PublicUrls(("https://*.shop.example",)).fits("https://a.shop.example/hook", head)


def test_of_several_fixed_hosts_each_counts_whatever_the_host() -> None:
    for head in heads(Request("/hook", [("Host", "b.example")])):
        assert PublicUrls(("https://a.example", "https://b.example")).fits("https://a.example/hook", head)


@pytest.mark.parametrize("hosts", [("a.shop.example", "b.shop.example"), ("b.shop.example", "a.shop.example")])
def test_of_two_hosts_a_wildcard_takes_none(hosts: tuple[str, str]) -> None:
    urls = PublicUrls(("https://*.shop.example",))
    for head in heads(Request("/hook", [("Host", host) for host in hosts])):
        assert not any(urls.fits(f"https://{host}/hook", head) for host in hosts)


def test_the_record_of_a_mismatch_names_the_host_that_was_expected() -> None:
    urls = PublicUrls(("https://*.shop.example",))
    hosts = ("a.shop.example", "evil.example")
    described = [urls.describe(head) for host in hosts for head in heads(Request("/hook", [("Host", host)]))]
    assert described == ["https://a.shop.example/hook"] * 2 + ["https://*.shop.example/hook"] * 2


def test_urls_are_built_on_a_fixed_origin() -> None:
    assert join_public_url(public_urls(f"https://*.shop.example,{API}", "public_url"), "/hook") == API + "/hook"
    with pytest.raises(ConfigurationError, match=r"^QSTASH_PUBLIC_URL has wildcards alone, and no URL can be built"):
        join_public_url(("https://*.shop.example",), "/hook")


class Tunnel:
    def __call__(self) -> str:
        return "https://one.tunnel.example"


class LateTunnel:
    async def __call__(self) -> str:
        return "https://one.tunnel.example"


async def late() -> str:
    return "https://one.tunnel.example"


def test_a_function_may_be_any_object_that_is_called_without_arguments() -> None:
    for function in (Tunnel(), Tunnel().__call__, partial(str, "https://one.tunnel.example"), lambda x=API: [x]):
        origins = origins_of(function, "public_url")
        assert callable(origins)
        assert origins() in (("https://one.tunnel.example",), (API,))


NO_FUNCTIONS = {
    "async": (late, "is an async function; it is asked at each request, so make it a plain one"),
    "an async object": (LateTunnel(), "is an async function"),
    "a part of an async one": (partial(late), "is an async function"),
    "takes an argument": (lambda request: API, "is a function that takes arguments; it is called without any"),
    "a class": (Tunnel, "must be a text, a list of texts or a function, not a class"),
}


@pytest.mark.parametrize(("function", "problem"), NO_FUNCTIONS.values(), ids=NO_FUNCTIONS)
def test_a_function_that_can_tell_no_url_is_refused_before_it_is_asked(function: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^QSTASH_PUBLIC_URL {problem}"):
        origins_of(function, "QSTASH_PUBLIC_URL")


TOLD = {
    "nothing": (lambda: None, "is a function that returned no URL"),
    "an empty text": (lambda: "", "is a function that returned no URL"),
    "an error": (lambda: {}["tunnel"], "is a function that raised KeyError"),
    "a coroutine": (lambda: late(), "must be a text or a list of texts, not coroutine"),
    "a function": (lambda: late, "must be a text or a list of texts, not function"),
    "no URL": (lambda: "one.tunnel.example", "has no scheme"),
}


@pytest.mark.parametrize(("function", "problem"), TOLD.values(), ids=TOLD)
def test_what_a_function_may_not_tell_names_the_setting(function: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^QSTASH_PUBLIC_URL {problem}"):
        cast("Any", origins_of(function, "QSTASH_PUBLIC_URL"))()


@pytest.mark.parametrize("hosts", [[], ["*"], [".example.com"], ["api.example.com", "*"], None, "api.example.com"])
def test_a_list_of_hosts_that_admits_strangers_is_no_list(hosts: object) -> None:
    assert trusted_hosts(hosts) is None


HOSTS = {
    "https": ("https://api.example.com/hook?a=1", True),
    "http on any port": ("http://API.example.com:8000/hook?a=1", True),
    "another host": ("https://evil.example/hook?a=1", False),
    "a host below it": ("https://x.api.example.com/hook?a=1", False),
    "another path": ("https://api.example.com/x/hook?a=1", False),
    "another query": ("https://api.example.com/hook?a=2", False),
    "a user name": ("https://api.example.com@evil.example/hook?a=1", False),
}


@pytest.mark.parametrize(("url", "fits"), HOSTS.values(), ids=HOSTS)
def test_a_frameworks_list_of_hosts_is_compared_exactly(url: str, fits: bool) -> None:
    hosts = trusted_hosts(["api.example.com", "localhost"])
    assert hosts is not None
    assert [hosts.fits(url, head) for head in heads(Request("/hook?a=1"))] == [fits, fits]


def test_the_record_of_a_mismatch_names_every_trusted_host() -> None:
    hosts = trusted_hosts(["b.example", "a.example"])
    assert hosts is not None
    assert [hosts.describe(head) for head in heads(Request("/hook"))] == [
        "https://a.example/hook or https://b.example/hook"
    ] * 2


def test_a_chunked_body_that_the_framework_cannot_read_has_no_known_length() -> None:
    environ = environ_of(Request("/hook", body=b"hi", chunked=True))
    assert not head_of_environ(environ, reads_chunks=False).length_known
    assert head_of_environ(environ, reads_chunks=True).length_known


def test_an_absolute_target_counts_by_its_path() -> None:
    environ = {**environ_of(Request("/hook")), "RAW_URI": "http://evil.example/hook?a=1"}
    assert head_of_environ(environ, reads_chunks=True).target == "/hook?a=1"


def test_without_a_raw_target_the_decoded_path_is_quoted() -> None:
    environ = environ_of(Request("/h%C3%A9/a%20b?z=%C3%A9"))
    del environ["RAW_URI"]
    assert head_of_environ(environ, reads_chunks=True).target == "/h%C3%A9/a%20b?z=%C3%A9"
    scope = {**scope_of(Request("/h%C3%A9/a%20b?z=%C3%A9")), "raw_path": None}
    assert head_of_scope(scope).target == "/h%C3%A9/a%20b?z=%C3%A9"


def test_repeated_signatures_are_one_that_no_key_made() -> None:
    request = Request("/hook", [("Upstash-Signature", "a.b.c"), ("Upstash-Signature", "a.b.c")])
    assert [head.signature for head in heads(request)] == [b"a.b.c,a.b.c", "a.b.c,a.b.c"]


ABSOLUTE = {
    "a query before the slash": ("http://evil.example?admin=1/hook", "/?admin=1/hook"),
    "a fragment before the slash": ("http://evil.example#/hook", "/#/hook"),
    "nothing but the host": ("http://evil.example", "/"),
    "a query only": ("http://evil.example?a=1", "/?a=1"),
}


@pytest.mark.parametrize(("target", "seen"), ABSOLUTE.values(), ids=ABSOLUTE)
def test_an_absolute_target_is_read_as_servers_read_it(target: str, seen: str) -> None:
    environ = {**environ_of(Request("/hook")), "RAW_URI": target}
    assert head_of_environ(environ, reads_chunks=True).target == seen


def told(script_name: str, *headers: tuple[str, str]) -> Any:
    """The head of /note from a server that tells no raw target."""
    environ = {**environ_of(Request("/note?a=1", headers)), "SCRIPT_NAME": script_name}
    del environ["RAW_URI"]
    return head_of_environ(environ, reads_chunks=True)


def test_without_a_raw_target_a_mount_counts() -> None:
    head = told("/n\xc3\xb6te", ("X-Original-Uri", "/n\xc3\xb6te/note"), ("Host", "n\xc3\xb6te"))
    assert (head.target, head.root_path) == ("/n%C3%B6te/note?a=1", "/n%C3%B6te")
    assert PublicUrls((API,)).fits(API + "/n%C3%B6te/note?a=1", head)
    assert PublicUrls((API + "/v1",)).fits(API + "/v1/note?a=1", head)


IN_A_HEADER = {
    "as it stands": ("/v2", "/v2"),
    "with a slash": ("/v2/", "/v2/"),
    "the last of two": ("/v2", "/v1, /v2"),
    "with commas": ("/v2,x", "/v2,x"),
    "a slash alone": ("/", "/"),
    "with a mount behind it": ("/v2/shop", "/v2"),
}


@pytest.mark.parametrize("name", ["X-Forwarded-Prefix", "X-Script-Name"])
@pytest.mark.parametrize(("script_name", "value"), IN_A_HEADER.values(), ids=IN_A_HEADER)
def test_S14_a_mount_that_a_header_may_have_set_fits_nothing_but_a_public_url_with_a_path(
    name: str, script_name: str, value: str
) -> None:
    head = told(script_name, (name, value))
    for path in (f"{script_name}/note?a=1", "/note?a=1", "//note?a=1"):
        assert not PublicUrls((API,)).fits(API + path, head)
    assert "put its path into QSTASH_PUBLIC_URL" in PublicUrls((API,)).describe(head)
    hosts = trusted_hosts(["api.example.com"])
    assert hosts is not None
    assert not hosts.fits(f"{API}{script_name}/note?a=1", head)
    assert PublicUrls((API + "/v2",)).fits(API + "/v2/note?a=1", head)


def test_a_mount_counts_only_where_it_stands_in_the_target() -> None:
    moved = {**environ_of(Request("/admin/note")), "SCRIPT_NAME": "/admin"}
    head = head_of_environ(moved, reads_chunks=True)
    assert head.root_path == ""
    assert not PublicUrls((API + "/api",)).fits(API + "/api/note", head)
    mounted = environ_of(Request("/admin/n%C3%B6te?a=1", root_path="/admin"))
    assert head_of_environ(mounted, reads_chunks=True).root_path == "/admin"
