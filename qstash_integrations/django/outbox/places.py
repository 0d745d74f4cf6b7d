"""Names that other modules know the app by, without importing its models."""

APP = "qstash_integrations.django.outbox"
LABEL = "qstash_outbox"
VIEW = "outbox-sweep"
NOT_INSTALLED = f"the outbox has no table: put {APP!r} into INSTALLED_APPS, and run manage.py migrate"
