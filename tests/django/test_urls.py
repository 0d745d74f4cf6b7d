"""Which URL a request must have been signed for, whatever Django's own idea of the host and the path is."""

from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from django.urls import include, path, re_path

from qstash_integrations.django import qstash, verify_qstash
from tests.django.project import wsgi_app
from tests.django.shop import HOSTS, OPTIONS, RECEIVER, REJECTED, Host, Shop, on_one_host, request_to, ship, ship_async
from tests.hosts import Request, environ_of
from tests.signing import ORIGIN, signed
from tests.wsgi_server import call, exchange, request_bytes, running

EVIL = "https://evil.example"
verify = verify_qstash(**OPTIONS)
verify_by_hosts = verify_qstash(receiver=RECEIVER)


def name_of_file(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(name)


SPOOFED = (
    ("Host", "evil.example"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "http"),
    ("X-Forwarded-Prefix", "/evil"),
    ("Forwarded", "host=evil.example;proto=http"),
)


@override_settings(
    ALLOWED_HOSTS=["*"],
    USE_X_FORWARDED_HOST=True,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
def test_D19_H57_H61_neither_the_host_nor_a_proxy_header_decides_the_url(host: Host) -> None:
    shop = Shop(host)
    assert shop.send(b"", token=signed(b"", EVIL + "/hooks/ship"), headers=SPOOFED) == REJECTED
    assert shop.send(b"", headers=SPOOFED).status == 200


def test_D17_with_a_public_url_django_is_never_asked_for_the_host(host: Host) -> None:
    assert Shop(host).send(headers=(("Host", "a/b?x="),)).status == 200


@override_settings(ALLOWED_HOSTS=["api.example.com"], MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
def test_D17_a_host_that_django_does_not_allow_is_djangos_own_400(host: Host) -> None:
    shop = Shop(host)
    assert shop.send(headers=(("Host", "evil.example"),)).status == 400
    assert shop.ran == []


@override_settings(ALLOWED_HOSTS=["api.example.com", "[2001:db8::1]"])
def test_allowed_hosts_stand_in_for_the_public_url(host: Host) -> None:
    send = host(path("hooks/ship", verify_by_hosts(ship)))
    for origin in (ORIGIN, "http://api.example.com:8080", "http://[2001:db8::1]:8080"):
        assert send(request_to(token=signed(b"", origin + "/hooks/ship"))).status == 200
    for origin in (
        EVIL,
        "https://api.example.com.evil.example",
        "https://a.api.example.com",
        "https://api.example.com.",
    ):
        assert send(request_to(token=signed(b"", origin + "/hooks/ship"))) == REJECTED


@on_one_host
@pytest.mark.parametrize("hosts", [[], ["*"], [".example.com"], ["api.example.com", "*"]], ids=str)
@pytest.mark.parametrize("view", [ship, ship_async], ids=["sync", "async"])
def test_D18_H63_a_list_of_hosts_that_names_none_is_no_list(host: Host, view: Any, hosts: list[str]) -> None:
    with override_settings(ALLOWED_HOSTS=hosts, DEBUG_PROPAGATE_EXCEPTIONS=True):
        send = host(path("hooks/ship", verify_by_hosts(view)))
        with pytest.raises(ImproperlyConfigured, match="QSTASH_PUBLIC_URL is not set"):
            send(request_to())


def test_verify_url_false_is_the_way_out_and_is_logged_once(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    send = host(path("hooks/ship", verify_qstash(receiver=RECEIVER, verify_url=False)(ship)))
    for _ in range(2):
        assert send(request_to(token=signed(b"", EVIL + "/any"))).status == 200
    assert caplog.text.count("verify_url=False") == 1


ROUTES = {
    "namespaced include": [path("hooks/", include(([path("ship", verify(ship), name="ship")], "shop"), namespace="a"))],
    "re_path": [re_path(r"^hooks/(?P<name>ship)$", verify(name_of_file))],
    "i18n_patterns": i18n_patterns(path("hooks/ship", verify(ship)), prefix_default_language=False),
}


@pytest.mark.parametrize("patterns", ROUTES.values(), ids=ROUTES)
def test_D23_routes_of_every_kind_are_verified(host: Host, patterns: Any) -> None:
    send = host(*patterns)
    assert send(request_to()).status == 200
    assert send(request_to(token="")) == REJECTED


@override_settings(ALLOWED_HOSTS=["api.example.com"], MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
def test_D21_H52_a_redirect_to_the_slash_runs_no_view_and_its_target_is_verified_for_itself(host: Host) -> None:
    send = host(path("hooks/ship/", verify(ship)))
    with override_settings(ROOT_URLCONF=__name__):
        answer = send(request_to())
    assert (answer.status, answer.headers["location"], answer.body) == (301, "/hooks/ship/", b"")
    assert send(request_to("/hooks/ship/", token=signed(b""))) == REJECTED
    assert send(request_to("/hooks/ship/")).status == 200


# CommonMiddleware looks for the route with a slash here.
urlpatterns = [path("hooks/ship/", verify(ship))]


@override_settings(SECURE_SSL_REDIRECT=True, MIDDLEWARE=["django.middleware.security.SecurityMiddleware"])
def test_D22_a_redirect_to_https_comes_before_the_view(host: Host) -> None:
    with override_settings(ALLOWED_HOSTS=["api.example.com"]):
        shop = Shop(host)
        answer = shop.send()
    assert (answer.status, answer.headers["location"]) == (301, ORIGIN + "/hooks/ship")
    assert shop.ran == []


TARGETS = {
    "encoded slash": ("/files/a%2Fb", "/files/a%2Fb", 200),
    "decoded slash": ("/files/a%2Fb", "/files/a/b", 401),
    "encoded percent": ("/files/a%252Fb", "/files/a%2Fb", 401),
    "encoded umlaut": ("/files/h%C3%A9", "/files/h%C3%A9", 200),
    "no UTF-8": ("/files/%FF", "/files/%FF", 200),
    "no UTF-8 as U+FFFD": ("/files/%FF", "/files/%EF%BF%BD", 401),
    "query": ("/files/a?a=1&b=%20x&a=2", "/files/a?a=1&b=%20x&a=2", 200),
    "query in another order": ("/files/a?a=2&b=%20x&a=1", "/files/a?a=1&b=%20x&a=2", 401),
    "double slash": ("/files//a", "/files/a", 401),
    "trailing slash": ("/files/a/", "/files/a", 401),
}


@pytest.mark.parametrize(("target", "signed_for", "status"), TARGETS.values(), ids=TARGETS)
def test_H45_to_H53_the_raw_target_is_what_was_signed(host: Host, target: str, signed_for: str, status: int) -> None:
    send = host(path("files/<path:name>", verify(name_of_file)))
    assert send(request_to(target, token=signed(b"", ORIGIN + signed_for))).status == status


DECODED = {
    "umlaut": ("/files/h%C3%A9", 200),
    "blank and query": ("/files/a%20b?x=%20", 200),
    # Django writes what is no UTF-8 as if it had come encoded twice.
    "no UTF-8": ("/files/%FF", 401),
}


@pytest.mark.parametrize(("target", "status"), DECODED.values(), ids=DECODED)
def test_H51_a_wsgi_server_that_gives_the_decoded_path_only_will_do(target: str, status: int) -> None:
    app = wsgi_app(path("files/<path:name>", verify(name_of_file)))
    environ = environ_of(Request(target, [("Upstash-Signature", signed(b"", ORIGIN + target))]))
    del environ["RAW_URI"]
    assert call(app, environ)[0] == status


def test_H54_the_host_of_an_absolute_target_counts_for_nothing() -> None:
    headers = {"Upstash-Signature": signed(b""), "Content-Length": "0"}
    with running(wsgi_app(path("hooks/ship", verify(ship)))) as port:
        assert exchange(port, request_bytes("http://evil.example/hooks/ship", headers, b"")).status == 200
        headers["Upstash-Signature"] = signed(b"", "http://evil.example/hooks/ship")
        assert exchange(port, request_bytes("http://evil.example/hooks/ship", headers, b"")).status == 401


def test_D20_a_mounted_project_is_verified_with_the_mount_in_its_url(host: Host) -> None:
    send = host(path("hooks/ship", verify(ship)))
    assert send(request_to("/shop/hooks/ship", root_path="/shop")).status == 200
    assert send(request_to("/shop/hooks/ship", root_path="/shop", token=signed(b""))) == REJECTED


@override_settings(FORCE_SCRIPT_NAME="/forced", QSTASH_PUBLIC_URL=ORIGIN)
def test_D20_below_a_forced_script_name_the_url_of_a_view_is_the_one_that_is_verified(host: Host) -> None:
    def tell(request: HttpRequest) -> HttpResponse:
        return HttpResponse(qstash.url_for("ship"))

    send = host(path("hooks/ship", verify_qstash(receiver=RECEIVER)(ship), name="ship"), path("tell", tell))
    assert send(Request("/tell", method="GET")).body == b"https://api.example.com/forced/hooks/ship"
    assert send(request_to(token=signed(b"", ORIGIN + "/forced/hooks/ship"))).status == 200
    for other in ("/hooks/ship", "/forced/forced/hooks/ship"):
        assert send(request_to(token=signed(b"", ORIGIN + other))) == REJECTED


@override_settings(FORCE_SCRIPT_NAME="/forced/", ALLOWED_HOSTS=["api.example.com"])
def test_D20_allowed_hosts_go_on_with_the_forced_script_name_as_well(host: Host) -> None:
    send = host(path("hooks/ship", verify_by_hosts(ship), name="ship"))
    assert send(request_to(token=signed(b"", ORIGIN + "/forced/hooks/ship"))).status == 200
    assert send(request_to(token=signed(b"", ORIGIN + "/hooks/ship"))) == REJECTED


@override_settings(FORCE_SCRIPT_NAME="/forced")
def test_D20_under_asgi_a_proxy_may_leave_the_forced_script_name_in_the_path() -> None:
    send = HOSTS["asgi"](path("hooks/ship", verify(ship)))
    token = signed(b"", ORIGIN + "/forced/hooks/ship")
    assert send(request_to("/forced/hooks/ship", token=token)).status == 200
    assert send(request_to("/forced/hooks/ship", token=signed(b"", ORIGIN + "/hooks/ship"))) == REJECTED


@override_settings(FORCE_SCRIPT_NAME="/forced")
def test_D20_a_forced_script_name_counts_where_the_server_tells_the_decoded_path_alone() -> None:
    app = wsgi_app(path("hooks/ship", verify(ship)))
    for url, status in ((ORIGIN + "/forced/hooks/ship", 200), (ORIGIN + "/hooks/ship", 401)):
        environ = environ_of(Request("/hooks/ship", [("Upstash-Signature", signed(b"", url))]))
        del environ["RAW_URI"]
        assert call(app, environ)[0] == status


def test_D20_a_forced_script_name_counts_once_it_is_set(host: Host) -> None:
    send = host(path("hooks/ship", verify(ship)))
    token = signed(b"", ORIGIN + "/forced/hooks/ship")
    assert send(request_to(token=token)) == REJECTED
    with override_settings(FORCE_SCRIPT_NAME="/forced"):
        assert send(request_to(token=token)).status == 200


def test_D20_a_prefix_in_the_public_url_replaces_the_mount(host: Host) -> None:
    options: Any = {**OPTIONS, "public_url": ORIGIN + "/public"}
    send = host(path("hooks/ship", verify_qstash(**options)(ship)))
    token = signed(b"", ORIGIN + "/public/hooks/ship")
    assert send(request_to("/shop/hooks/ship", root_path="/shop", token=token)).status == 200


@override_settings(FORCE_SCRIPT_NAME="/admin")
def test_D20_a_forced_script_name_does_not_move_a_signature() -> None:
    options: Any = {**OPTIONS, "public_url": ORIGIN + "/public"}
    send = HOSTS["wsgi"](path("admin/note", verify_qstash(**options)(ship)))
    assert send(request_to("/admin/note", token=signed(b"", ORIGIN + "/public/note"))) == REJECTED
    assert send(request_to("/admin/note", token=signed(b"", ORIGIN + "/public/admin/note"))).status == 200


@pytest.mark.parametrize("target", ["/hooks/ship", "/hooks/ship?a=1&b=%20x", "/a%20b/h%C3%A9"])
def test_D24_requests_of_the_request_factory_are_verified(target: str) -> None:
    view = verify(ship)
    token = signed(b"hi", ORIGIN + target)
    request = RequestFactory().post(target, b"hi", "text/plain", headers={"Upstash-Signature": token})
    assert view(request).content == (ORIGIN + target).encode()
    unsigned = RequestFactory().post(target, b"hi", "text/plain")
    assert view(unsigned).status_code == 401


@pytest.mark.parametrize("target", ["/hooks/ship", "/hooks/ship?a=1&b=%20x", "/a%20b"])
@pytest.mark.anyio
async def test_D24_requests_of_the_async_request_factory_are_verified(target: str) -> None:
    view = verify(ship_async)
    token = signed(b"hi", ORIGIN + target)
    request: Any = AsyncRequestFactory().post(target, b"hi", "text/plain", headers={"Upstash-Signature": token})
    assert (await view(request)).content == (ORIGIN + target).encode()
    unsigned: Any = AsyncRequestFactory().post(target, b"hi", "text/plain")
    assert (await view(unsigned)).status_code == 401


def test_requests_to_unknown_paths_are_djangos_own_404() -> None:
    for host in HOSTS.values():
        assert host(path("hooks/ship", verify(ship)))(request_to("/nowhere", token="")).status == 404
