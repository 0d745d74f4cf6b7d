"""``QStash(app)``: puts the publisher on the app, and says early what verification will lack.

Spec: https://flask.palletsprojects.com/en/stable/extensiondev/
"""

from typing import Any, Unpack, cast

from flask import Flask

from .._core.receiving.guard import GuardOptions
from .._core.receiving.options import guard_from_settings
from .._core.settings import Settings
from .conf import NOT_FOR_QUART, OPTIONS, load, options_of
from .order import check_views
from .publisher import Publisher
from .verification import Verification


class QStash:
    """``QStash(app)``, or ``QStash()`` and later ``init_app``, puts a publisher on ``app.qstash``.

    ``options`` are those of ``verify_qstash``, for all verified views of the app. The publisher reads its settings at
    its first use, so that an app that only receives needs no token. Wrong settings for verification raise
    ConfigurationError here when there are any or a view is known to need them, else at such a view's first request.
    """

    def __init__(self, app: Flask | None = None, **options: Unpack[GuardOptions]) -> None:
        if isinstance(app, str) or "token" in options:
            raise TypeError(
                "qstash_integrations.flask.QStash takes the app; the client that takes a token is "
                "qstash_integrations.QStash"
            )
        guard_from_settings(options)
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Put the publisher on ``app``; RuntimeError when it has one already."""
        if not isinstance(app, Flask):
            raise TypeError(f"qstash_integrations.flask.QStash {NOT_FOR_QUART}")
        if "qstash" in app.extensions:
            raise RuntimeError("this app has a publisher already: QStash(app) or init_app was called twice")
        app.extensions[OPTIONS] = self._options
        try:
            _check(app)
        except Exception:
            del app.extensions[OPTIONS]
            raise
        publisher = Publisher.from_settings(lambda: load(app))
        publisher.app = app
        app.extensions["qstash"] = publisher
        cast("Any", app).qstash = publisher


def _check(app: Flask) -> None:
    """ConfigurationError when verification is meant to work in this app and could not."""
    check_views(app)
    if options_of(app) or _intended(load(app)):
        Verification({}).guard(app)
    hooks = [hook for hooks in app.before_request_funcs.values() for hook in hooks]
    for function in (*app.view_functions.values(), *hooks):
        verification = getattr(function, "qstash_verification", None)
        if isinstance(verification, Verification):
            verification.guard(app)


def _intended(settings: Settings) -> bool:
    parts = (*settings.signing_keys, *settings.regional_keys)
    return bool(settings.origins) or any(part is not None for part in parts)
