"""Django behind ProxyFix."""

from werkzeug.middleware.proxy_fix import ProxyFix

from tests.servers.apps.with_django import application as django

application = ProxyFix(django, x_prefix=1)
