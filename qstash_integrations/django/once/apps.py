"""The app for INSTALLED_APPS; it brings the table of the claims.

Spec: https://docs.djangoproject.com/en/stable/ref/applications/
"""

from django.apps import AppConfig

from ...once.django_database import APP

LABEL = "qstash_once"


class QStashOnceConfig(AppConfig):
    name = APP
    label = LABEL

    def ready(self) -> None:
        setattr(self, "verbose_name", "QStash once")  # noqa: B010 - to type checkers Django's own has another type
