"""Which URL a request must be signed for: the configured origin, and the target as it stood on the request line."""

from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from tests.contract.harnesses import BODY, INTERFACES, Harness, Shop, each, on_each_interface
from tests.contract.test_signatures import REJECTED
from tests.signing import ORIGIN, signed

FITTING = {
    "H45 query": "/hook?a=1&b=%20x&a=2",
    "H47 encoded slash": "/a%2Fb",
    "H49 doubly encoded": "/a%252Fb",
    "H50 encoded letters": "/h%C3%A9",
    "H51 no UTF-8": "/%FF",
    "H52 trailing slash": "/hook/",
    "the root": "/",
    "matrix": "/a+b;v=1?q=a+b",
}


@each("target", FITTING, on_all=("H45 query", "H47 encoded slash", "H51 no UTF-8", "the root", "matrix"))
def test_a_target_is_compared_as_it_was_sent(shop: Shop, target: str) -> None:
    assert shop.send(target=target).status == 200
    assert shop.delivery.claims.sub == ORIGIN + target


OTHER: dict[str, tuple[str, str]] = {
    "H46 another value": ("/hook?a=1", "/hook?a=2"),
    "H46 missing": ("/hook", "/hook?a=1"),
    "H46 extra": ("/hook?a=1", "/hook"),
    "H46 a bare question mark": ("/hook", "/hook?"),
    "H48 decoded slash": ("/a%2Fb", "/a/b"),
    "H49 decoded once": ("/a%252Fb", "/a%2Fb"),
    "H50 decoded letters": ("/h%C3%A9", "/hé"),
    "H51 replaced letters": ("/%FF", "/\ufffd"),
    "H52 slash missing": ("/hook/", "/hook"),
    "H52 slash extra": ("/hook", "/hook/"),
    "H53 another case": ("/HOOK", "/hook"),
    "H53 dot segment": ("/./hook", "/hook"),
    "H53 parent": ("/x/../hook", "/hook"),
}


@each("target, signed_for", OTHER, on_all=("H46 another value", "H48 decoded slash", "H52 slash missing"))
def test_another_target_is_turned_away(shop: Shop, target: str, signed_for: str) -> None:
    assert shop.send(target=target, token=signed(BODY, ORIGIN + signed_for)) == REJECTED
    assert shop.calls == []


ODD: dict[str, tuple[str, str]] = {
    "H53 doubled slash": ("//hook", ORIGIN + "/hook"),
    "H54 absolute, for another host": ("http://evil.example/hook", "http://evil.example/hook"),
    "H55 moved authority": ("@evil.example/hook", ORIGIN + "@evil.example/hook"),
    "H55 asterisk": ("*", ORIGIN + "*"),
    "H55 no slash": ("hook", ORIGIN + "hook"),
    "H56 fragment": ("/hook#x", ORIGIN + "/hook"),
}


@each("target, signed_for", ODD, on_all=("H53 doubled slash", "H54 absolute, for another host", "H55 no slash"))
def test_an_odd_target_runs_nothing(shop: Shop, target: str, signed_for: str) -> None:
    answer = shop.send(target=target, token=signed(BODY, signed_for))
    assert shop.calls == []
    # Some servers and routers know no such path, and Flask sends the client to the one without the doubled slash.
    assert answer.status in (400, 401, 404, 308)


FOREIGN: dict[str, dict[str, Any]] = {
    "H57 another host": {"signed_for": "https://evil.example/hook", "host": "evil.example"},
    "H57 the attacker's own, forwarded": {
        "signed_for": "https://evil.example/hook",
        "host": "evil.example",
        "X-Forwarded-Host": "evil.example",
    },
    "another scheme": {"signed_for": "http://api.example.com/hook"},
    "another port": {"signed_for": "https://api.example.com:8443/hook"},
    "a longer host": {"signed_for": "https://api.example.com.evil.example/hook"},
    "a user name": {"signed_for": "https://api.example.com@evil.example/hook"},
    "the spelled-out default port": {"signed_for": "https://api.example.com:443/hook"},
}


@each("request_of", FOREIGN, on_all=("H57 the attacker's own, forwarded", "another scheme"))
def test_another_origin_is_turned_away_whatever_the_host_header_says(shop: Shop, request_of: dict[str, str]) -> None:
    headers = [(name, value) for name, value in request_of.items() if name != "signed_for"]
    assert shop.send(target="/hook", token=signed(BODY, request_of["signed_for"]), headers=headers) == REJECTED
    assert shop.calls == []


