"""Extra ``tasks-backport``: the backend for ``django.tasks`` on a Django that has no tasks of its own, too."""

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["qstash_integrations.django", "qstash_integrations.django.tasks"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TASKS={"default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend"}},
)
django.setup()

from django.core.management import call_command  # noqa: E402 - after Django is configured

from qstash_integrations.django.tasks import QStashBackend  # noqa: E402
from qstash_integrations.django.tasks.api import task_backends  # noqa: E402

call_command("migrate", verbosity=0)
assert isinstance(task_backends["default"], QStashBackend)
