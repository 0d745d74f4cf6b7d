"""The example apps as something that requests can be sent to, with nothing changed but the QSTASH_* environment."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.test import override_settings

from tests.django.project import asgi_app, configure, wsgi_app
from tests.hosts import Send, asgi_send, wsgi_send
from tests.signing import CURRENT, NEXT, ORIGIN

ENVIRONMENT = {
    "QSTASH_URL": "https://qstash.example",
    "QSTASH_TOKEN": "qstash_TESTONLYtoken",
    "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
    "QSTASH_NEXT_SIGNING_KEY": NEXT,
    "QSTASH_PUBLIC_URL": ORIGIN,
}


@contextmanager
def django_settings() -> Generator[None]:
    """The example's settings.py, in a process where Django is configured already."""
    configure()
    module = import_module("example_apps.django_app.settings")
    with override_settings(MIDDLEWARE=[], **{name: value for name, value in vars(module).items() if name.isupper()}):
        yield


@contextmanager
def starlette() -> Generator[Send]:
    yield asgi_send(import_module("example_apps.starlette_app").app)


@contextmanager
def fastapi() -> Generator[Send]:
    yield asgi_send(import_module("example_apps.fastapi_app").app)


@contextmanager
def flask() -> Generator[Send]:
    yield wsgi_send(import_module("example_apps.flask_app").app)


@contextmanager
def django_wsgi() -> Generator[Send]:
    with django_settings():
        yield wsgi_send(wsgi_app(*import_module("example_apps.django_app.urls").urlpatterns))


@contextmanager
def django_asgi() -> Generator[Send]:
    with django_settings():
        yield asgi_send(asgi_app(*import_module("example_apps.django_app.urls").urlpatterns))


EXAMPLES: dict[str, Callable[[], Any]] = {
    "starlette": starlette,
    "fastapi": fastapi,
    "flask": flask,
    "django under WSGI": django_wsgi,
    "django under ASGI": django_asgi,
}
