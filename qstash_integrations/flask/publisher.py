"""The publisher on the app, which knows the app's own URLs, and ``qstash``, the one of the current app.

Spec: https://flask.palletsprojects.com/en/stable/api/#flask.Flask.url_for
"""

from typing import Any, cast

from flask import Flask, current_app, has_app_context, has_request_context, request
from werkzeug.local import LocalProxy

from .._core.origins import add_origin
from .._core.public_urls import has_path, join_public_url
from .._core.publishing.client import QStash as Client
from .._core.receiving.urls import bases_of
from .conf import app_here, config_of, load, mount_here


class Publisher(Client):
    """A ``qstash_integrations.QStash`` that also knows the app's own URLs, by ``url_for``.

    ``QStash(app)`` makes it. A setting that is missing is a ConfigurationError at the first call that needs it.
    """

    app: Flask
    # An async view of Flask has an event loop to itself, and there is no other publisher.
    holds_up_loops = False

    def url_for(self, endpoint: str, /, **values: Any) -> str:
        """The public URL of a route of this app, on the first QSTASH_PUBLIC_URL, or the one public name in
        TRUSTED_HOSTS; never on the request's host.

        Without a path prefix of its own it goes on with APPLICATION_ROOT, or else with the SCRIPT_NAME of the current
        request, as it is verified. A route of one host or subdomain has its URL there. Raises ConfigurationError when
        no public URL is set, or none that goes with the route; werkzeug's BuildError for an unknown endpoint.
        """
        here = has_request_context() and app_here() is self.app
        if endpoint.startswith("."):
            endpoint = f"{request.blueprint}{endpoint}" if here and request.blueprint else endpoint[1:]
        self.app.inject_url_defaults(endpoint, values)
        name = config_of(self.app).get("SERVER_NAME") or "localhost"
        url = self.app.url_map.bind(name).build(endpoint, values, force_external=True, url_scheme="http")
        host, _, path = url.removeprefix("http://").partition("/")
        return public_url(self.app, f"/{path}", None if host == name else host)


def public_url(app: Flask, path: str, host: str | None = None) -> str:
    """The public URL of a path of ``app``, on ``host`` if that is the only one with its route."""
    bases = bases_of(load(app), config_of(app).get("TRUSTED_HOSTS"), "TRUSTED_HOSTS")
    here = has_request_context() and app_here() is app
    mounted_at = mount_here() if here and bases and not has_path(bases[0]) else ""
    return join_public_url(bases, mounted_at + path, host)


def _publisher() -> Publisher:
    publisher: Publisher | None = current_app.extensions.get("qstash")
    if publisher is None:
        raise RuntimeError("this app has no publisher: QStash(app) was not called")
    return publisher


qstash: Publisher = cast("Publisher", LocalProxy(_publisher))
"""The publisher of the current app: ``current_app.qstash`` for type checkers."""


def _running_origin() -> Any:
    """Where tasks are published from in an app context."""
    app = app_here() if has_app_context() else None
    if app is None or "qstash" not in app.extensions:
        return None
    # Asked by the tasks alone, which are there by then.
    from .origin import origin_of

    return origin_of(app)


add_origin(_running_origin, depth=2)
