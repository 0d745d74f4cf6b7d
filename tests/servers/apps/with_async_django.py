"""Django under ASGI: an async view."""

import os

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.apps.project.async_settings"
application = get_asgi_application()
