"""The app for INSTALLED_APPS; it brings the system checks."""

from django.apps import AppConfig
from django.core.checks import register

from .checks import check_deployment, check_settings


class QStashConfig(AppConfig):
    name = "qstash_integrations.django"
    label = "qstash"

    def ready(self) -> None:
        setattr(self, "verbose_name", "QStash")  # noqa: B010 - to type checkers Django's own has another type
        # A tag of our own: `collectstatic`, run at image builds where there are no keys, runs tagged checks only.
        register(check_settings, "qstash")
        register(check_deployment, "qstash", deploy=True)
