"""What the adapter knows of an app: its configuration, and the options that its extension was given."""

from collections.abc import Mapping
from typing import Any, cast

from flask import Flask, Request, current_app, request
from flask.globals import request_ctx

from .._core.receiving.guard import GuardOptions
from .._core.settings import Settings

OPTIONS = "qstash_options"
NOT_FOR_QUART = "is for Flask; Quart is an ASGI app: use qstash_integrations.asgi.QStashMiddleware"


def app_here() -> Flask:
    """The current app itself, not the proxy for it."""
    return cast("Flask", cast("Any", current_app)._get_current_object())


def request_here() -> Request:
    """The current request itself, not the proxy for it."""
    return cast("Request", cast("Any", request)._get_current_object())


def context_here() -> object:
    """The current request's context. Threads and inner apps work on the same environ in contexts of their own."""
    return cast("Any", request_ctx)._get_current_object()


def options_of(app: Flask) -> GuardOptions:
    return cast("GuardOptions", app.extensions.get(OPTIONS, {}))


def config_of(app: Flask) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", app.config)


def load(app: Flask) -> Settings:
    """The settings as they are now: the extension's options, then ``app.config``, then the environment."""
    return Settings.load(config_of(app), public_url=options_of(app).get("public_url"))
