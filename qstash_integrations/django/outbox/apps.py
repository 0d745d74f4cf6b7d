"""The app for INSTALLED_APPS; it brings the table of the outbox.

Spec: https://docs.djangoproject.com/en/stable/ref/applications/
"""

from django.apps import AppConfig
from django.core.checks import register

from .checks import check_outbox
from .places import APP, LABEL


class QStashOutboxConfig(AppConfig):
    name = APP
    label = LABEL

    def ready(self) -> None:
        setattr(self, "verbose_name", "QStash outbox")  # noqa: B010 - to type checkers Django's own has another type
        register(check_outbox, "qstash")
