"""The QSTASH_* settings of a test: credentials that win over everything, and a public URL where the app has none."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from .._core.environment import override_settings
from .._core.receiving.urls import TrustedHosts, trusted_hosts
from .._core.settings import Settings
from ..server import identifiers

PUBLIC_URL = "https://testserver"
_PUBLIC_URL = "QSTASH_PUBLIC_URL"


@contextmanager
def for_tests(app: object = None, **settings: str) -> Generator[None]:
    """``settings`` win over arguments, configuration and environment; QSTASH_PUBLIC_URL only stands in.

    Where nothing says under which URL the app is called, it is https://testserver, as in the frameworks' test clients.
    """
    with override_settings(**settings):
        if any(origins(app)):
            yield
            return
        before = os.environ.get(_PUBLIC_URL)
        os.environ[_PUBLIC_URL] = PUBLIC_URL
        try:
            yield
        finally:
            del os.environ[_PUBLIC_URL]
            if before is not None:
                os.environ[_PUBLIC_URL] = before


def origins(app: object = None) -> tuple[tuple[str, ...], TrustedHosts | None]:
    """The public URLs of an app, or the hosts that its framework trusts where there are none.

    Without an app those of the Django project, if this process has one.
    """
    settings, hosts = _settings(app)
    return settings.public_url, None if settings.public_url else trusted_hosts(hosts)


def is_of(app: object, package: str) -> bool:
    """Whether an object is of a class of this package; does not import it."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(app).__mro__)


def has_django() -> bool:
    """Whether this process runs a Django project."""
    conf = sys.modules.get("django.conf")
    return conf is not None and bool(conf.settings.configured)


def _settings(app: object) -> tuple[Settings, object]:
    if is_of(app, "django") or (app is None and has_django()):
        from ..django.conf import allowed_hosts, load

        return load(), allowed_hosts()
    if is_of(app, "flask"):
        from ..flask.conf import config_of
        from ..flask.conf import load as load_flask

        flask = cast("Any", app)
        return load_flask(flask), config_of(flask).get("TRUSTED_HOSTS")
    return Settings.load(), None


def credentials() -> dict[str, str]:
    """Settings of a QStash on this machine whose token and keys nobody else has."""
    return {
        "QSTASH_URL": "http://localhost",
        "QSTASH_TOKEN": identifiers.password(),
        "QSTASH_CURRENT_SIGNING_KEY": identifiers.signing_key(),
        "QSTASH_NEXT_SIGNING_KEY": identifiers.signing_key(),
    }
