"""Flask, and Django on both kinds of server, as something that serves tasks; their tests are the same."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple
from uuid import uuid4

from flask import Flask

from tests.django.project import asgi_app, configure, urlconf, wsgi_app

configure()

from django.test import override_settings  # noqa: E402 - after Django is configured
from django.urls import include, path  # noqa: E402

import qstash_integrations.flask  # noqa: E402
from qstash_integrations._core.publishing.client import APIRequest  # noqa: E402
from tests.hosts import Answer, Request, Send, asgi_send, wsgi_send  # noqa: E402
from tests.signing import CURRENT, NEXT, ORIGIN, signed  # noqa: E402

TOKEN = "TESTONLY-token-0000000000000000"
URLS = "qstash_integrations.django.urls"
KEYS = {"current_signing_key": CURRENT, "next_signing_key": NEXT}


class Served(NamedTuple):
    """An app that serves tasks."""

    send: Send
    context: Callable[[], AbstractContextManager[Any]]
    """What its own code runs in, outside of requests."""


@contextmanager
def flask(tasks: object, /, catch_all: bool = False, **options: Any) -> Generator[Served]:
    app = Flask("shop")
    app.config["PROPAGATE_EXCEPTIONS"] = options.pop("propagate", False)
    qstash_integrations.flask.QStash(app, **{"tasks": tasks, "token": TOKEN, "public_url": ORIGIN, **KEYS, **options})
    if catch_all:
        app.add_url_rule("/<path:rest>", view_func=lambda rest: "caught", methods=["GET", "POST"])
    yield Served(wsgi_send(app), app.app_context)


@contextmanager
def django_wsgi(tasks: object, /, catch_all: bool = False, **options: Any) -> Generator[Served]:
    with _django(tasks, options, options.pop("propagate", False)):
        yield Served(wsgi_send(wsgi_app(*_patterns(catch_all))), nullcontext)


@contextmanager
def django_asgi(tasks: object, /, catch_all: bool = False, **options: Any) -> Generator[Served]:
    with _django(tasks, options, options.pop("propagate", False)):
        yield Served(asgi_send(asgi_app(*_patterns(catch_all))), nullcontext)


def _patterns(catch_all: bool) -> list[Any]:
    from django.http import HttpResponse

    caught = [path("<path:rest>", lambda request, rest: HttpResponse("caught"))] if catch_all else []
    return [path("qstash/", include(URLS)), *caught]


@contextmanager
def _django(tasks: object, options: dict[str, Any], propagate: bool) -> Generator[None]:
    named = {name.upper(): value for name, value in {"token": TOKEN, "public_url": ORIGIN, **KEYS, **options}.items()}
    with override_settings(
        QSTASH={"TASKS": tasks, **named},
        ROOT_URLCONF=urlconf(path("qstash/", include(URLS))),
        ALLOWED_HOSTS=["*"],
        DEBUG_PROPAGATE_EXCEPTIONS=propagate,
    ):
        yield


Mounted = Callable[..., AbstractContextManager[Served]]
MOUNTS: dict[str, Mounted] = {"flask": flask, "django-wsgi": django_wsgi, "django-asgi": django_asgi}


def call_url(name: str, query: str = "id=0123456789abcdef0123456789abcdef&at=1800000000000&of=3") -> str:
    """The URL of a call, as one may be published."""
    return f"{ORIGIN}/qstash/tasks/{name}?{query}"


def url_of(published: APIRequest) -> str:
    return published.url.partition("/v2/publish/")[2]


def delivered(published: APIRequest, **changes: Any) -> Request:
    """The request that QStash makes of a message."""
    return request(url_of(published), published.body or b"", **changes)


def request(
    url: str,
    body: bytes = b"{}",
    *,
    token: str | None = None,
    signed_url: str | None = None,
    signed_body: bytes | None = None,
    message_id: str = "msg_1",
    method: str = "POST",
    headers: Sequence[tuple[str, str]] = (),
    **claims: Any,
) -> Request:
    """A request to a URL of the app, signed just now for that and its own body unless told otherwise."""
    if token is None:
        now = int(time.time())  # there is no clock among the settings of an app
        of_now = {"iat": now, "exp": now + 300, "jti": f"jwt_{uuid4().hex}"}
        token = signed(body if signed_body is None else signed_body, signed_url or url, **{**of_now, **claims})
    signature = [("Upstash-Signature", token)] if token else []
    sent = [*signature, ("Upstash-Message-Id", message_id), ("Content-Type", "application/json"), *headers]
    return Request(url.removeprefix(ORIGIN), sent, body, method=method)


def answered(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body
