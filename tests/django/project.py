"""The Django project of the tests: settings once per process, and an app per test with URLs of its own.

The handlers look views up in their own URLconf, so that one test's URLs are never another's and nothing global changes.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import anyio
import django
import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.databases import Database


def forget_connections() -> None:
    """Those of this thread: each keeps the settings that it was made with."""
    connections.close_all()
    for made in connections.all(initialized_only=True):
        BaseDatabaseWrapper.close(made)  # SQLite's own leaves one to memory open
        del connections[made.alias]


def use(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """``default``, and ``other`` for the same database."""
    configured = connections.configure_settings({"default": database.django})["default"]
    for alias in ("default", "other"):
        monkeypatch.setitem(connections.settings, alias, configured)
    forget_connections()


def configure() -> None:
    """Configure Django unless somebody has; CSRF protection is on, and no host is trusted."""
    if settings.configured:
        return
    settings.configure(
        SECRET_KEY="only for tests",
        DEBUG=False,
        ALLOWED_HOSTS=[],
        INSTALLED_APPS=[
            "qstash_integrations.django",
            "qstash_integrations.django.tasks",
            "qstash_integrations.django.inbox",
            "qstash_integrations.django.once",
            "qstash_integrations.django.outbox",
        ],
        TASKS={"default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend"}},
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        ROOT_URLCONF=urlconf(),
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        LOGGING_CONFIG=None,
        # Without users, for which it would need more apps. It reads some of these once, at import.
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "UNAUTHENTICATED_USER": None,
        },
        USE_TZ=True,
        # Else it were among the schedules of each project.
        QSTASH_OUTBOX_SCHEDULE=False,
    )
    django.setup()


def urlconf(*patterns: Any) -> ModuleType:
    """What ROOT_URLCONF and ``request.urlconf`` take instead of a module's name."""
    module = ModuleType("urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


def wsgi_app(*patterns: Any) -> WSGIHandler:
    """A Django application for WSGI servers with these URL patterns."""
    configure()
    return _WSGIApp(patterns)


def asgi_app(*patterns: Any) -> ASGIHandler:
    """A Django application for ASGI servers with these URL patterns."""
    configure()
    return _ASGIApp(patterns)


class _WSGIApp(WSGIHandler):
    def __init__(self, patterns: Sequence[Any]) -> None:
        super().__init__()
        self.urls = urlconf(*patterns)

    def resolve_request(self, request: Any) -> Any:
        request.urlconf = self.urls
        return super().resolve_request(request)


class _ASGIApp(ASGIHandler):
    def __init__(self, patterns: Sequence[Any]) -> None:
        super().__init__()
        self.urls = urlconf(*patterns)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent_all = False

        async def receive_until_sent() -> Any:
            # Django waits for the client to leave and then gives up: this client waits for its answer.
            nonlocal sent_all
            if sent_all:
                await anyio.sleep_forever()
            message = await receive()
            sent_all = not message.get("more_body", False)
            return message

        try:
            await super().__call__(scope, receive_until_sent, send)
        finally:
            # Django 5.2 leaves it open where an exception passes.
            if "body_file" in scope:
                scope["body_file"].close()

    def create_request(self, scope: Any, body_file: Any) -> Any:
        scope["body_file"] = body_file
        return super().create_request(scope, body_file)

    def resolve_request(self, request: Any) -> Any:
        request.urlconf = self.urls
        return super().resolve_request(request)
