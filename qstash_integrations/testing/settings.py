"""The QSTASH_* settings of a test: credentials that win over everything, and a public URL where the app has none.

What the terminal has exported is for the app that runs there, and would make a test pass or fail by who runs it.
"""

import os
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, cast

from .._core.receiving.guards import values_of_app
from .._core.receiving.urls import TrustedHosts, trusted_hosts
from .._core.settings.environment import override_settings, replace_value
from .._core.settings.values import Settings
from ..server import identifiers

PUBLIC_URL = "https://testserver"
_PUBLIC_URL = "QSTASH_PUBLIC_URL"


def qstash_variables() -> dict[str, str]:
    """Those of the environment as it is now, the ones of regions among them."""
    return {name: value for name, value in os.environ.items() if "QSTASH_" in name}


# What an app, a conftest.py or a test sets comes later. The pytest plugin, which is there before them, knows better.
_of_terminal: Mapping[str, str] = qstash_variables()


def terminal_had(variables: Mapping[str, str]) -> None:
    """These were in the environment before anything of the project was imported."""
    global _of_terminal
    _of_terminal = variables


@contextmanager
def for_tests(app: object = None, **settings: str) -> Generator[None]:
    """``settings`` win over arguments, configuration and environment; QSTASH_PUBLIC_URL only stands in.

    Where nothing says under which URL the app is called, it is https://testserver, as in the frameworks' test clients.
    """
    with ExitStack() as stack:
        stack.enter_context(override_settings(**settings))
        stack.enter_context(_environment(dict.fromkeys(_unchanged())))
        if exported := _of_terminal.get(_PUBLIC_URL):
            # Settings modules and objects hand it on.
            stack.enter_context(replace_value(_PUBLIC_URL, exported, PUBLIC_URL))
        public_url, hosts = origins(app)
        if not public_url and (hosts is None or hosts.public_name is None):
            bases = [PUBLIC_URL, *(f"https://{host}" for host in sorted(hosts.hosts if hosts else ()))]
            stack.enter_context(_environment({_PUBLIC_URL: ",".join(dict.fromkeys(bases))}))
        yield


def origins(app: object = None) -> tuple[tuple[str, ...], TrustedHosts | None]:
    """The public URLs of an app, or the hosts that its framework trusts where there are none.

    Without an app those of the Django project, if this process has one.
    """
    settings, hosts = _settings(app)
    return settings.public_url, None if settings.public_url else trusted_hosts(hosts, settings.mount)


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
    values = values_of_app(app)
    return Settings.load() if values is None else values.load(), None


def _unchanged() -> list[str]:
    """The variables that are as the terminal had them."""
    return [name for name, value in _of_terminal.items() if os.environ.get(name) == value]


@contextmanager
def _environment(variables: Mapping[str, str | None]) -> Generator[None]:
    """Set, or with None take out, variables of this process for a while."""
    before = {name: os.environ.get(name) for name in variables}
    _put(variables)
    try:
        yield
    finally:
        _put(before)


def _put(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def credentials() -> dict[str, str]:
    """Settings of a QStash on this machine whose token and keys nobody else has."""
    return {
        "QSTASH_URL": "http://localhost",
        "QSTASH_TOKEN": identifiers.password(),
        "QSTASH_CURRENT_SIGNING_KEY": identifiers.signing_key(),
        "QSTASH_NEXT_SIGNING_KEY": identifiers.signing_key(),
    }
