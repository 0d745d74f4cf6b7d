"""Which URLs are recognized behind which host, by default and with ``url_match="decoded"``: as the README says."""

import json
from pathlib import Path
from typing import Any

import functions_framework
import functions_framework.aio
import pytest

from tests.contract.harnesses import BODY, HARNESSES, RECEIVER, done
from tests.hosts import Request, asgi_send, wsgi_send
from tests.serverless.bridges import BRIDGES, HOST, Bridge
from tests.serverless.functions import PUBLIC_URL
from tests.signing import signed

pytestmark = pytest.mark.system

URLS = (
    *("/", "/?test=1", "/hook", "/hook/", "/hook?a=1&b=2", "/~user", "/a+b", "/hook?q=a+b", "/hook?q=%C3%A9"),
    *("/a%20b", "/h%C3%A9", "/a%2520b", "/a%3Fb", "/hook?q=a%20b", "/hook?next=/a/b", "/hook?flag"),
    *("/hook?b=1&a=2&b=3", "/a%2Fb"),
)
# What is a 401 by default, and no more with "decoded".
A_QUERY_WRITTEN_ANEW = {"/hook?q=a%20b", "/hook?next=/a/b", "/hook?flag", "/hook?b=1&a=2&b=3"}
DECODED_HELPS = {
    "mangum, REST API": A_QUERY_WRITTEN_ANEW,
    "mangum, ALB": A_QUERY_WRITTEN_ANEW,
    "mangum, a stage": A_QUERY_WRITTEN_ANEW,
    "apig-wsgi, REST API": A_QUERY_WRITTEN_ANEW,
    "apig-wsgi, ALB": {"/hook?flag", "/hook?b=1&a=2&b=3"},
    "serverless-wsgi, REST API": A_QUERY_WRITTEN_ANEW,
    "serverless-wsgi, ALB": A_QUERY_WRITTEN_ANEW,
    "serverless-wsgi, a stage": A_QUERY_WRITTEN_ANEW,
    "Azure Functions, ASGI": {"/a%20b", "/h%C3%A9"},
    "Azure Functions, ASGI as before": {"/a%20b", "/h%C3%A9"},
}
# And what stays one: these hosts decode a slash, and Azure takes letters in a path for two each.
NOTHING_HELPS: dict[str, set[str]] = {
    **{name: {"/a%2Fb"} for name in BRIDGES},
    "Azure Functions, WSGI": {"/a%2Fb", "/h%C3%A9"},
    "werkzeug, a mount": set(),
}
ASGI_APPS, WSGI_APPS = ("starlette", "fastapi", "django-asgi"), ("flask", "django-wsgi")
PAIRS = [(name, app) for name, bridge in BRIDGES.items() for app in (ASGI_APPS if bridge.asgi else WSGI_APPS)]
each_pair = pytest.mark.parametrize(("name", "app"), PAIRS, ids=[" to ".join(pair) for pair in PAIRS])


def send(bridge: Bridge, app: str, url: str, requested: str | None = None, **options: Any) -> int:
    """The status of the answer to a request for ``requested`` that was signed for ``url``."""
    given = {"receiver": RECEIVER, "public_url": bridge.public_url, **options}
    served = HARNESSES[app].build(done, ("body",), given)
    target = bridge.public_url.removeprefix(HOST) + (requested or url)
    signature = signed(BODY, (bridge.public_url + url) if url.startswith("/") else url)
    return bridge.send(served, Request(target, [("Upstash-Signature", signature)], BODY)).status


@each_pair
def test_a_url_is_recognized_as_it_came_or_decoded(name: str, app: str) -> None:
    bridge = BRIDGES[name]
    exact = {url for url in URLS if send(bridge, app, url) != 200}
    decoded = {url for url in URLS if send(bridge, app, url, url_match="decoded") != 200}
    assert decoded == NOTHING_HELPS[name]
    assert exact - decoded == DECODED_HELPS.get(name, set())
    assert decoded <= exact


# Signed for one URL, presented at another.
FORGED = {
    "another path": ("/hook", "/other"),
    "another host": ("https://evil.example/hook", "/hook"),
    "a decoded slash": ("/a%2Fb", "/a/b"),
    "a slash encoded twice": ("/a/b", "/a%252Fb"),
    "dot segments": ("/x/%2e%2e/hook", "/hook"),
    "another value": ("/hook?a=1", "/hook?a=2"),
    "a value more": ("/hook?a=1", "/hook?a=1&a=2"),
    "values in another order": ("/hook?a=1&a=2", "/hook?a=2&a=1"),
    "an encoded separator": ("/hook?a=1%26b=2", "/hook?a=1&b=2"),
    "no query": ("/hook?admin=1", "/hook"),
}


@each_pair
@pytest.mark.parametrize("match", ["exact", "decoded"])
def test_what_was_signed_for_another_url_is_turned_away(name: str, app: str, match: str) -> None:
    for url, requested in FORGED.values():
        assert send(BRIDGES[name], app, url, requested, url_match=match) == 401


MAIN = Path(__file__).with_name("functions.py")
SENDERS = {
    "Flask": lambda: wsgi_send(functions_framework.create_app("bill", str(MAIN), "http")),
    "Starlette": lambda: asgi_send(functions_framework.aio.create_asgi_app("abill", str(MAIN), "http")),
}
FUNCTION_URLS = {"": "/", "?test=1": "/?test=1", "/": "/", "/a%20b?q=+": "/a%20b?q=+"}


@pytest.mark.parametrize("framework", SENDERS)
def test_a_function_of_google_is_called_without_its_name(framework: str) -> None:
    call = SENDERS[framework]()
    for rest, target in FUNCTION_URLS.items():
        url = PUBLIC_URL + rest
        answer = call(Request(target, [("Upstash-Signature", signed(BODY, url))], BODY))
        assert (answer.status, answer.body) == (200, url.encode())
    for url in ("https://region-project.cloudfunctions.net/", PUBLIC_URL + "ing", PUBLIC_URL + "?test=2"):
        answer = call(Request("/?test=1", [("Upstash-Signature", signed(BODY, url))], BODY))
        assert (answer.status, json.loads(answer.body)) == (401, {"error": "invalid signature"})