ORIGINS: dict[str, tuple[str, str, str, str]] = {
    "H60 IPv6": ("http://[2001:db8::1]:8080", "/hook", "", "http://[2001:db8::1]:8080/hook"),
    "H62 behind TLS": ("https://api.example.com", "/hook", "", "https://api.example.com/hook"),
    "H64 a path prefix": ("https://h.example/api", "/hook", "", "https://h.example/api/hook"),
    "A06 a stripped prefix": ("https://h.example/api", "/hook", "/api", "https://h.example/api/hook"),
    "a prefix for the mount": ("https://h.example/v2", "/api/hook", "/api", "https://h.example/v2/hook"),
    "A05 a mount": ("https://h.example", "/api/hook", "/api", "https://h.example/api/hook"),
    "the second of two": ("https://a.example, https://b.example", "/hook", "", "https://b.example/hook"),
}


@each(
    "public_url, target, root_path, url",
    ORIGINS,
    on_all=("H62 behind TLS", "A06 a stripped prefix", "a prefix for the mount", "A05 a mount"),
)
def test_the_public_url_is_the_origin(
    open_shop: Callable[..., Shop], harness: Harness, public_url: str, target: str, root_path: str, url: str
) -> None:
    shop = open_shop(public_url=public_url)
    if root_path and not harness.mounts:
        url = public_url + target  # all of the target is the app's own
    assert shop.send(target=target, root_path=root_path, token=signed(BODY, url)).status == 200
    assert shop.delivery.claims.sub == url


CUT_OFF = {
    "GCF, a function": ("https://h.example/bill", "/", "https://h.example/bill"),
    "GCF, with a query": ("https://h.example/bill", "/?test=1", "https://h.example/bill?test=1"),
    "GCF, with a slash": ("https://h.example/bill", "/?test=1", "https://h.example/bill/?test=1"),
}


@each("public_url, target, url", CUT_OFF, on_all=("GCF, a function", "GCF, with a query"))
def test_a_public_url_may_end_where_the_whole_path_was_cut_off(
    open_shop: Callable[..., Shop], public_url: str, target: str, url: str
) -> None:
    shop = open_shop(public_url=public_url)
    assert shop.send(target=target, token=signed(BODY, url)).status == 200
    assert shop.send(target="/x" + target[1:], token=signed(BODY, url)) == REJECTED
    (call,) = shop.calls
    assert call.delivery.claims.sub == url


REWRITTEN = {
    "an encoded blank": ("/a%20b?q=a+b&flag", "/a b?flag=&q=a%20b", 200),
    "letters": ("/h%C3%A9?%C3%A9=1", "/h%c3%a9?%c3%a9=1", 200),
    "a slash": ("/a%2Fb", "/a/b", 401),
    "dot segments": ("/x/%2E%2e/hook", "/x/../hook", 401),
    "the values of a name": ("/hook?a=1&a=2", "/hook?a=2&a=1", 401),
}


@each("url, target, status", REWRITTEN, on_all=("letters", "a slash"))
def test_url_match_decoded_forgives_what_hosts_do_to_a_url(
    open_shop: Callable[..., Shop], url: str, target: str, status: int
) -> None:
    shop = open_shop(url_match="decoded")
    for origin, expected in ((ORIGIN, status), ("https://evil.example", 401)):
        assert shop.send(target=target.replace(" ", "%20"), token=signed(BODY, origin + url)).status == expected
    assert len(shop.calls) == (status == 200)
    strict = open_shop(url_match="exact")
    assert strict.send(target=target.replace(" ", "%20"), token=signed(BODY, ORIGIN + url)) == REJECTED


