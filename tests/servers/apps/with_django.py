"""Django under WSGI: a plain view."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.apps.project.settings"
application = get_wsgi_application()
