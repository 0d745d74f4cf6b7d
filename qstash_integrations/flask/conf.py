"""What the adapter knows of an app: its configuration, and the options that its extension was given."""

from collections.abc import Mapping
from types import MethodType
from typing import Any, cast

from flask import Flask, Request, current_app, g, request
from flask.globals import request_ctx
from werkzeug.middleware.proxy_fix import ProxyFix

from .._core.app_options import ForApp, TaskOptions, TasksGiven
from .._core.errors import ConfigurationError
from .._core.public_urls import mount_of
from .._core.receiving.head import DOUBTFUL, head_of_environ
from .._core.settings.given import Given
from .._core.settings.values import Settings

OPTIONS = "qstash_options"
# A proxy looks up what it stands for at each use of an attribute.
_APP, _REQUEST, _GLOBALS, _CONTEXT = cast("tuple[Any, ...]", (current_app, request, g, request_ctx))
NOT_FOR_QUART = "is for Flask; Quart is an ASGI app: use qstash_integrations.asgi.QStashMiddleware"


def app_here() -> Flask:
    """The current app itself, not the proxy for it."""
    app: Flask = _APP._get_current_object()
    return app


def request_here() -> Request:
    """The current request itself, not the proxy for it."""
    here: Request = _REQUEST._get_current_object()
    return here


def globals_here() -> Any:
    """The current ``g`` itself, not the proxy for it."""
    return _GLOBALS._get_current_object()


def context_here() -> object:
    """The current request's context. Threads and inner apps work on the same environ in contexts of their own."""
    return _CONTEXT._get_current_object()


def before_proxy_fix(app: Flask, environ: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request's environ with the SCRIPT_NAME that came, where ``app.wsgi_app = ProxyFix(app.wsgi_app)`` replaced it.

    Only where nothing stands between it and the app: a mount inside it would be taken off as well.
    """
    original = environ.get("werkzeug.proxy_fix.orig")
    if original is None:
        return environ
    outer: Any = app.wsgi_app
    while outer is not None and not isinstance(outer, ProxyFix):
        outer = getattr(outer, "app", None)
    if outer is None or outer.app != MethodType(type(app).wsgi_app, app):
        return environ
    return {**environ, "SCRIPT_NAME": original["SCRIPT_NAME"] or ""}


def mount_here() -> str:
    """The SCRIPT_NAME of the current request as verification sees it, and not as a header may have set it."""
    head = head_of_environ(before_proxy_fix(app_here(), request_here().environ), reads_chunks=True)
    if head.root_path == DOUBTFUL:
        raise ConfigurationError(
            "no URL can be built below a SCRIPT_NAME that a header may have set; put its path into QSTASH_PUBLIC_URL"
        )
    return head.root_path.rstrip("/")


def given_to(app: Flask) -> ForApp:
    """What ``QStash(app, ...)`` was given; nothing in an app that has no extension."""
    return cast("ForApp", app.extensions.get(OPTIONS) or ForApp())


def tasks_given(app: Flask) -> TasksGiven:
    """The tasks that ``app`` serves: those of its extension, or else QSTASH_TASKS and its like."""
    given, config = given_to(app).tasks, config_of(app)
    told = {name: config.get(f"QSTASH_{name.upper()}") for name in TaskOptions.__annotations__}
    values: Any = [told[name] if value is None else value for name, value in zip(told, given, strict=True)]
    return TasksGiven(*values)


def config_of(app: Flask) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", app.config)


def load(app: Flask, *given: Given) -> Settings:
    """The settings as they are now: those given, then the extension's, then ``app.config``, then the environment."""
    settings = Settings.load(config_of(app), *(given or given_to(app).wanted.given))
    settings.mount = mount_of(config_of(app).get("APPLICATION_ROOT"))
    return settings
