"""The project for gunicorn: its database and QStash come with the environment."""

import json
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["qstash_integrations.django", "qstash_integrations.django.tasks"],
    DATABASES={"default": json.loads(os.environ["DATABASE"])},
    TASKS=json.loads(os.environ["TASKS"]),
    ROOT_URLCONF="tests.django_tasks.urls",
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - after Django is configured

from tests.django_tasks.killed import jobs  # noqa: E402, F401 - its tasks are known then

application = get_wsgi_application()
