"""``qstash`` and ``aqstash``: lazy, per settings, and with URLs of the project's own."""

import re
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import NoReverseMatch, include, path, set_script_prefix

from qstash_integrations.django import aqstash, qstash, verify_qstash
from tests.django.project import urlconf
from tests.django.shop import Host, ship
from tests.hosts import Request
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, ORIGIN, signed

PATTERNS = [
    path("hooks/ship", ship, name="ship"),
    path("orders/", include(([path("<name>", ship, name="order")], "shop"))),
]
URLCONF = urlconf(*PATTERNS)
KEYS = {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT}
ANSWER = "https://api.example.com/orders/a%20b%20%C3%A9"
PREFIXED = "https://api.example.com/public/orders/a%20b%20%C3%A9"
MOUNTED = "https://api.example.com/my%20shop/orders/a%20b%20%C3%A9"

URLS: dict[str, tuple[Any, str, str]] = {
    "an origin": (ORIGIN, "/", ANSWER),
    "the first of several": (f"{ORIGIN},https://b.example", "/", ANSWER),
    "a list": ([ORIGIN, "https://b.example"], "/", ANSWER),
    "a mounted project": (ORIGIN, "/my shop/", MOUNTED),
    "a prefix": (f"{ORIGIN}/public", "/", PREFIXED),
    "a prefix and a mounted project": (f"{ORIGIN}/public", "/my shop/", PREFIXED),
}


@pytest.mark.parametrize(("public_url", "mount", "expected"), URLS.values(), ids=URLS)
@pytest.mark.parametrize("publisher", [qstash, aqstash], ids=["qstash", "aqstash"])
def test_url_for_stands_on_the_public_url(publisher: Any, public_url: Any, mount: str, expected: str) -> None:
    set_script_prefix(mount)
    try:
        with override_settings(ROOT_URLCONF=URLCONF, QSTASH={"PUBLIC_URL": public_url}):
            assert publisher.url_for("shop:order", name="a b \u00e9") == expected
    finally:
        set_script_prefix("/")


@override_settings(QSTASH_PUBLIC_URL=ORIGIN, ALLOWED_HOSTS=["*"], USE_X_FORWARDED_HOST=True)
def test_url_for_does_not_stand_on_the_host_of_the_request(host: Host) -> None:
    def order(request: HttpRequest) -> HttpResponse:
        return HttpResponse(qstash.url_for("ship"))

    send = host(*PATTERNS, path("order", order))
    spoofed = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")]
    assert send(Request("/order", spoofed, method="GET")).body == b"https://api.example.com/hooks/ship"
    mounted = Request("/shop/order", spoofed, method="GET", root_path="/shop")
    assert send(mounted).body == b"https://api.example.com/shop/hooks/ship"


@override_settings(ROOT_URLCONF=URLCONF)
def test_url_for_names_what_is_missing() -> None:
    with pytest.raises(ImproperlyConfigured, match="QSTASH_PUBLIC_URL is not set; set it to the origin"):
        qstash.url_for("ship")
    with override_settings(QSTASH_PUBLIC_URL=ORIGIN), pytest.raises(NoReverseMatch):
        qstash.url_for("nothing")


ONE_PUBLIC = {
    "alone": ["api.example.com"],
    "beside this machine": ["api.example.com", "localhost", "127.0.0.1", "[::1]", "web"],
    "in a test": ["api.example.com", "testserver"],
}


@override_settings(ROOT_URLCONF=URLCONF)
@pytest.mark.parametrize("hosts", ONE_PUBLIC.values(), ids=ONE_PUBLIC)
def test_url_for_stands_on_the_one_public_host_that_is_allowed(hosts: list[str], host: Host) -> None:
    """And what is signed for it is let in."""
    set_script_prefix("/")  # what a request to a mounted project has left
    with override_settings(ALLOWED_HOSTS=hosts, QSTASH=KEYS):
        assert qstash.url_for("ship") == "https://api.example.com/hooks/ship"
        signature = ("Upstash-Signature", signed(b"", "https://api.example.com/hooks/ship", exp=2**40))
        assert host(path("hooks/ship", verify_qstash(ship)))(Request("/hooks/ship", [signature])).status == 200


NOT_ONE = {
    "several": (["b.example.com", "a.example.com"], "a.example.com, b.example.com"),
    "none that is public": (["localhost", "10.0.0.7"], "10.0.0.7, localhost"),
    "an address": (["203.0.113.7"], "203.0.113.7"),
}


