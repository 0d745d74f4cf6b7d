"""The app for INSTALLED_APPS; it brings the system checks."""

from django.apps import AppConfig
from django.core.checks import register

from .checks import check_settings


class QStashConfig(AppConfig):
    name = "qstash_integrations.django"
    label = "qstash"

    def ready(self) -> None:
        # Not on the class: Django's own attribute has a wider type, which type checkers then ask for.
        self.verbose_name = "QStash"
        # A tag of our own: `collectstatic`, run at image builds where there are no keys, runs tagged checks only.
        register(check_settings, "qstash")
