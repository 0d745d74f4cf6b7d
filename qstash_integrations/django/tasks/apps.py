"""The app for INSTALLED_APPS; it brings the table of the tasks.

Spec: https://docs.djangoproject.com/en/stable/ref/applications/
"""

from django.apps import AppConfig


class QStashTasksConfig(AppConfig):
    name = "qstash_integrations.django.tasks"
    label = "qstash_tasks"

    def ready(self) -> None:
        setattr(self, "verbose_name", "QStash tasks")  # noqa: B010 - to type checkers Django's own has another type