@override_settings(ROOT_URLCONF=URLCONF)
@pytest.mark.parametrize(("hosts", "listed"), NOT_ONE.values(), ids=NOT_ONE)
def test_url_for_guesses_no_host(hosts: list[str], listed: str) -> None:
    problem = re.escape(f"QSTASH_PUBLIC_URL is not set, and ALLOWED_HOSTS ({listed}) does not tell one public host")
    with override_settings(ALLOWED_HOSTS=hosts), pytest.raises(ImproperlyConfigured, match=problem):
        qstash.url_for("ship")


@override_settings(ROOT_URLCONF=URLCONF, ALLOWED_HOSTS=["testserver"])
def test_url_for_stands_on_the_host_of_djangos_tests() -> None:
    assert qstash.url_for("ship") == "https://testserver/hooks/ship"


MESSAGE: Any = {"url": "https://api.example.com/hooks/ship", "body": {"id": 3}}
FIRST = {"TOKEN": "qstash_first", "URL": "https://first.example"}
SECOND = {"TOKEN": "qstash_second", "URL": "https://second.example"}


def sent_by(request: Any) -> tuple[str, str]:
    """Which QStash got it, and with which token."""
    return request.url.partition("/v2")[0], dict(request.headers)["Authorization"]


@override_settings(QSTASH=FIRST)
def test_D27_the_publisher_follows_the_settings() -> None:
    with outbox() as sent:
        assert qstash.publish_json(url="https://a.example", body={}).message_id == "msg_1"
        with override_settings(QSTASH=SECOND):
            qstash.publish_json(**MESSAGE)
        with override_settings(QSTASH=None, QSTASH_TOKEN="qstash_flat"):
            qstash.publish_json(**MESSAGE)
        qstash.publish_json(**MESSAGE)
    assert [sent_by(request) for request in sent] == [
        ("https://first.example", "Bearer qstash_first"),
        ("https://second.example", "Bearer qstash_second"),
        ("https://qstash.upstash.io", "Bearer qstash_flat"),
        ("https://first.example", "Bearer qstash_first"),
    ]


REGION = {
    **FIRST,
    "REGION": "EU_CENTRAL_1",
    "EU_CENTRAL_1_QSTASH_URL": "https://eu.example",
    "EU_CENTRAL_1_QSTASH_TOKEN": "qstash_eu",
}


@override_settings(QSTASH=REGION)
def test_a_region_is_chosen_in_the_settings_too() -> None:
    with outbox() as sent:
        qstash.publish_json(**MESSAGE)
    assert sent_by(sent[0]) == ("https://eu.example", "Bearer qstash_eu")


@override_settings(QSTASH={**FIRST, "PUBLIC_URL": ORIGIN})
def test_views_of_both_kinds_publish_to_a_view_of_the_project(host: Host) -> None:
    def order(request: HttpRequest) -> HttpResponse:
        return HttpResponse(qstash.publish_json(url=qstash.url_for("ship"), body={"id": 3}).message_id)

    async def order_async(request: HttpRequest) -> HttpResponse:
        return HttpResponse((await aqstash.publish_json(url=aqstash.url_for("ship"), body={"id": 3})).message_id)

    send = host(*PATTERNS, path("order", order), path("order_async", order_async))
    with outbox() as sent:
        for target in ("/order", "/order_async"):
            assert send(Request(target, method="GET")).body == b"msg_1"
    url = "https://first.example/v2/publish/https://api.example.com/hooks/ship"
    assert [(request.url, request.body) for request in sent] == [(url, b'{"id":3}')] * 2


@override_settings(QSTASH={**FIRST, "URL": "http://qstash.example"})
@pytest.mark.anyio
async def test_what_a_publisher_lacks_is_improperly_configured() -> None:
    with pytest.raises(ImproperlyConfigured, match="QSTASH_URL is http:// on another machine"):
        qstash.publish_json(**MESSAGE)
    with pytest.raises(ImproperlyConfigured, match="QSTASH_URL is http:// on another machine"):
        await aqstash.publish_json(**MESSAGE)


WITHOUT_SETTINGS = """
from qstash_integrations.django import qstash, aqstash, verify_qstash
import qstash_integrations.django.apps

@verify_qstash
def plain(request): ...

@verify_qstash(max_body_size=1024)
async def with_options(request): ...

from django.core.exceptions import ImproperlyConfigured
try:
    qstash.publish_json(url="https://example.com", body={})
except ImproperlyConfigured as error:
    print(str(error).partition(".")[0])
"""


def test_D18_D27_nothing_is_read_and_nothing_raises_at_import() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_SETTINGS], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Requested setting QSTASH, but settings are not configured")
