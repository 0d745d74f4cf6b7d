"""Django's settings: CSRF protection on, and none of the hosts that QStash calls."""

import os

SECRET_KEY = "only for tests"
DEBUG = False
# Without one the development server does not start.
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["qstash_integrations.django"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "tests.servers.apps.project.urls"
USE_TZ = True
FORCE_SCRIPT_NAME = os.environ.get("TESTS_SERVERS_MOUNT")
