"""Names that other modules know the app by, without importing its models."""

APP = "qstash_integrations.django.inbox"
LABEL = "qstash_inbox"
VENDORS = ("postgresql", "mysql", "sqlite")  # MariaDB is a mysql