def test_url_match_may_be_set_for_all_and_an_option_comes_first(
    open_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_URL_MATCH", "decoded")
    token = signed(BODY, ORIGIN + "/a%20b?q=a+b")
    assert open_shop(url_match="exact").send(target="/a%20b?q=a%20b", token=token) == REJECTED
    assert open_shop().send(target="/a%20b?q=a%20b", token=token).status == 200


@pytest.mark.sampled("wrong")
@pytest.mark.parametrize("wrong", ["loose", "Exact", "", True, ["decoded"]], ids=repr)
def test_another_url_match_is_refused_by_name(open_shop: Callable[..., Shop], wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r'^url_match must be "exact" or "decoded", not '):
        open_shop(url_match=wrong)


def test_a_wildcard_stands_for_the_requests_own_host(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(public_url="https://*.shop.example")
    token = signed(BODY, "https://a.shop.example/hook")
    for host in ("b.shop.example", "a.shop.example.evil.example", "*.shop.example"):
        assert shop.send(target="/hook", headers=[("Host", host)], token=token) == REJECTED
    assert shop.send(target="/hook", headers=[("Host", "a.shop.example")], token=token).status == 200
    assert shop.delivery.claims.sub == "https://a.shop.example/hook"


@on_each_interface
def test_a_function_tells_the_public_url_of_the_moment(
    open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    urls: list[Any] = []
    shop = open_shop(public_url=lambda: urls[-1])
    for url in ("https://one.tunnel.example", "https://two.tunnel.example"):
        urls.append(url)
        assert shop.send(target="/hook", token=signed(BODY, f"{url}/hook")).status == 200
    assert shop.send(target="/hook", token=signed(BODY, "https://one.tunnel.example/hook")) == REJECTED
    urls.append(None)
    caplog.clear()
    assert shop.send(target="/hook", token=signed(BODY, "https://two.tunnel.example/hook")) == REJECTED
    assert [record.getMessage() for record in caplog.records if record.name == "qstash_integrations"] == [
        "qstash verification failed with 'public_url is a function that returned no URL'; the request was rejected"
    ]


@on_each_interface
def test_H62_the_record_of_a_wrong_url_names_both(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    assert shop.send(target="/hook", token=signed(BODY, "http://127.0.0.1:8000/hook")) == REJECTED
    assert [record.getMessage() for record in caplog.records if record.name == "qstash_integrations"] == [
        "qstash request rejected: reason=url_mismatch method='POST' path='/hook': "
        "signed_url='http://127.0.0.1:8000/hook' expected_url='https://api.example.com/hook'; "
        "if the signed URL is this app's, set QSTASH_PUBLIC_URL to its origin, with the path prefix if any"
    ]


UNDERSTOOD: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "written anew": (
        {},
        "/a%20b?q=a+b",
        ORIGIN + "/a%20b?q=a%20b",
        "the two are the same once decoded, so the host of this app decodes URLs or writes them anew, as API Gateway, "
        'ALB, Azure and Vercel do: set url_match="decoded", or QSTASH_URL_MATCH=decoded',
    ),
    "a slash": (
        {},
        "/a/b",
        ORIGIN + "/a%2Fb",
        "the host of this app decodes %2F, so nothing signed with it can be recognized: publish to a URL without it",
    ),
    "a slash, when decoded": (
        {"url_match": "decoded"},
        "/a/b",
        ORIGIN + "/a%2Fb",
        "the host of this app decodes %2F, so nothing signed with it can be recognized: publish to a URL without it",
    ),
    "a path cut off": (
        {},
        "/?test=1",
        ORIGIN + "/bill?test=1",
        "if something in front of this app cuts '/bill' off, set QSTASH_PUBLIC_URL to 'https://api.example.com/bill'",
    ),
    "a prefix cut off": (
        {},
        "/hook",
        ORIGIN + "/api/v1/hook",
        "if something in front of this app cuts '/api/v1' off, set QSTASH_PUBLIC_URL to 'https://api.example.com/api/v1'",
    ),
    "a prefix that would end a line": (
        {},
        "/hook",
        ORIGIN + "/a\r\n/hook",
        "if something in front of this app cuts '/a\\r\\n' off, set QSTASH_PUBLIC_URL to 'https://api.example.com/a\\r\\n'",
    ),
    "a wildcard": (
        {"public_url": "https://*.example.com"},
        "/hook",
        "https://b.example.com/hook",
        "of a wildcard the request's own Host counts, which is 'api.example.com': have the proxy in front pass it on "
        "as it came",
    ),
}


@each("options, target, url, remedy", UNDERSTOOD, on_all=(), harnesses=INTERFACES)
def test_the_record_of_a_wrong_url_says_what_to_change_where_that_is_known(
    open_shop: Callable[..., Shop],
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    target: str,
    url: str,
    remedy: str,
) -> None:
    shop = open_shop(**options)
    assert shop.send(target=target, token=signed(BODY, url)) == REJECTED
    (record,) = [record.getMessage() for record in caplog.records if record.name == "qstash_integrations"]
    assert record.startswith("qstash request rejected: reason=url_mismatch ")
    assert record.endswith("; " + remedy)


@on_each_interface
def test_the_record_of_a_wrong_url_names_the_servers_mount(
    open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    assert open_shop().send(target="/api/hook", root_path="/api", token=signed(BODY, ORIGIN + "/hook")) == REJECTED
    assert caplog.messages[-1].endswith(
        "; the server mounts this app at '/api', which the signed URL lacks: set QSTASH_PUBLIC_URL to "
        "'https://api.example.com/api'"
    )


@on_each_interface
def test_H63_verify_url_False_accepts_any_url_and_says_so_once(
    open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(verify_url=False)
    for url in ("https://one.example/", "https://two.example/"):
        assert shop.send(token=signed(BODY, url)).status == 200
    assert [record.getMessage() for record in caplog.records if record.name == "qstash_integrations"] == [
        "qstash: verify_url=False: requests that were signed for any other URL of the account are accepted here"
    ]


@on_each_interface
def test_H76_no_control_character_reaches_the_log(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    assert shop.send(target="/hook", token=signed(BODY, "https://evil.example/\r\n\x1b[31mfake")) == REJECTED
    (record,) = [record for record in caplog.records if record.name == "qstash_integrations"]
    assert "signed_url='https://evil.example/\\r\\n\\x1b[31mfake'" in record.getMessage()
