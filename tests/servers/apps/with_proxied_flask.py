"""Flask behind ProxyFix as its manual shows it: a header names the prefix that a proxy has taken off the path."""

from werkzeug.middleware.proxy_fix import ProxyFix

from tests.servers.apps.with_flask import application

application.wsgi_app = ProxyFix(application.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
