"""``QStash(app)``: puts the publisher on the app, and says early what verification will lack.

Spec: https://flask.palletsprojects.com/en/stable/extensiondev/
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack, cast

from flask import Flask

from .._core.app_options import AppOptions, ForApp
from .._core.publishing.account import no_attribute
from .._core.receiving.options import Wanted
from .._core.settings.from_settings import FromSettings
from .._core.settings.values import Settings
from .commands import add_commands
from .conf import NOT_FOR_QUART, OPTIONS, config_of, given_to, load, tasks_given
from .order import check_views
from .probe import mount_probe
from .publisher import Publisher
from .verification import Verification


class QStash:
    """``QStash(app)``, or ``QStash()`` and later ``init_app``, puts a publisher on ``app.qstash``.

    The publisher reads its settings at its first use, so that an app that only receives needs no token. Wrong settings
    for verification raise ConfigurationError here when there are any or a view is known to need them, else at such a
    view's first request.

    ``options`` are settings that win over ``app.config`` and the environment (``token``, ``base_url``,
    ``current_signing_key``, ``next_signing_key``, ``public_url``, or all of them as one object, ``settings``), how the
    publisher sends (``timeout``, ``retry``, ``http_client``, ``headers``, ``allow_http``; or, in ``app.config``,
    QSTASH_TIMEOUT and so on), those of ``verify_qstash`` for all verified views of the app, and where the doctor's
    probe is (``probe_path``; or QSTASH_PROBE_PATH).
    ``qstash_integrations.options.AppOptions`` has each with its unit and limits.
    """

    def __init__(self, app: Flask | None = None, **options: Unpack[AppOptions]) -> None:
        self._given = ForApp.taken_from(options)
        if isinstance(app, str):
            raise TypeError(
                "qstash_integrations.flask.QStash takes the app; the client that takes a token is "
                "qstash_integrations.QStash"
            )
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, **options: Unpack[AppOptions]) -> None:
        """Put the publisher on ``app``; ``options`` win over those of the extension.

        RuntimeError when the app has a publisher already; ConfigurationError, or TypeError, that names an option or a
        setting that is wrong, or one that is missing for what the app verifies.
        """
        given = self._given.but(ForApp.taken_from(options))
        if not isinstance(app, Flask):
            raise TypeError(f"qstash_integrations.flask.QStash {NOT_FOR_QUART}")
        if "qstash" in app.extensions:
            raise RuntimeError("this app has a publisher already: QStash(app) or init_app was called twice")
        app.extensions[OPTIONS] = given
        try:
            # How it would send: what is wrong there is said now.
            Publisher.from_settings(partial(load, app), given.manner(config_of(app)))
            _check(app)
            _mount_tasks(app)
            mount_probe(app)
        except Exception:
            del app.extensions[OPTIONS]
            raise
        # Asked again when the settings have changed, as in a test that changes ``app.config``.
        publisher = Publisher.from_settings(
            partial(load, app), FromSettings(lambda _: given.manner(config_of(app)), partial(load, app))
        )
        publisher.app = app
        app.extensions["qstash"] = publisher
        cast("Any", app).qstash = publisher
        add_commands(app)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            raise AttributeError(no_attribute("qstash_integrations.flask", name, Publisher))


def _mount_tasks(app: Flask) -> None:
    given = tasks_given(app)
    if given.are_given():
        # Not before there are any: they bring pydantic.
        from .tasks import mount

        mount(app, given)


def _check(app: Flask) -> None:
    """ConfigurationError when verification is meant to work in this app and could not."""
    check_views(app)
    if given_to(app).wanted.options or _intended(load(app)):
        Verification(Wanted()).guard(app)
    hooks = [hook for hooks in app.before_request_funcs.values() for hook in hooks]
    for function in (*app.view_functions.values(), *hooks):
        verification = getattr(function, "qstash_verification", None)
        if isinstance(verification, Verification):
            verification.guard(app)


def _intended(settings: Settings) -> bool:
    parts = (*settings.signing_keys, *settings.regional_keys)
    return bool(settings.origins) or any(part is not None for part in parts)
